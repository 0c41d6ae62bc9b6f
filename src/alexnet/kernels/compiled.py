"""The compiled files: found beside this one and loaded, or absent with a reason. Nothing here imports torch."""

import ctypes
import platform
from functools import cache
from pathlib import Path
from typing import Final

from alexnet import cpu

INTERFACE: Final = 2
"""What the C functions are called with; interface.h says the same, so that files of another version are noticed."""


@cache
def compiled(name: str) -> ctypes.CDLL | str:
    """Load `_compiled`, `_pixels` or `_hamming`, or return in one line why it is not there."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return f"the kernels are written for x86-64 processors, this one is {platform.machine()}"
    if not cpu.has_avx2():
        return "the processor has no AVX2"
    paths = sorted(Path(__file__).parent.glob(f"{name}.*"))
    if not paths:
        return "they were not built: install a C compiler (gcc or clang), then reinstall alexnet"
    try:
        found = ctypes.CDLL(str(paths[0]))
        interface = ctypes.c_int.in_dll(found, "alexnet_interface").value
    except (OSError, ValueError) as error:  # ValueError: no such name in it
        return f"they do not load: {error}; reinstall alexnet"
    return found if interface == INTERFACE else "they are of another version: reinstall alexnet"


def check_memory(status: int) -> None:
    """Raise MemoryError where a C function says that it found no memory for what it needs beside the result."""
    if status:
        raise MemoryError("a compiled kernel found no memory: take a smaller batch")
