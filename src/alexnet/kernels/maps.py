"""Mean pooling, and normalisation by what is near by in the same map, forward and backward.

Shapes: N images, C channels, H rows, W columns, p windows along a side.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from alexnet.kernels.compiled import check_memory
from alexnet.kernels.library import (
    LANES,
    LARGEST,
    empty,
    library,
    plain_gradient_needed,
    plain_gradients,
    pointer,
    usable,
)


@final
@dataclass(frozen=True)
class Windows:
    """Windows over the rows and columns of a map, the last ones clipped to it."""

    size: int
    stride: int
    down: int
    across: int
    """How many there are in a column and in a row."""


def supports(x: Tensor) -> bool:
    """Say whether the functions below can take these maps; otherwise plain PyTorch does it."""
    return usable(x) and x.dim() == 4 and min(x.shape) > 0 and x.numel() < LARGEST and x.shape[1] % LANES == 0


def mean_pool(x: Tensor, windows: Windows, plain: Callable[[Tensor], Tensor]) -> Tensor:
    """Average the pixels of each window that are in the map, with gradients; for what `supports`.

    Args:
        x: float32, (N, C, H, W).
        windows: from the first pixel on, each with at least one pixel in the map.
        plain: does the same with plain PyTorch, for gradients that are to be differentiated again.
    Returns:
        float32, (N, C, windows.down, windows.across), channels last in memory.
    """
    result: Tensor = _MeanPool.apply(x, windows, plain)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result


def map_norm(
    x: Tensor, *, size: int, scale: float, power: float, plain: Callable[[Tensor], Tensor]
) -> Tensor:
    """Compute x (1 + scale * sum of squares over size x size)^-power, with gradients; for what `supports`.

    Args:
        x: float32, (N, C, H, W).
        size: of the window, which starts size // 2 before the pixel and is clipped to the map.
        plain: does the same with plain PyTorch, for gradients that are to be differentiated again.
    Returns:
        float32, (N, C, H, W), channels last in memory.
    """
    result: Tensor = _MapNorm.apply(x, size, scale, power, plain)  # type: ignore[no-untyped-call]  # torch's own
    return result


class _Structure(ctypes.Structure):
    """The C structure `Maps` of maps.c."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("images", "height", "width", "channels", "size", "stride")),
        *((name, ctypes.c_int) for name in ("across", "down", "threads")),
        *((name, ctypes.c_float) for name in ("scale", "power")),
    )


def _structure(x: Tensor, windows: Windows, scale: float = 0.0, power: float = 0.0) -> Any:
    images, channels, height, width = x.shape
    return ctypes.byref(
        _Structure(
            *(images, height, width, channels, windows.size, windows.stride),
            *(windows.across, windows.down, torch.get_num_threads(), scale, power),
        )
    )


class _MeanPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, windows: Windows, plain: Callable[[Tensor], Tensor]) -> Tensor:
        given, x = x, x.contiguous(memory_format=torch.channels_last)
        output = empty(*x.shape[:2], windows.down, windows.across, channels_last=True)
        library().alexnet_mean_pool(_structure(x, windows), pointer(x), pointer(output))
        ctx.save_for_backward(given)
        ctx.windows, ctx.plain = windows, plain
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (given,) = ctx.saved_tensors
        if plain_gradient_needed(gradient):
            return *plain_gradients(ctx.plain, [given], gradient, [True]), None, None
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        result = empty(*given.shape, channels_last=True)
        library().alexnet_mean_pool_backward(
            _structure(result, ctx.windows), pointer(gradient), pointer(result)
        )
        return result, None, None


class _MapNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, size: int, scale: float, power: float, plain: Callable[[Tensor], Tensor]
    ) -> Tensor:
        given, x = x, x.contiguous(memory_format=torch.channels_last)
        output = torch.empty_like(x)
        ctx.setting, ctx.plain = (Windows(size, 1, *x.shape[2:]), scale, power), plain
        library().alexnet_map_norm(_structure(x, *ctx.setting), pointer(x), pointer(output))
        ctx.save_for_backward(x, given)
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, given = ctx.saved_tensors
        if plain_gradient_needed(gradient):
            return *plain_gradients(ctx.plain, [given], gradient, [True]), None, None, None, None
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        result = torch.empty_like(x)
        check_memory(
            library().alexnet_map_norm_backward(
                _structure(x, *ctx.setting), pointer(x), pointer(gradient), pointer(result)
            )
        )
        return result, None, None, None, None
