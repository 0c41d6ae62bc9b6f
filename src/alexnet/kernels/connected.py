"""Fully-connected layers for one picture or a few: the time is that of streaming the weights from memory.

With weights of one byte there is a quarter as much to stream.

Shapes: N images, I inputs, U units.
"""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels.compiled import check_memory
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


def supports(x: Tensor, weight: Tensor, bias: Tensor) -> bool:
    """Say whether `linear` streams these float32 weights: for one picture, and where no gradient is asked for."""
    return (
        usable(x, weight, bias)
        and weight.dim() == 2
        and tuple(x.shape) == (1, weight.shape[1])
        and bias.shape == weight.shape[:1]
        and weight.shape[1] % STEP == 0
        and weight.is_contiguous()
        and not (torch.is_grad_enabled() and any(each.requires_grad for each in (x, weight, bias)))
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
    fits = x.dim() == 2 and x.shape[1] == inputs and inputs % STEP == 0 and 0 < len(x) <= MOST_IMAGES
    if not (fits and _sound(weight, bias, scale) and usable(x)):
        y = F.linear(x, weight.to(x.dtype)) * (1.0 if scale is None else scale) + bias
        return F.relu(y) if rectified else y
    x, bias, y = x.contiguous(), bias.contiguous(), empty(len(x), units)
    sizes = (len(x), inputs, units, int(rectified), torch.get_num_threads())
    if scale is None:
        library().alexnet_connect(pointer(weight), pointer(bias), pointer(x), pointer(y), *sizes)
        return y
    scale = scale.contiguous()
    check_memory(
        library().alexnet_connect_bytes(
            pointer(weight), pointer(scale), pointer(bias), pointer(x), pointer(y), *sizes
        )
    )
    return y


def _sound(weight: Tensor, bias: Tensor, scale: Tensor | None) -> bool:
    """Say whether weights, biases and scales are of the types, sizes and layout that the kernels believe."""
    numbers = [bias] if scale is None else [bias, scale]
    matrix = usable(weight) if scale is None else (weight.dtype, weight.device.type) == (torch.int8, "cpu")
    return (
        matrix
        and weight.is_contiguous()
        and all(each.shape == weight.shape[:1] for each in numbers)
        and usable(*numbers)
    )
