"""The compiled library: found at first use, or absent with a reason."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

LANES: Final = 8
"""Channels that the kernels take side by side: LANES of lanes.h."""

_plain = False


def library() -> ctypes.CDLL:
    """Return the compiled kernels; only after `usable` has said that they are there."""
    found = _load()
    assert isinstance(found, ctypes.CDLL)
    return found


def absence() -> str | None:
    """Return why the compiled kernels are not used, in one line, or None where they are."""
    if _plain:
        return "switched off in this process"
    found = _load()
    return found if isinstance(found, str) else None


def usable(*tensors: Tensor) -> bool:
    """Say whether the kernels can be given these tensors: float32 in the processor's memory, nothing traced.

    A network that is being exported or compiled must show its plain operations.
    """
    return (
        all(tensor.device.type == "cpu" and tensor.dtype == torch.float32 for tensor in tensors)
        and not torch.compiler.is_compiling()
        and torch._C._get_tracing_state() is None
        and not any(type(tensor) not in (Tensor, torch.nn.Parameter) for tensor in tensors)
        and absence() is None
    )


@contextmanager
def plain() -> Iterator[None]:
    """Do everything with plain PyTorch within this block: for comparison."""
    global _plain
    before, _plain = _plain, True
    try:
        yield
    finally:
        _plain = before


def pointer(tensor: Tensor | None) -> ctypes.c_void_p:
    """Return a tensor's address for the library; None is a null pointer."""
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def empty(*shape: int, channels_last: bool = False) -> Tensor:
    """Make a float32 tensor in the processor's memory, values not set, whatever torch's defaults are."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty(shape, dtype=torch.float32, device="cpu", memory_format=layout)


@cache
def _load() -> ctypes.CDLL | str:
    """Load the library beside this file, or return why not.

    It names no OpenMP library of its own: its threads come from the one that torch has loaded, so that both
    share one team, and `torch.set_num_threads` counts for both.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return f"the kernels are written for x86-64 processors, this one is {platform.machine()}"
    if torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"):
        return "the processor has no AVX2"
    paths = sorted(Path(__file__).parent.glob("_compiled*"))
    if not paths:
        return "they were not built: install a C compiler (gcc or clang), then reinstall alexnet"
    try:
        found = ctypes.CDLL(str(paths[0]))
    except OSError as error:
        return f"they do not load: {error}"
    found.alexnet_winograd_scratch.restype = ctypes.c_size_t
    return found
