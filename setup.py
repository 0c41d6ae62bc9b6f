"""Build the compiled kernels; everything else about the package is in pyproject.toml.

They are plain C without Python's headers. Without a compiler the package installs and works, slower, and
`alexnet doctor` says so. OpenMP is compiled in but not linked: its functions are found in torch's own copy.
"""

import platform

from setuptools import Extension, setup

X86 = platform.machine().lower() in ("x86_64", "amd64") and platform.system() != "Windows"
ROOM = "src/alexnet/kernels"

kernels = Extension(
    "alexnet.kernels._compiled",
    sources=[
        f"{ROOM}/{name}.c"
        for name in ("winograd", "winograd_kernels", "folding", "response", "maps", "update", "connected")
    ],
    depends=[f"{ROOM}/{name}.h" for name in ("interface", "lanes", "powers", "product", "transforms")],
    extra_compile_args=[
        "-O3",
        "-mavx2",
        "-mfma",
        "-mf16c",
        "-fopenmp",
        "-fno-math-errno",
        "-fno-trapping-math",
    ],
    optional=True,
)

pixels = Extension(
    "alexnet.kernels._pixels",
    sources=[f"{ROOM}/pixels.c"],
    depends=[f"{ROOM}/interface.h"],
    extra_compile_args=["-O3", "-mavx2", "-ffp-contract=off"],  # the weights are Pillow's to the last bit
    optional=True,
)

hamming = Extension(
    "alexnet.kernels._hamming",
    sources=[f"{ROOM}/hamming.c"],
    depends=[f"{ROOM}/interface.h"],
    extra_compile_args=["-O3", "-mavx2", "-mpopcnt"],
    optional=True,
)

halves = Extension(
    "alexnet.kernels._halves",
    sources=[f"{ROOM}/halves.c"],
    depends=[f"{ROOM}/{name}.h" for name in ("interface", "lanes")],
    extra_compile_args=["-O3", "-mavx2", "-mfma", "-mf16c", "-fopenmp", "-fno-math-errno"],
    optional=True,
)

setup(ext_modules=[kernels, pixels, halves, hamming] if X86 else [])
