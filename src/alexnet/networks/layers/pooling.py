"""Pools: the paper's, and those of the 2012 program with any start, any number of windows, ties and four kinds.

Shapes: N images, C channels, H rows, W columns, p positions along a side.
"""

from typing import Any, Final, final

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.errors import RecipeError, choices
from alexnet.kernels import maps
from alexnet.kernels.maps import Windows
from alexnet.networks.layers.layer import Layer, Shape, described_windows, map_shape, positions, window_sums
from alexnet.randomness import StepRandomness

KINDS: Final = ("max", "maxabs", "avg", "rand")


class Pool(Layer):
    """Summarise windows of each map by their maximum or mean (section 3.4): (N, C, H, W) to (N, C, p, p).

    Windows are clipped at the right and bottom border, and a mean divides by the pixels that are there.
    `size` larger than `stride` makes the windows overlap, as in the paper (3 and 2).
    """

    def __init__(self, size: int, stride: int, *, kind: str = "max") -> None:
        super().__init__()
        if kind not in ("max", "average"):
            raise RecipeError(f"`{kind}` is not a kind of pooling; {choices(kind, ('max', 'average'))}")
        if not 1 <= stride <= size:
            raise RecipeError(f"a pool of {size} pixels cannot move by {stride}: from 1 to {size}")
        self.size, self.stride, self.kind = size, stride, kind

    def extra_repr(self) -> str:
        return f"{self.kind}, {described_windows(self.size, self.stride)}"

    def shape(self, *inputs: Shape) -> Shape:
        return map_shape(inputs[0], inputs[0][0], self.size, self.stride)

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "max":
            return F.max_pool2d(x, self.size, self.stride, ceil_mode=True)
        if maps.supports(x):
            _, rows, columns = self.shape(tuple(x.shape[1:]))
            return maps.mean_pool(x, Windows(self.size, self.stride, rows, columns), self._mean)
        return self._mean(x)

    def _mean(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, self.size, self.stride, ceil_mode=True, count_include_pad=False)


@final
class WindowPool(Layer):
    """Summarise the windows [start + i stride, start + i stride + size) of each map, clipped to the map.

    max and maxabs give the largest value and the value of the largest magnitude; rand gives a random pixel of
    the window, at test too. The gradient of these three goes to every input of the window that equals what was
    given (`nn.MaxPool2d` picks one). avg divides by the pixels that are there.

    Args:
        size, stride, start: in pixels.
        kind: max, maxabs, avg or rand.
        count: windows along a side; 0 for as many as it takes to cover the map.
    Raises:
        RecipeError: a kind that does not exist.
    Source: the program's pool layer. Which of two values of one magnitude maxabs gives is not known from the
        text; here it is the positive one.
    """

    def __init__(self, size: int, stride: int, *, kind: str = "max", start: int = 0, count: int = 0) -> None:
        super().__init__()
        if kind not in KINDS:
            raise RecipeError(f"`{kind}` is not a kind of pooling; {choices(kind, KINDS)}")
        self.size, self.stride, self.kind, self.start, self.count = size, stride, kind, start, count
        self.random = kind == "rand"

    def extra_repr(self) -> str:
        return f"{self.kind}, {described_windows(self.size, self.stride)}, from {self.start}"

    def shape(self, *inputs: Shape) -> Shape:
        channels, height, width = inputs[0]
        return (channels, self._windows(height), self._windows(width))

    def forward(self, x: Tensor, *, rng: StepRandomness | None = None, stage: str = "") -> Tensor:
        if self.kind == "rand":
            return self._one_of_each(x, rng, stage)
        if self.kind == "avg":
            if self.start == 0 and maps.supports(x):
                rows, columns = (self._windows(side) for side in x.shape[-2:])
                return maps.mean_pool(x, Windows(self.size, self.stride, rows, columns), self._mean)
            return self._mean(x)
        if self.kind == "max":
            return largest(self._framed(x, float("-inf")), self.size, self.stride)
        frame = self._framed(x, 0.0)
        most, least = largest(frame, self.size, self.stride), -largest(-frame, self.size, self.stride)
        return torch.where(most >= -least, most, least)

    def _mean(self, x: Tensor) -> Tensor:
        total = window_sums(self._framed(x, 0.0), self.size, self.stride)
        first, end = zip(*(self._bounds(side) for side in x.shape[-2:]), strict=True)
        counts = torch.outer(end[0] - first[0], end[1] - first[1])
        return total / counts.to(x)

    def _windows(self, side: int) -> int:
        count = self.count or positions(side - self.start, self.size, self.stride)
        last = self.start + (count - 1) * self.stride
        if count < 1 or last >= side or self.start + self.size <= 0:
            raise RecipeError(
                f"a pool of {count} windows of {self.size} pixels, from {self.start} in steps of {self.stride}, "
                f"has windows outside a map of {side}"
            )
        return count

    def _framed(self, x: Tensor, border: float) -> Tensor:
        """Cut or pad the maps so that the windows cover them exactly."""
        ends = [(self._windows(s) - 1) * self.stride + self.size + self.start - s for s in x.shape[-2:]]
        return F.pad(x, (-self.start, ends[1], -self.start, ends[0]), value=border)

    def _bounds(self, side: int) -> tuple[Tensor, Tensor]:
        """Return where each window begins and ends along a side, clipped to the map."""
        first = self.start + self.stride * torch.arange(self._windows(side))
        return first.clamp(min=0), (first + self.size).clamp(max=side)

    def _one_of_each(self, x: Tensor, rng: StepRandomness | None, stage: str) -> Tensor:
        """Pick one pixel of each window, all alike likely."""
        channels, rows, columns = self.shape(tuple(x.shape[1:]))
        total, start, stop = (rng.total, rng.start, rng.stop) if rng else (len(x), 0, len(x))
        generator = rng.generator(stage, x.device) if rng else None
        drawn = torch.rand((total, channels, 2, rows, columns), generator=generator, device=x.device)[
            start:stop
        ]
        picked = []
        for axis, side in enumerate(x.shape[-2:]):
            first, end = (bound.to(x.device) for bound in self._bounds(side))
            form = (-1, 1) if axis == 0 else (1, -1)
            span = (end - first).view(form)
            picked.append(first.view(form) + (drawn[:, :, axis] * span).long().clamp(max=span - 1))
        pixels = picked[0] * x.shape[-1] + picked[1]
        y = x.detach().flatten(2).gather(2, pixels.flatten(2)).view(pixels.shape)
        return taken(self._framed(x, float("nan")), y, self.size, self.stride)  # NaN equals no value


def largest(frame: Tensor, size: int, stride: int) -> Tensor:
    """Return the largest value of each window of a frame that windows cover exactly; ties share the gradient."""
    with torch.no_grad():
        y = F.max_pool2d(frame, size, stride)
    return taken(frame, y, size, stride)


def taken(frame: Tensor, y: Tensor, size: int, stride: int) -> Tensor:
    """Return a value of each window of a frame, with a gradient for every value of the window that equals it.

    As in the program, each of the equals gets all of it.

    Args:
        frame: (N, C, H, W), which windows cover exactly.
        y: the values, (N, C, p, p), without gradients.
        size, stride: of the windows, in pixels.
    """
    if torch.is_grad_enabled() and frame.requires_grad:
        value: Tensor = _Taken.apply(frame, y, size, stride)  # type: ignore[no-untyped-call]  # torch's own
        return value
    return y


class _Taken(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, frame: Tensor, y: Tensor, size: int, stride: int) -> Tensor:
        ctx.save_for_backward(frame, y)
        ctx.size, ctx.stride = size, stride
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        frame, y = ctx.saved_tensors
        rows, columns = y.shape[-2:]
        gradient = torch.zeros_like(frame)
        for i in range(ctx.size):
            for j in range(ctx.size):
                window = (
                    ...,
                    slice(i, i + (rows - 1) * ctx.stride + 1, ctx.stride),
                    slice(j, j + (columns - 1) * ctx.stride + 1, ctx.stride),
                )
                gradient[window] += torch.where(frame[window] == y, gradients[0], 0.0)
        return gradient, None, None, None
