"""Folding: blocks of stride x stride pixels become channels, and a convolution with a stride becomes one without.

The 11 x 11 kernels of conv1, stride 4, become 3 x 3 kernels over 48 channels.

Shapes: N images, C channels, F filters, H rows, W columns.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels.library import empty, library, pointer


def fold(x: Tensor, size: int, stride: int, padding: int, overhang: tuple[int, int]) -> Tensor:
    """Fold blocks of stride x stride pixels into channels, for windows of `size` pixels.

    Returns:
        float32, (N, C * stride^2, rows, columns), zeros beyond the border, channels last in memory.
    """
    rows, columns = (
        (side + 2 * padding + over - size) // stride + -(-size // stride)
        for side, over in zip(x.shape[-2:], overhang, strict=True)
    )
    result: Tensor = _Fold.apply(x, stride, padding, rows, columns)  # type: ignore[no-untyped-call]  # so in torch
    return result


def fold_kernels(weight: Tensor, stride: int) -> Tensor:
    """Fold kernels as the pixels are folded: (F, C, size, size) to (F, C * stride^2, blocks, blocks)."""
    filters, channels, size, _ = weight.shape
    blocks = -(-size // stride)
    weight = F.pad(weight, (0, blocks * stride - size) * 2)
    weight = weight.view(filters, channels, blocks, stride, blocks, stride).permute(0, 1, 3, 5, 2, 4)
    return weight.reshape(filters, channels * stride**2, blocks, blocks)


class _Fold(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, stride: int, padding: int, rows: int, columns: int) -> Tensor:
        x = x.contiguous()  # and alive until the library has read it
        ctx.shape, ctx.stride, ctx.padding = x.shape, stride, padding
        images, channels, height, width = x.shape
        folded = empty(*(images, channels * stride**2, rows, columns), channels_last=True)
        library().alexnet_fold(
            *(pointer(x), pointer(folded), images, channels, height, width),
            *(padding, stride, rows, columns, torch.get_num_threads()),
        )
        return folded

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        unfolded = F.pixel_shuffle(gradient, ctx.stride)  # (N, C, rows * stride, columns * stride)
        height, width = ctx.shape[-2:]
        missing = [
            max(0, side + ctx.padding - have)
            for side, have in ((width, unfolded.shape[-1]), (height, unfolded.shape[-2]))
        ]
        unfolded = F.pad(unfolded, (0, missing[0], 0, missing[1]))
        top = left = ctx.padding
        return unfolded[..., top : top + height, left : left + width], None, None, None, None
