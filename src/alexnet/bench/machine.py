"""What was measured on: processor, memory, threads, versions."""

import functools
import importlib.metadata
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch

from alexnet.cpu import cores, has_bfloat16, memory_bytes, processor
from alexnet.kernels import library
from alexnet.version import VERSION

PEERS: Final[Mapping[str, tuple[str, ...]]] = {
    "onnxruntime": ("onnxruntime", "onnx"),
    "openvino": ("openvino", "onnx"),
    "jax": ("jax", "jaxlib"),
    "keras": ("keras", "tensorflow"),
}
"""Other programs, and the packages that each needs, as they are imported."""


def present(peer: str) -> bool:
    """Whether a peer can be measured here; what is no peer can.

    `compile` needs a C++ compiler, and `-bfloat16` a processor that multiplies such numbers by itself.
    """
    peer, _, precision = peer.partition("-")
    if precision == "bfloat16" and not has_bfloat16():
        return False
    if peer == "compile":
        return compiles()
    return all(installed(package) for package in PEERS.get(peer, ()))


def installed(package: str) -> str | None:
    """Return the version of an installed package by the name it is imported with, or None."""
    distributions = _distributions().get(package)
    return importlib.metadata.version(distributions[0]) if distributions else None


_distributions = functools.cache(importlib.metadata.packages_distributions)  # tensorflow is of tensorflow-cpu


def compiles() -> bool:
    """Whether torch.compile finds what it needs for the processor: a C++ compiler and Python's headers."""
    compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return shutil.which(compiler) is not None and headers.exists()


def machine() -> dict[str, str | int | None]:
    """Return what a figure depends on, for people and for JSON."""
    found: dict[str, str | int | None] = {
        "processor": processor(),
        "vector instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "memory_gib": round((memory_bytes() or 0) / 2**30),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "alexnet": VERSION,
        "kernels": library.absence() or "compiled",
    }
    packages = dict.fromkeys(package for needed in PEERS.values() for package in needed)
    return found | {package: version for package in packages if (version := installed(package))}
