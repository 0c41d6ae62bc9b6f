"""Layers that read several others: one weight matrix for each input, one bias vector, the sum of all.

The networks of two and four columns are made of them: conv3 of one column sees the maps of both. Shapes:
N images, C channels, F filters, U units, P positions, K values in a window (channel, row, column).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet.errors import RecipeError
from alexnet.networks.layers.convolution import convolve
from alexnet.networks.layers.layer import Layer, Shape, map_shape
from alexnet.networks.layers.locally_connected import filter_locally


@final
@dataclass(frozen=True)
class Filtered:
    """Filters that are shared over positions; `connections` picks the channels that each group sees."""

    kind: ClassVar[str] = "convolution"

    channels: int
    """Channels of the input, or of all groups together where `connections` picks them."""
    filters: int
    size: int
    stride: int
    padding: int
    groups: int
    connections: tuple[int, ...] = ()

    @property
    def weight(self) -> Shape:
        """The shape of its weight."""
        seen = len(self.connections) or self.channels
        return (self.filters, seen // self.groups, self.size, self.size)

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of what it gives from the shape of its input."""
        return map_shape(inputs[0], self.filters, self.size, self.stride, self.padding)

    def apply(self, x: Tensor, weight: Tensor, connections: Tensor | None) -> Tensor:
        """Return what it adds to the layer's output, biases aside; `connections` as in the layer's state."""
        x = x if connections is None else x[:, connections]
        return convolve(x, weight, None, stride=self.stride, padding=self.padding, groups=self.groups)


@final
@dataclass(frozen=True)
class Local:
    """Filters of their own for each position: weights of (P, F, K)."""

    kind: ClassVar[str] = "locally connected"

    inputs: Shape
    """(C, H, W)."""
    filters: int
    size: int
    stride: int
    padding: int
    groups: int
    connections: tuple[int, ...] = ()

    @property
    def weight(self) -> Shape:
        """The shape of its weight."""
        _, height, width = self.shape(self.inputs)
        seen = len(self.connections) or self.inputs[0]
        return (height * width, self.filters, seen // self.groups * self.size**2)

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of what it gives from the shape of its input."""
        return map_shape(inputs[0], self.filters, self.size, self.stride, self.padding)

    def apply(self, x: Tensor, weight: Tensor, connections: Tensor | None) -> Tensor:
        """Return what it adds to the layer's output, biases aside; `connections` as in the layer's state."""
        _, height, width = self.shape(self.inputs)
        x = x if connections is None else x[:, connections]
        y = filter_locally(
            x, weight, size=self.size, stride=self.stride, padding=self.padding, groups=self.groups
        )
        maps: Tensor = y.unflatten(2, (height, width))
        return maps


@final
@dataclass(frozen=True)
class Dense:
    """Every input connected to every unit: weights of (U, values)."""

    kind: ClassVar[str] = "fully connected"

    inputs: int
    """Values of one image."""
    units: int

    @property
    def weight(self) -> Shape:
        """The shape of its weight."""
        return (self.units, self.inputs)

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of what it gives from the shape of its input."""
        return (self.units,)

    def apply(self, x: Tensor, weight: Tensor, connections: Tensor | None) -> Tensor:
        """Return what it adds to the layer's output, biases aside; `connections` as in the layer's state."""
        return F.linear(x.flatten(1), weight)


Connection = Filtered | Local | Dense
"""How one input of a layer meets its weights: each has the shape of its weight, and what it gives and adds."""


@final
class MultiInputLayer(Layer):
    """Add what each input gives through weights of its own, and one bias vector.

    The weights are called weight0, weight1 ... in the order of the inputs; where only some channels are seen,
    buffers connections0 ... say which.

    Args:
        connections: one for each input; what they give has one shape.
        bias: (F,) for biases shared over positions, (F, P) for others, (U,) for units.
        deviations: of the initial weights, one for each input.
        constant: the initial biases.
        owners: for each input None, or the layer and the weight's name that it shares; None alone stands for
            this layer.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        bias: Shape,
        *,
        deviations: Sequence[float],
        constant: float = 0.0,
        owners: Sequence[tuple[Layer | None, str] | None] = (),
    ) -> None:
        super().__init__()
        self.connections, self.deviations, self.constant = tuple(connections), tuple(deviations), constant
        given = tuple(owners) or (None,) * len(self.connections)
        # kept from nn.Module's sight: a shared weight belongs to its owner's state alone
        self._owners = tuple(owner or (None, f"weight{i}") for i, owner in enumerate(given))
        for i, connection in enumerate(self.connections):
            if given[i] is not None:
                _check_shared(connection.weight, tuple(self.weight_of(i).shape))
            else:
                self.register_parameter(f"weight{i}", nn.Parameter(torch.empty(connection.weight)))
                if not isinstance(connection, Dense) and connection.connections:
                    self.register_buffer(
                        f"connections{i}", torch.tensor(connection.connections, device="cpu")
                    )
        self.bias = nn.Parameter(torch.empty(bias))

    @torch.no_grad()
    def initialize(self, generator: torch.Generator) -> None:
        """Draw the weights that it owns from N(0, deviation) and set the biases to their constant."""
        for i, deviation in enumerate(self.deviations):
            if f"weight{i}" in self._parameters:
                self.get_parameter(f"weight{i}").normal_(0.0, deviation, generator=generator)
        self.bias.fill_(self.constant)

    def source(self, index: int) -> tuple[Layer, str]:
        """Return the layer that owns the weight of an input, and the weight's name there."""
        owner, name = self._owners[index]
        return owner if owner is not None else self, name

    def weight_of(self, index: int) -> Tensor:
        """Return the weight of an input, its own or the one that it shares."""
        owner, name = self.source(index)
        return owner.get_parameter(name)

    def connections_of(self, index: int) -> Tensor | None:
        """Return the channels that each group of an input's filters sees, int64, or None for all."""
        owner, name = self.source(index)
        return owner._buffers.get(name.replace("weight", "connections"))

    def extra_repr(self) -> str:
        parts = []
        for connection in self.connections:
            given = connection.inputs if isinstance(connection, Dense) else connection.weight[1]
            parts.append(f"{connection.kind} {given} -> {self.bias.shape[0]}")
        return " + ".join(parts)

    def shape(self, *inputs: Shape) -> Shape:
        return self.connections[0].shape(inputs[0])

    def multiply_adds(self, *inputs: Shape) -> int:
        """Return the multiplications of one image's forward pass."""
        total = 0
        for connection, shape in zip(self.connections, inputs, strict=True):
            given = connection.shape(shape)
            positions = given[1] * given[2] if isinstance(connection, Filtered) else 1
            total += math.prod(connection.weight) * positions
        return total

    def forward(self, *inputs: Tensor) -> Tensor:
        parts = [
            connection.apply(x, self.weight_of(i), self.connections_of(i))
            for i, (connection, x) in enumerate(zip(self.connections, inputs, strict=True))
        ]
        y = torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]
        if y.dim() == 2:
            return y + self.bias
        bias = self.bias[:, None] if self.bias.dim() == 1 else self.bias
        return y + bias.view(1, y.shape[1], *(y.shape[2:] if bias.shape[1] > 1 else (1, 1)))


def _check_shared(own: Shape, other: Shape) -> None:
    if own != other:
        raise RecipeError(f"weights of {other} cannot be shared where {own} are needed")
