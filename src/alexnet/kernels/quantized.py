"""Fully-connected layers with weights of one byte: a quarter of the memory to stream for one picture.

Shapes: N images, I inputs, U units.
"""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels.library import empty, library, pointer, usable

STEP: Final = 32  # inputs that the kernel takes at once
MOST_IMAGES: Final = 32  # with more, converting the weights once and multiplying as usual is faster


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


def connect(x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor, *, rectified: bool) -> Tensor:
    """Multiply activities by quantised weights and add biases; sums are kept in float32.

    Args:
        x: float32, (N, I).
        weight, scale: as `quantize` gives them.
        bias: float32, (U,).
        rectified: apply max(0, .).
    Returns:
        float32, (N, U).
    """
    units, inputs = weight.shape
    if not usable(x) or inputs % STEP or not 0 < len(x) <= MOST_IMAGES:
        y = F.linear(x, weight.to(x.dtype)) * scale + bias
        return F.relu(y) if rectified else y
    y = empty(len(x), units)
    library().alexnet_quantized(
        *(pointer(weight), pointer(scale), pointer(bias), pointer(x.contiguous()), pointer(y)),
        *(len(x), inputs, units, int(rectified), torch.get_num_threads()),
    )
    return y
