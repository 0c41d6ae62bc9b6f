"""The layer with filters of each position's own.

Shapes: N images, C channels, H rows, W columns, F filters, P positions.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.networks.layers.layer import ACTIVATIONS, Shape, Weighted, overhang, positions


class LocallyConnected(Weighted):
    """Filter each position with filters of its own: (N, C, H, W) to (N, F, positions, positions).

    Weights: (P, F, C/groups * size * size), a window flattened channel, row, column. Biases: (F, P).
    """

    def __init__(
        self,
        inputs: Shape,
        filters: int,
        size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        deviation: float = 0.01,
        constant: float = 0.0,
        activation: str = "relu",
    ) -> None:
        channels, height, width = inputs
        self.height = positions(height, size, stride, padding)
        self.width = positions(width, size, stride, padding)
        count = self.height * self.width
        super().__init__(
            (count, filters, channels // groups * size * size),
            (filters, count),
            deviation=deviation,
            constant=constant,
            activation=activation,
        )
        self.size, self.stride, self.padding, self.groups = size, stride, padding, groups

    def shape(self, *inputs: Shape) -> Shape:
        return (self.weight.shape[1], self.height, self.width)

    def multiply_adds(self, *inputs: Shape) -> int:
        return self.weight.numel()

    def linear(self, x: Tensor) -> Tensor:
        """Filter each position and add its biases, before the activation function."""
        over = [overhang(side, self.size, self.stride, self.padding) for side in x.shape[-2:]]
        padding = self.padding
        x = F.pad(x, (padding, padding + over[1], padding, padding + over[0]))
        windows = F.unfold(x, self.size, stride=self.stride)  # (N, C * size * size, P)
        filters = self.weight.shape[1]
        windows = windows.permute(2, 0, 1).unflatten(2, (self.groups, -1))  # (P, N, groups, C/groups * s * s)
        weight = self.weight.unflatten(1, (self.groups, -1))  # (P, groups, F/groups, C/groups * s * s)
        y = torch.einsum("pngk,pgfk->ngfp", windows, weight)
        return (y.flatten(1, 2) + self.bias).view(len(x), filters, self.height, self.width)

    def forward(self, x: Tensor) -> Tensor:
        return ACTIVATIONS[self.activation](self.linear(x))
