"""The layer with filters of each position's own.

Shapes: N images, C channels, H rows, W columns, F filters, P positions.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.networks.layers.layer import ACTIVATIONS, Shape, Weighted, described_windows, map_shape, overhang


def filter_locally(x: Tensor, weight: Tensor, *, size: int, stride: int, padding: int, groups: int) -> Tensor:
    """Filter each position of maps with filters of its own, the last ones over zeros beyond the border.

    Args:
        x: (N, C, H, W).
        weight: (P, F, C / groups * size * size).
        size, stride, padding, groups: as of `LocallyConnected`.
    Returns:
        (N, F, P).
    """
    below, right = overhang(x, size, stride, padding)
    x = F.pad(x, (padding, padding + right, padding, padding + below))
    windows = F.unfold(x, size, stride=stride)  # (N, C * size * size, P)
    windows = windows.permute(2, 0, 1).unflatten(2, (groups, -1))  # (P, N, groups, C/groups * s * s)
    weight = weight.unflatten(1, (groups, -1))  # (P, groups, F/groups, C/groups * s * s)
    return torch.einsum("pngk,pgfk->ngfp", windows, weight).flatten(1, 2)


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
        channels = inputs[0]
        _, self.height, self.width = map_shape(inputs, filters, size, stride, padding)
        count = self.height * self.width
        super().__init__(
            (count, filters, channels // groups * size * size),
            (filters, count),
            deviation=deviation,
            constant=constant,
            activation=activation,
        )
        self.size, self.stride, self.padding, self.groups = size, stride, padding, groups

    def extra_repr(self) -> str:
        channels = self.weight.shape[2] // self.size**2 * self.groups
        window = described_windows(self.size, self.stride, self.padding, self.groups)
        return f"{channels} -> {self.weight.shape[1]}, {window}, {self.activation}"

    def shape(self, *inputs: Shape) -> Shape:
        return (self.weight.shape[1], self.height, self.width)

    def multiply_adds(self, *inputs: Shape) -> int:
        return self.weight.numel()

    def linear(self, x: Tensor) -> Tensor:
        """Filter each position and add its biases, before the activation function."""
        y = filter_locally(
            x, self.weight, size=self.size, stride=self.stride, padding=self.padding, groups=self.groups
        )
        maps: Tensor = (y + self.bias).unflatten(2, (self.height, self.width))
        return maps

    def forward(self, x: Tensor) -> Tensor:
        return ACTIVATIONS[self.activation](self.linear(x))
