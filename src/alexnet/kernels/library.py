"""The compiled library: found at first use, or absent with a reason."""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Final

import torch
from torch import Tensor
from torch.overrides import _get_current_function_mode_stack
from torch.utils._device import DeviceContext

from alexnet.kernels.compiled import compiled

LANES: Final = 8
"""Channels that the kernels take side by side: LANES of lanes.h."""

LARGEST: Final = 2**31
"""Numbers of a tensor, below which the kernels' counters are known to suffice."""

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

    A network that is being exported, compiled, counted or transformed must show its plain operations.
    """
    return not _watched() and all(map(_readable, tensors)) and absence() is None


def _readable(tensor: Tensor) -> bool:
    """Say whether a tensor's memory holds its numbers, as float32."""
    return (
        type(tensor) in (Tensor, torch.nn.Parameter)
        and tensor.device.type == "cpu"
        and tensor.dtype == torch.float32
        and tensor.layout is torch.strided
        and not tensor.is_neg()
        and not torch._C._functorch.is_legacy_batchedtensor(tensor)  # gradients, many at a time
    )


def _watched() -> bool:
    """Say whether something wants to see, or to replace, each operation of PyTorch.

    That is torch.compile, a trace, a dispatch or function mode (make_fx, FlopCounterMode; a default device is
    one too, and wants nothing of us), a transform of torch.func, or forward-mode differentiation.
    """
    return (
        torch.compiler.is_compiling()
        or torch._C._get_tracing_state() is not None
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch.autograd.forward_ad._current_level >= 0
        or any(not isinstance(mode, DeviceContext) for mode in _get_current_function_mode_stack())
    )


def plain_gradient_needed(gradient: Tensor) -> bool:
    """Say whether a backward pass must be made of plain operations: its result is to be differentiated again."""
    return torch.is_grad_enabled() or not usable(gradient)


def plain_gradients(
    function: Callable[..., Tensor], inputs: Sequence[Tensor], gradient: Tensor, needed: Sequence[bool]
) -> tuple[Tensor | None, ...]:
    """Carry a gradient back through a function of plain PyTorch, so that it can be differentiated again.

    Args:
        function: gives one tensor of the inputs.
        inputs: as they were given, with their history.
        gradient: of what the function gives.
        needed: for each input whether its gradient is.
    Returns:
        for each input its gradient, or None.
    """
    again = torch.is_grad_enabled()
    with plain(), torch.enable_grad():
        wanted = [x for x, need in zip(inputs, needed, strict=True) if need]
        found = iter(torch.autograd.grad(function(*inputs), wanted, gradient, create_graph=again))
    return tuple(next(found) if need else None for need in needed)


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
    """Load the kernels for tensors, or return why not.

    The file names no OpenMP library of its own: its threads come from the one that torch has loaded, so that
    both share one team, and `torch.set_num_threads` counts for both.
    """
    if torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"):
        return "torch is told to do without AVX2"
    found = compiled("_compiled")
    if isinstance(found, ctypes.CDLL):
        found.alexnet_winograd_scratch.restype = ctypes.c_size_t
    return found
