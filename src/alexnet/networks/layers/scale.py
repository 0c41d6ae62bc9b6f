"""Scaling the colours, for networks whose program divided pixels by a deviation."""

import torch
from torch import Tensor

from alexnet.networks.layers.layer import Layer, Shape


class Scale(Layer):
    """Multiply each of C channels by a constant: (N, C, H, W) to the same.

    The paper's networks take pixels as they are, but for the mean.
    """

    factors: Tensor

    def __init__(self, factors: tuple[float, ...]) -> None:
        super().__init__()
        # The constants belong to the architecture, not to the weights.
        self.register_buffer("factors", torch.tensor(factors).view(-1, 1, 1), persistent=False)

    def extra_repr(self) -> str:
        return ", ".join(f"{factor:g}" for factor in self.factors.flatten().tolist())

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factors
