"""Mean pooling, and normalisation by what is near by in the same map, forward and backward.

Shapes: N images, C channels, H rows, W columns, p windows along a side.
"""

import ctypes
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from alexnet.kernels.library import LANES, empty, library, pointer, usable


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
    return x.dim() == 4 and min(x.shape) > 0 and x.shape[1] % LANES == 0 and usable(x)


def mean_pool(x: Tensor, windows: Windows) -> Tensor:
    """Average the pixels of each window that are in the map, with gradients; for what `supports`.

    Args:
        x: float32, (N, C, H, W).
        windows: from the first pixel on, each with at least one pixel in the map.
    Returns:
        float32, (N, C, windows.down, windows.across), channels last in memory.
    """
    result: Tensor = _MeanPool.apply(x, windows)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result


def map_norm(x: Tensor, *, size: int, scale: float, power: float) -> Tensor:
    """Compute x (1 + scale * sum of squares over size x size)^-power, with gradients; for what `supports`.

    Args:
        x: float32, (N, C, H, W).
        size: of the window, which starts size // 2 before the pixel and is clipped to the map.
    Returns:
        float32, (N, C, H, W), channels last in memory.
    """
    result: Tensor = _MapNorm.apply(x, size, scale, power)  # type: ignore[no-untyped-call]  # torch's own
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
    def forward(ctx: Any, x: Tensor, windows: Windows) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        output = empty(*x.shape[:2], windows.down, windows.across, channels_last=True)
        library().alexnet_mean_pool(_structure(x, windows), pointer(x), pointer(output))
        ctx.shape, ctx.windows = x.shape, windows
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        result = empty(*ctx.shape, channels_last=True)
        library().alexnet_mean_pool_backward(
            _structure(result, ctx.windows), pointer(gradient), pointer(result)
        )
        return result, None


class _MapNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int, scale: float, power: float) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        output = torch.empty_like(x)
        ctx.setting = (Windows(size, 1, *x.shape[2:]), scale, power)
        library().alexnet_map_norm(_structure(x, *ctx.setting), pointer(x), pointer(output))
        ctx.save_for_backward(x)
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        result = torch.empty_like(x)
        library().alexnet_map_norm_backward(
            _structure(x, *ctx.setting), pointer(x), pointer(gradient), pointer(result)
        )
        return result, None, None, None
