"""Rectification, local response normalisation and max pooling in one pass, forward and backward.

Shapes: N images, C channels, H rows, W columns. Windows of the pool are 3 x 3 with a stride of 2 and clipped
at the border, so sizes round up (sections 3.3 and 3.4).
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, final

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

WIDEST: Final = 4096  # as in response.c


@final
@dataclass(frozen=True)
class Response:
    """What is done between a convolution and the next layer, in this order."""

    rectify_before: bool = False
    """Rectify the input."""
    normalize: bool = False
    """Divide by (k + alpha * sum of squares over 2 * reach + 1 channels)^beta."""
    pool: bool = False
    """Take the maximum of windows."""
    rectify_after: bool = False
    """Rectify what was pooled; only together with `pool`."""
    shared: bool = False
    """Give the gradient of a maximum to every value that equals it, not to the first alone."""
    reach: int = 2
    """Neighbouring channels on each side."""
    alpha: float = 1e-4 / 5
    """Factor of the sum of squares itself: the paper's alpha divided by the size of the window."""
    beta: float = 0.75
    """Exponent."""
    k: float = 2.0
    """What the sum is added to."""
    groups: int = 1
    """Groups of channels that do not see each other."""


def supports(x: Tensor, response: Response) -> bool:
    """Say whether `respond` can do this; otherwise plain PyTorch does it."""
    return (
        usable(x)
        and x.dim() == 4
        and min(x.shape) > 0
        and x.numel() < LARGEST
        and x.shape[1] % (response.groups * LANES) == 0
        and x.shape[1] // response.groups <= WIDEST
        and response.reach <= LANES  # REACH of response.c
        and (not response.pool or min(x.shape[-2:]) >= 2)
        and (response.pool or not response.rectify_after)
    )


def respond(x: Tensor, response: Response, plain: Callable[[Tensor], Tensor]) -> Tensor:
    """Rectify, normalise and pool, with gradients; for what `supports`.

    Args:
        x: float32, (N, C, H, W).
        plain: does the same with plain PyTorch, for gradients that are to be differentiated again.
    Returns:
        float32, (N, C, H // 2, W // 2) after pooling, else (N, C, H, W); channels last in memory.
    """
    result: Tensor = _Response.apply(x, response, plain)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result


class _Structure(ctypes.Structure):
    """The C structure `Response` of response.c."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("images", "height", "width", "channels", "groups")),
        *(
            (name, ctypes.c_int)
            for name in ("rectify_before", "normalize", "pool", "rectify_after", "shared", "reach")
        ),
        ("threads", ctypes.c_int),
        *((name, ctypes.c_float) for name in ("alpha", "beta", "k")),
    )


def _structure(x: Tensor, r: Response) -> Any:
    images, channels, height, width = x.shape
    return ctypes.byref(
        _Structure(
            *(images, height, width, channels, r.groups),
            *(r.rectify_before, r.normalize, r.pool, r.rectify_after, r.shared, r.reach),
            *(torch.get_num_threads(), r.alpha, r.beta, r.k),
        )
    )


class _Response(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, response: Response, plain: Callable[[Tensor], Tensor]) -> Tensor:
        given, x = x, x.contiguous(memory_format=torch.channels_last)
        images, channels, height, width = x.shape
        if response.pool:
            height, width = height // 2, width // 2
        output = empty(*(images, channels, height, width), channels_last=True)
        check_memory(library().alexnet_response_forward(_structure(x, response), pointer(x), pointer(output)))
        ctx.save_for_backward(x, given)
        ctx.response, ctx.plain = response, plain
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, given = ctx.saved_tensors
        if plain_gradient_needed(gradient):
            return *plain_gradients(ctx.plain, [given], gradient, [True]), None, None
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        result = torch.empty_like(x)
        check_memory(
            library().alexnet_response_backward(
                _structure(x, ctx.response), pointer(x), pointer(gradient), pointer(result)
            )
        )
        return result, None, None
