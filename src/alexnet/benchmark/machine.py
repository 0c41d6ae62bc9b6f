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

from alexnet import __version__
from alexnet.kernels import library

PEERS: Final[Mapping[str, tuple[str, ...]]] = {
    "onnxruntime": ("onnxruntime", "onnx"),
    "openvino": ("openvino", "onnx"),
    "jax": ("jax", "jaxlib"),
    "keras": ("keras", "tensorflow"),
}
"""Other programs, and the packages that each needs, as they are imported."""


def present(peer: str) -> bool:
    """Whether a peer can be measured here; what is no peer can, and `compile` needs a C++ compiler."""
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
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gib": memory_gib(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "alexnet": __version__,
        "kernels": library.absence() or "compiled",
    }
    packages = dict.fromkeys(package for needed in PEERS.values() for package in needed)
    return found | {package: version for package in packages if (version := installed(package))}


def processor() -> str:
    """Return the processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_gib() -> int | None:
    """Return the machine's memory in GiB, rounded; None where the system does not say."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (ValueError, OSError, AttributeError):
        return None
