"""Fully-connected layers for one picture or a few: the time is that of streaming the weights from memory.

With weights of one byte there is a quarter as much to stream.

Shapes: N images, I inputs, U units.
"""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels.library import empty, library, pointer, usable

STEP: Final = 32  # inputs that the kernel takes at once
MOST_IMAGES: Final = 32  # with more, converting the bytes once and multiplying as usual is faster


def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round each unit's weights to one byte.

    Args:
        weight: float32, (U, I).
    Returns:
        int8 in -127 ... 127, (U, I), and the float32 scale of each unit, (U,): weight = int8 * scale, within
        half a scale.
    """
    scale = weight.abs().amax(1).clamp(min=1e-30) / 127
    return (weight / scale[:, None]).round().to(torch.int8), scale


def supports(x: Tensor, weight: Tensor) -> bool:
    """Say whether `linear` streams these float32 weights: for one picture, and where no gradient is asked for."""
    return (
        tuple(x.shape) == (1, weight.shape[1])
        and weight.shape[1] % STEP == 0
        and weight.is_contiguous()
        and not (torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad))
        and usable(x, weight)
    )


def linear(
    x: Tensor, weight: Tensor, bias: Tensor, *, scale: Tensor | None = None, rectified: bool
) -> Tensor:
    """Multiply activities by weights and add biases, without gradients.

    Beside weights of one byte, each picture's activities are rounded to 16 bits (to 15 and a half where there
    are 9216 of them), and sums are exact.

    Args:
        x: float32, (N, I).
        weight: float32, (U, I), for what `supports`; or int8, as `quantize` gives it.
        bias: float32, (U,).
        scale: of each unit's weights of one byte, float32, (U,).
        rectified: apply max(0, .).
    Returns:
        float32, (N, U).
    """
    units, inputs = weight.shape
    if not usable(x) or inputs % STEP or not 0 < len(x) <= MOST_IMAGES or x.shape[1] != inputs:
        y = F.linear(x, weight.to(x.dtype)) * (1.0 if scale is None else scale) + bias
        return F.relu(y) if rectified else y
    x, y = x.contiguous(), empty(len(x), units)
    sizes = (len(x), inputs, units, int(rectified), torch.get_num_threads())
    if scale is None:
        library().alexnet_connect(pointer(weight), pointer(bias), pointer(x), pointer(y), *sizes)
    else:
        library().alexnet_connect_bytes(
            pointer(weight), pointer(scale), pointer(bias), pointer(x), pointer(y), *sizes
        )
    return y
