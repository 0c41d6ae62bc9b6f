"""The layers of the paper: convolution, locally-connected, fully-connected and dropout.

Shapes: N images, C channels, H rows, W columns, F filters, U units, P positions. Sizes round up: the last
window of a convolution or pool may hang over the right and bottom border, where a convolution reads zeros
and a pool sees only what is there. That is how 224 pixels give 55 positions to conv1 (section 3.5).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet.errors import RecipeError, choices
from alexnet.kernels import connected, winograd
from alexnet.kernels.folding import fold, fold_kernels
from alexnet.randomness import Chance

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
    return 1 + (room // stride if whole else -(-room // stride))


def check_activation(name: str) -> str:
    """Return the name of an activation function, or raise RecipeError with the choices."""
    if name not in ACTIVATIONS:
        raise RecipeError(f"`{name}` is not an activation function; {choices(name, ACTIVATIONS)}")
    return name


class Weighted(nn.Module):
    """A layer with weights and biases: drawn from N(0, deviation) and set to a constant (section 5).

    `activation` names the function that is applied to its output: relu unless said otherwise (section 3.1).
    """

    def __init__(
        self, weight: Shape, bias: Shape, *, deviation: float, constant: float, activation: str
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(weight))
        self.bias = nn.Parameter(torch.empty(bias))
        self.deviation, self.constant = deviation, constant
        self.activation = check_activation(activation)

    @torch.no_grad()
    def initialize(self, generator: torch.Generator) -> None:
        """Draw the weights from N(0, deviation) and set the biases to their constant."""
        self.weight.normal_(0.0, self.deviation, generator=generator)
        self.bias.fill_(self.constant)

    def multiply_adds(self, *inputs: Shape) -> int:
        """Return the multiplications of one image's forward pass."""
        raise NotImplementedError

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output from the shapes of the inputs."""
        raise NotImplementedError


class Convolution(Weighted):
    """Cross-correlate with F filters, shared over positions: (N, C, H, W) to (N, F, positions, positions).

    Args:
        channels, filters: C and F; both divisible by `groups`.
        size, stride, padding: of the square window, in pixels.
        groups: 2 splits channels and filters into the paper's two columns, which do not see each other.
        whole: leave out windows that hang over the border, as Caffe and torchvision do.
        deviation, constant: of the initial weights and biases.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        whole: bool = False,
        deviation: float = 0.01,
        constant: float = 0.0,
        activation: str = "relu",
    ) -> None:
        weight = (filters, channels // groups, size, size)
        super().__init__(weight, (filters,), deviation=deviation, constant=constant, activation=activation)
        self.size, self.stride, self.padding, self.groups, self.whole = size, stride, padding, groups, whole
        self._kernels: winograd.Kernels | None = None

    def shape(self, *inputs: Shape) -> Shape:
        _, height, width = inputs[0]
        return (
            self.weight.shape[0],
            positions(height, self.size, self.stride, self.padding, whole=self.whole),
            positions(width, self.size, self.stride, self.padding, whole=self.whole),
        )

    def multiply_adds(self, *inputs: Shape) -> int:
        _, height, width = self.shape(*inputs)
        return self.weight.numel() * height * width

    def linear(self, x: Tensor) -> Tensor:
        """Convolve and add the biases, before the activation function."""
        return self._convolve(x, rectified=False)

    def rectified(self, x: Tensor) -> Tensor:
        """Convolve, add the biases and rectify, in one."""
        return self._convolve(x, rectified=True)

    def prepare(self, *, half: bool = False) -> None:
        """Transform the kernels once, for answering only: the weights must not change any more.

        In half precision there is half as much to read, which is what one picture waits for.
        """
        weight = self.weight.detach()
        pixel = weight.new_empty((1, self.groups * weight.shape[1], 1, 1))  # stands for every input
        if winograd.fits(pixel, weight, self.stride, self.groups):
            if self.stride > 1:
                weight = fold_kernels(weight, self.stride)
            kernels = winograd.transformed(weight.contiguous(), self.groups)
            self._kernels = replace(kernels, values=kernels.values.half()) if half else kernels

    def activate(self, x: Tensor) -> Tensor:
        """Apply the activation function."""
        return ACTIVATIONS[self.activation](x)

    def forward(self, x: Tensor) -> Tensor:
        return self.rectified(x) if self.activation == "relu" else self.activate(self.linear(x))

    def _convolve(self, x: Tensor, *, rectified: bool) -> Tensor:
        rows, columns = (_overhang(side, self.size, self.stride, self.padding) for side in x.shape[-2:])
        over = (0, 0) if self.whole else (rows, columns)
        padding = self.padding
        if winograd.fits(x, self.weight, self.stride, self.groups):
            if self._kernels is None:
                return winograd.convolve(
                    x,
                    self.weight,
                    self.bias,
                    stride=self.stride,
                    padding=padding,
                    overhang=over,
                    groups=self.groups,
                    rectified=rectified,
                )
            if self.stride > 1:
                x, padding = fold(x, self.size, self.stride, padding, over), 0
            return winograd.convolve_prepared(
                x, self._kernels, self.bias, padding=padding, rectified=rectified
            )
        if any(over):
            x = F.pad(x, (padding, padding + over[1], padding, padding + over[0]))
            padding = 0
        x = F.conv2d(x, self.weight, self.bias, self.stride, padding, groups=self.groups)
        return F.relu(x) if rectified else x


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
        over = [_overhang(side, self.size, self.stride, self.padding) for side in x.shape[-2:]]
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

    def shape(self, *inputs: Shape) -> Shape:
        return (self.weight.shape[0],)

    def multiply_adds(self, *inputs: Shape) -> int:
        return self.weight.numel()

    def linear(self, x: Tensor) -> Tensor:
        """Multiply by the weights and add the biases, before the activation function."""
        x = x.flatten(1)
        if connected.fits(x, self.weight):
            return connected.connect(x, self.weight, self.bias, rectified=False)
        return F.linear(x, self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return ACTIVATIONS[self.activation](self.linear(x))


class Dropout(nn.Module):
    """Drop units in training without rescaling; multiply by the probability of keeping at test (section 4.2).

    Unlike `nn.Dropout`, which rescales in training, this is what the paper prints: weights trained by either
    are not interchangeable without a factor.

    Args:
        keep: the probability of keeping a unit.
        rescaled: divide by `keep` in training and leave the test alone, as Caffe and torchvision do.
    """

    random: Final = True

    def __init__(self, keep: float = 0.5, *, rescaled: bool = False) -> None:
        super().__init__()
        if not 0.0 < keep <= 1.0:
            raise RecipeError(f"a dropout layer cannot keep {keep} of its units: 0 < keep <= 1")
        self.keep, self.rescaled = keep, rescaled

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor, *, chance: Chance | None = None, stage: str = "") -> Tensor:
        if not self.training:
            return x if self.rescaled else x * self.keep
        if self.rescaled:
            x = x / self.keep
        if chance is None:
            return x * (torch.rand_like(x) < self.keep)
        generator = chance.generator(stage, x.device)
        drawn = torch.rand((chance.total, *x.shape[1:]), generator=generator, device=x.device)
        return x * (drawn[chance.start : chance.stop] < self.keep)


def _overhang(size: int, window: int, stride: int, padding: int) -> int:
    """Return how far the last window hangs over the padded border, in pixels (never negative)."""
    covered = (positions(size, window, stride, padding) - 1) * stride + window
    return max(0, covered - size - 2 * padding)
