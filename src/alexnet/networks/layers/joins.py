"""Stages that join several others, or take one column of a stage that joins two."""

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor

from alexnet.networks.layers.layer import Layer, Shape


@final
class Sum(Layer):
    """Add inputs of one shape, each times a coefficient (eltsum)."""

    def __init__(self, coefficients: Sequence[float]) -> None:
        super().__init__()
        self.coefficients = tuple(coefficients)

    def extra_repr(self) -> str:
        return " + ".join(f"{coefficient:g} x" for coefficient in self.coefficients)

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.stack([c * x for c, x in zip(self.coefficients, inputs, strict=True)]).sum(0)


@final
class Maximum(Layer):
    """Give the largest of the inputs' values at each position; all that are tied get the gradient (eltmax)."""

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, *inputs: Tensor) -> Tensor:
        value: Tensor = _Maximum.apply(*inputs)  # type: ignore[no-untyped-call]  # torch's own
        return value


class _Maximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        y = torch.stack(inputs).amax(0)
        ctx.save_for_backward(y, *inputs)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        y, *inputs = ctx.saved_tensors
        return tuple(torch.where(x == y, gradients[0], 0.0) for x in inputs)


@final
class Concatenation(Layer):
    """Stack inputs: maps of one size channel after channel, others as vectors end to end (concat)."""

    def shape(self, *inputs: Shape) -> Shape:
        if all(len(shape) == 3 and shape[1:] == inputs[0][1:] for shape in inputs):
            return (sum(shape[0] for shape in inputs), *inputs[0][1:])
        return (sum(torch.Size(shape).numel() for shape in inputs),)

    def forward(self, *inputs: Tensor) -> Tensor:
        if len(self.shape(*(tuple(x.shape[1:]) for x in inputs))) == 3:
            return torch.cat(inputs, 1)
        return torch.cat([x.flatten(1) for x in inputs], 1)


@final
class Column(Layer):
    """Take one of the columns that were merged into a stage: channels or units `index` of `count` blocks."""

    def __init__(self, index: int, count: int) -> None:
        super().__init__()
        self.index, self.count = index, count

    def extra_repr(self) -> str:
        return f"{self.index} of {self.count}"

    def shape(self, *inputs: Shape) -> Shape:
        return (inputs[0][0] // self.count, *inputs[0][1:])

    def forward(self, x: Tensor) -> Tensor:
        return x.chunk(self.count, 1)[self.index]


@final
class Softmax(Layer):
    """Turn each image's values into probabilities."""

    def shape(self, *inputs: Shape) -> Shape:
        return (torch.Size(inputs[0]).numel(),)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1).softmax(1)
