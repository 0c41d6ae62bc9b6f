"""What was measured on: processor, memory, threads, versions."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Final

import torch

from alexnet import __version__
from alexnet.kernels import library

PEERS: Final = ("onnxruntime", "openvino")


def installed(package: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


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
    return found | {peer: version for peer in PEERS if (version := installed(peer))}


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
