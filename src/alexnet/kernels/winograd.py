"""Convolution in Winograd's form, forward and backward: 49 multiplications where a window needs 225.

Shapes: N images, C channels, F filters, H rows, W columns, r the kernel's side, t the tile's (7 pixels for
kernels of 3, 8 for kernels of 5), m = t + 1 - r the outputs of a tile each way.

A convolution with a stride is folded first into one without (kernels/folding.py).

Sources: Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks" (the form); Blahut 2010,
"Fast Algorithms for Signal Processing", section 5.2 (Cook and Toom's construction).
"""

import ctypes
import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.cpu import shared_cache_bytes
from alexnet.kernels.compiled import check_memory
from alexnet.kernels.folding import fold, fold_kernels
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

POINTS: Final = {
    3: (0.346, -0.346, 0.7156, -0.7156, 1.7262, -1.7262),
    5: (0.5, -0.5, 1.05, -1.05, 2.05, -2.05, 0.0),
}
"""Where the polynomials are evaluated, and at infinity, by the kernel's side: of the symmetric sets, those
whose rounding error is least. A convolution in float32 comes out within 5e-6 of the exact one."""

PANEL: Final = 16
"""Filters that the matrix product takes at once: PANEL in product.h."""

ROWS: Final = 6
"""Tiles that the matrix product takes at once: ROWS in product.h."""

TILES: Final = 144
"""Tiles at a time for two threads that share them: transformed kernels, or sums, are not read too often."""

OWN_SUMS: Final = 1 << 22
"""Bytes of a sum up to which each thread correlates tiles of its own; the sums are added up at the end."""

OWN_TILES: Final = 48
"""Tiles at a time for a thread that correlates by itself: for each time it reads and writes its whole sum."""


@cache
def matrices(kernel: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return B (t, t), A (t, m) and G (t, r) of the transforms, a row for each point, float32.

    For t pixels d and a kernel g the m outputs of their correlation are A' [(G g) . (B d)].
    """
    points = POINTS[kernel]
    tile = len(points) + 1
    evaluate, finish = np.zeros((tile, tile)), np.zeros((tile, tile + 1 - kernel))
    spread = np.zeros((tile, kernel))
    for row, point in enumerate(points):
        others = [other for other in points if other != point]
        finish[row] = point ** np.arange(tile + 1 - kernel)
        spread[row] = point ** np.arange(kernel)
        evaluate[row, :-1] = np.poly(others)[::-1] / np.prod([point - other for other in others])
    finish[-1, -1] = spread[-1, -1] = 1.0  # the point at infinity
    evaluate[-1] = np.poly(points)[::-1]
    for row in range(tile):  # equal norms of the three factors of a product: the least rounding error
        norms = [np.linalg.norm(matrix[row]) for matrix in (evaluate, finish, spread)]
        for matrix, norm in zip((evaluate, finish, spread), norms, strict=True):
            matrix[row] *= np.prod(norms) ** (1 / 3) / norm
    made = [torch.from_numpy(matrix.astype(np.float32)) for matrix in (evaluate, finish, spread)]
    return made[0], made[1], made[2]


@final
@dataclass(frozen=True)
class Kernels:
    """Weights after their transform, in the order in which the matrix products read them."""

    values: Tensor
    """float32, or float16 to be read sooner, (t * t * F * C / groups,)."""
    inputs: int
    """C / groups: how many maps each kernel sees."""
    outputs: int
    """F: how many maps the convolution gives."""
    size: int
    """3 or 5."""
    groups: int
    """Of channels and filters."""


def supports(x: Tensor, weight: Tensor, bias: Tensor, stride: int, groups: int) -> bool:
    """Say whether `convolve` can do this convolution; otherwise plain PyTorch does it."""
    if not usable(x, weight, bias) or weight.dim() != 4 or x.dim() != 4:
        return False
    filters, channels, height, width = weight.shape
    blocks = -(-height // stride)
    return (
        bias.shape == (filters,)
        and x.shape[1] == channels * groups
        and height == width
        and blocks in POINTS
        and (stride == 1 or groups == 1)
        and (channels * stride**2 % PANEL == 0 or (groups == stride == 1 and not x.requires_grad))
        and filters % (groups * PANEL) == 0
        and min(x.shape) > 0
        and max(x.numel(), filters * math.prod(x.shape[-2:]) * len(x)) < LARGEST
        and filters * channels * stride**2 * 8 * 8 < LARGEST
    )


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    stride: int = 1,
    padding: int = 0,
    overhang: tuple[int, int] = (0, 0),
    groups: int = 1,
    rectified: bool = False,
) -> Tensor:
    """Cross-correlate, add biases and rectify if asked, with gradients; for what `supports`.

    Args:
        x: float32, (N, C, H, W).
        weight: float32, (F, C / groups, size, size).
        bias: float32, (F,).
        stride, padding: of the windows, in pixels; zeros around the image.
        overhang: how many rows and columns the last window reads beyond the padded border, as zeros.
        groups: of channels and filters that do not see each other.
    Returns:
        float32, (N, F, rows, columns), channels last in memory.
    """
    if stride > 1:
        x = fold(x, weight.shape[-1], stride, padding, overhang)
        weight, padding = fold_kernels(weight, stride), 0
    result: Tensor = _Convolution.apply(x, weight, bias, padding, groups, rectified)  # type: ignore[no-untyped-call]  # so in torch
    return result


def convolve_prepared(x: Tensor, kernels: Kernels, bias: Tensor, *, padding: int, rectified: bool) -> Tensor:
    """Convolve with kernels that were transformed before, stride 1 and without gradients; x may be folded."""
    return _convolve(_laid_out(x), kernels, bias.contiguous(), padding, rectified)


class _Shape(ctypes.Structure):
    """The C structure `Shape` of winograd.c."""

    _fields_ = tuple(
        (name, ctypes.c_int)
        for name in (
            *("images", "height", "width", "channels", "inputs", "outputs"),
            *("groups", "kernel", "padding", "chunk", "half", "alone", "threads"),
        )
    )


def _laid_out(x: Tensor) -> Tensor:
    """Put channels last in memory, with zeros up to a multiple of LANES: the pixels of a picture have 3."""
    missing = -x.shape[1] % LANES
    return (F.pad(x, (0, 0, 0, 0, 0, missing)) if missing else x).contiguous(
        memory_format=torch.channels_last
    )


def _shape(
    x: Tensor, inputs: int, outputs: int, groups: int, kernel: int, padding: int, *, own: int
) -> tuple["ctypes._Pointer[_Shape]", Tensor]:
    """Return the C structure for a convolution of x, and the scratch memory it needs.

    Each thread takes `own` tiles at a time by itself, or its part of those that all share where that is 0.
    """
    images, channels, height, width = x.shape
    threads = torch.get_num_threads()
    shape = ctypes.pointer(
        _Shape(
            *(images, height, width, channels, inputs, outputs, groups, kernel, padding),
            *(own or TILES * ((threads + 1) // 2), False, own > 0, threads),
        )
    )
    return shape, empty(library().alexnet_winograd_scratch(shape))


def transformed(weight: Tensor, groups: int, *, rotated: bool = False) -> Kernels:
    """Transform weights (F, C / groups, r, r); rotated, for the convolution that carries a gradient back."""
    filters, inputs, size, _ = weight.shape
    spread = matrices(size)[2]
    values = empty(len(spread) ** 2 * filters * inputs)
    library().alexnet_winograd_kernels(
        *(pointer(weight), filters // groups, inputs, groups, size, int(rotated)),
        *(pointer(spread), pointer(values), torch.get_num_threads()),
    )
    seen, given = (filters // groups, inputs * groups) if rotated else (inputs, filters)
    return Kernels(values, seen, given, size, groups)


def _convolve(x: Tensor, kernels: Kernels, bias: Tensor | None, padding: int, rectified: bool) -> Tensor:
    """Convolve x, channels last in memory, with stride 1."""
    evaluate, finish, _ = matrices(kernels.size)
    images, _, height, width = x.shape
    grown = 2 * padding - kernels.size + 1
    output = empty(images, kernels.outputs, height + grown, width + grown, channels_last=True)
    # Six tiles stay in a core's own cache; all the kernels are read for each six, so the shared one must hold them.
    step = len(finish[0])
    tiles = images * -(-output.shape[2] // step) * -(-output.shape[3] // step)
    alone = tiles >= ROWS * torch.get_num_threads() and kernels.values.nbytes <= shared_cache_bytes() * 2 // 3
    shape, scratch = _shape(
        *(x, kernels.inputs, kernels.outputs, kernels.groups, kernels.size, padding), own=ROWS if alone else 0
    )
    shape.contents.half = kernels.values.dtype == torch.float16
    library().alexnet_winograd_convolve(
        *(shape, pointer(x), pointer(kernels.values), pointer(bias), int(rectified), pointer(output)),
        *(pointer(evaluate), pointer(finish), pointer(scratch)),
    )
    return output


def _weight_gradient(x: Tensor, gradient: Tensor, weight: Tensor, padding: int, groups: int) -> Tensor:
    """Return the gradient of the weights from the pixels and the gradient of the outputs."""
    filters, inputs, kernel, _ = weight.shape
    evaluate, finish, spread = matrices(kernel)
    size = len(evaluate) ** 2 * inputs * filters
    own = OWN_TILES if 4 * size <= OWN_SUMS else 0
    shape, scratch = _shape(x, inputs, filters, groups, kernel, padding, own=own)
    correlation = empty(library().alexnet_winograd_sums(shape) * size)
    library().alexnet_winograd_correlate(
        *(shape, pointer(x), pointer(gradient), pointer(correlation)),
        *(pointer(evaluate), pointer(finish), pointer(scratch)),
    )
    result = empty(*weight.shape)
    library().alexnet_winograd_kernel_gradient(
        *(pointer(correlation), filters // groups, inputs, groups, kernel),
        *(pointer(spread), pointer(result), torch.get_num_threads()),
    )
    return result


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, padding: int, groups: int, rectified: bool
    ) -> Tensor:
        given = x, weight, bias
        x, weight = _laid_out(x), weight.contiguous()
        output = _convolve(x, transformed(weight, groups), bias.contiguous(), padding, rectified)
        ctx.save_for_backward(x, weight, output if rectified else None, *given)
        ctx.padding, ctx.groups = padding, groups
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, rectified, *given = ctx.saved_tensors
        padding, groups = ctx.padding, ctx.groups
        if plain_gradient_needed(gradient):

            def convolved(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
                y = F.conv2d(x, weight, bias, padding=padding, groups=groups)
                return y if rectified is None else F.relu(y)

            return *plain_gradients(convolved, given, gradient, ctx.needs_input_grad[:3]), None, None, None
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        before = gradient if rectified is None else torch.empty_like(gradient)
        bias_gradient = empty(gradient.shape[1])
        check_memory(
            library().alexnet_rectify_backward(
                *(pointer(rectified), pointer(gradient), pointer(before), pointer(bias_gradient)),
                *(ctypes.c_int64(gradient.numel() // gradient.shape[1]), gradient.shape[1]),
                torch.get_num_threads(),
            )
        )
        pixel_gradient = weight_gradient = None
        if ctx.needs_input_grad[0]:
            back = weight.shape[-1] - 1 - padding
            pixel_gradient = _convolve(before, transformed(weight, groups, rotated=True), None, back, False)
        if ctx.needs_input_grad[1]:
            weight_gradient = _weight_gradient(x, before, weight, padding, groups)
        return pixel_gradient, weight_gradient, bias_gradient, None, None, None
