"""What every layer has in common: shapes that round up, activation functions, weights and biases.

Shapes: N images, C channels, H rows, W columns. Sizes round up: the last window of a convolution or pool may
hang over the right and bottom border, where a convolution reads zeros and a pool sees only what is there. That
is how 224 pixels give 55 positions to conv1 (section 3.5).
"""

import math
from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet.errors import RecipeError, choices

ACTIVATIONS: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "identity": lambda x: x,
    "relu": F.relu,
    "tanh": torch.tanh,
}

Shape = tuple[int, ...]  # of one image's values: (C, H, W) or (U,)


def positions(size: int, window: int, stride: int, padding: int = 0, *, whole: bool = False) -> int:
    """Return how many windows fit along a side, rounding up: 1 + ceil((size + 2 padding - window) / stride).

    `whole` counts only windows that do not hang over the border: it rounds down, as later programs do.
    """
    room = size + 2 * padding - window
    return 1 + (room if whole else room + stride - 1) // stride


def map_shape(
    inputs: Shape, filters: int, size: int, stride: int, padding: int = 0, *, whole: bool = False
) -> Shape:
    """Return the shape of what filters or windows of size x size give for maps (C, H, W)."""
    _, height, width = inputs
    return (
        filters,
        positions(height, size, stride, padding, whole=whole),
        positions(width, size, stride, padding, whole=whole),
    )


def check_activation(name: object) -> str:
    """Return the name of an activation function, or raise RecipeError with the choices."""
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise RecipeError(f"`{name}` is not an activation function; {choices(str(name), ACTIVATIONS)}")
    return name


class Layer(nn.Module):
    """What a network asks of the operation of each stage: the shape it gives, its initial weights, its cost.

    A `random` layer is called with `rng`, where the step stands, and `stage`, its own name, beside its inputs.
    """

    random: bool = False
    """Whether it draws random numbers."""

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output for one image from the shapes of the inputs: (C, H, W) or (U,)."""
        raise NotImplementedError

    def initialize(self, generator: torch.Generator) -> None:
        """Draw the initial weights from `generator`; a layer without weights has none to draw."""

    def multiply_adds(self, *inputs: Shape) -> int:
        """Return the multiplications by weights of one image's forward pass."""
        return 0


class Weighted(Layer):
    """A layer with weights and biases: drawn from N(0, deviation) and set to a constant (section 5).

    `activation` names the function that is applied to its output: relu unless said otherwise (section 3.1).
    """

    def __init__(
        self, weight: Shape, bias: Shape, *, deviation: float, constant: float, activation: str
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(weight))
        self.bias = nn.Parameter(torch.empty(bias))
        if not (0 <= deviation < math.inf and math.isfinite(constant)):
            raise RecipeError(
                f"initial weights of deviation {deviation} and biases of {constant} cannot be drawn: "
                "a deviation is 0 or more, and both are finite"
            )
        self.deviation, self.constant = deviation, constant
        self.activation = check_activation(activation)

    @torch.no_grad()
    def initialize(self, generator: torch.Generator) -> None:
        """Draw the weights from N(0, deviation) and set the biases to their constant."""
        self.weight.normal_(0.0, self.deviation, generator=generator)
        self.bias.fill_(self.constant)


def described_windows(size: int, stride: int, padding: int = 0, groups: int = 1) -> str:
    """Say how windows move, without what goes without saying: `11x11, stride 4`."""
    parts = [f"{size}x{size}"]
    parts += [f"stride {stride}"] if stride != 1 else []
    parts += [f"padding {padding}"] if padding else []
    parts += [f"{groups} groups"] if groups != 1 else []
    return ", ".join(parts)


def widened(x: Tensor) -> Tensor:
    """Return half-precision numbers as float32, others as they are: squares and powers need the range."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def window_sums(x: Tensor, size: int, stride: int = 1) -> Tensor:
    """Return the sum over each window of size x size that lies within the maps: (N, C, H, W) to (N, C, p, p).

    A mean times a count: exporters drop `divisor_override`.
    """
    return F.avg_pool2d(x, size, stride) * size**2


def overhang(x: Tensor, size: int, stride: int, padding: int) -> tuple[int, int]:
    """Return how far the last window hangs over the padded border, below and on the right, in pixels."""

    def beyond(side: int) -> int:
        covered = (positions(side, size, stride, padding) - 1) * stride + size
        return max(0, covered - side - 2 * padding)

    return beyond(int(x.shape[-2])), beyond(int(x.shape[-1]))  # int: a traced size divides otherwise
