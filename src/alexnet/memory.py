"""Memory that stays: what a run tells the allocator, once, when it starts.

A training step asks for and returns gigabytes. Left alone, the C library hands large blocks back to the
kernel after every step, and the next step pays for having each page mapped and cleared again: on a virtual
machine more than the arithmetic of some layers costs. So a run keeps what it has been given, in pages of
2 MB. Nothing here happens at import, and nothing can be undone: it is for a process of our own.
"""

import ctypes
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import torch

TRIM_THRESHOLD: Final = -1  # mallopt's names for its settings, from malloc.h
TOP_PAD: Final = -2
MMAP_MAX: Final = -4
HUGE_PAGES: Final = "THP_MEM_ALLOC_ENABLE"  # read by torch at its first allocation, and never again


@final
@dataclass(frozen=True)
class Memory:
    """What became of the requests."""

    kept: bool
    """The C library keeps freed memory for the next step."""
    huge_pages: bool
    """torch's large tensors lie in pages of 2 MB."""
    reason: str
    """Why one of them is not so; empty where both are."""

    def __str__(self) -> str:
        kept = "kept between steps" if self.kept else "returned after each step"
        pages = "pages of 2 MB" if self.huge_pages else "small pages"
        return f"memory {kept}, {pages}" + (f" ({self.reason})" if self.reason else "")


def exhausted(error: BaseException) -> bool:
    """Say whether an error means that there is no memory left, on the machine or on a device.

    Args:
        error: of Python, of torch, or of a library that torch calls: by its type, or by what it says.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return any(sign in text for sign in ("out of memory", "can't allocate memory", "bad_alloc"))


def tune_allocator() -> Memory:
    """Tell the allocator to keep memory and to use huge pages, and return what came of it.

    Call it before the first tensor of the process is made.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return Memory(False, False, "only glibc on Linux is known to need and to take these settings")
    os.environ.setdefault(HUGE_PAGES, "1")
    library = ctypes.CDLL(None)
    kept = all(
        library.mallopt(setting, value) == 1
        for setting, value in ((TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, 2**26), (MMAP_MAX, 0))
    )
    huge = _in_huge_pages(torch.zeros(2**22))
    reason = "" if kept else "mallopt refused"
    if not huge:
        reason = "the kernel offers none, or torch had made tensors before"
    return Memory(kept, huge, reason)


def _in_huge_pages(tensor: torch.Tensor) -> bool:
    """Say whether the kernel was asked for huge pages where this tensor lies, and may give them."""
    enabled = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not enabled.exists() or "[never]" in enabled.read_text():
        return False
    if "[always]" in enabled.read_text():
        return True
    address, inside = tensor.data_ptr() + tensor.nbytes // 2, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, *rest = line.split()
        if first == "VmFlags:" and inside:
            return "hg" in rest
        if "-" in first and not first.endswith(":"):
            start, end = (int(part, 16) for part in first.split("-"))
            inside = start <= address < end
    return False
