"""The layer that connects every input to every unit.

Shapes: N images, U units.
"""

import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels import connected
from alexnet.networks.layers.layer import ACTIVATIONS, Shape, Weighted


class FullyConnected(Weighted):
    """Connect every input to every unit: (N, ...) flattened channel, row, column to (N, U)."""

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        deviation: float = 0.01,
        constant: float = 0.0,
        activation: str = "relu",
    ) -> None:
        super().__init__(
            (units, inputs), (units,), deviation=deviation, constant=constant, activation=activation
        )

    def extra_repr(self) -> str:
        units, inputs = self.weight.shape
        return f"{inputs} -> {units}, {self.activation}"

    def shape(self, *inputs: Shape) -> Shape:
        return (self.weight.shape[0],)

    def multiply_adds(self, *inputs: Shape) -> int:
        return self.weight.numel()

    def linear(self, x: Tensor) -> Tensor:
        """Multiply by the weights and add the biases, before the activation function."""
        x = x.flatten(1)
        if connected.supports(x, self.weight, self.bias):
            return connected.linear(x, self.weight, self.bias, rectified=False)
        return F.linear(x, self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return ACTIVATIONS[self.activation](self.linear(x))
