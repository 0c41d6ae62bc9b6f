"""Networks that differ in what is connected to what: the two assumptions of convolution, each given up.

Section 1 says what convolutional networks assume of pictures: that statistics are the same everywhere
(stationarity), and that pixels depend on those around them (locality). `FourLayer` assumes both; without shared
weights it is locally connected and assumes locality alone; `MLP` assumes neither.

Pixels are divided by their deviation and initial weights are He et al.'s (2015), so that activities begin with
the same size in every one of them, and one schedule serves all.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, final

from alexnet.errors import RecipeError
from alexnet.networks.chain import Chain
from alexnet.networks.checks import check_input
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import Weighted, check_activation
from alexnet.networks.layers.locally_connected import LocallyConnected
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.layers.scale import Scale
from alexnet.networks.scaling import PIXEL_DEVIATION, he_deviation
from alexnet.networks.stage import Stage

_INDEPENDENT: Final = 2.0
"""How much larger the largest of nine activities of a window is, about, where each has filters of its own."""


@final
@dataclass(frozen=True)
class FourLayer:
    """Three convolutional layers, each with a pool, and one fully-connected layer.

    Without shared weights every position has filters of its own: as many multiply-adds, and as many weights as
    multiply-adds.
    """

    kind: ClassVar[str] = "four-layer"

    classes: int = 10
    """How many classes fc4 tells apart."""
    side: int = 32
    """Height and width of the input, in pixels."""
    activation: str = "relu"
    """Function of the first three layers: relu or tanh (section 3.1)."""
    filters: tuple[int, int, int] = (32, 32, 64)
    """How many filters the first three layers have, at each position."""
    window: int = 5
    """Height and width of a filter, in pixels: odd, so that maps keep their size."""
    shared_weights: bool = True
    """One set of filters for all positions: convolution. Without, filters of each position's own."""

    def __post_init__(self) -> None:
        check_activation(self.activation)
        _check(self.classes, self.side, self.filters)
        if self.window < 1 or self.window % 2 == 0:
            raise RecipeError(f"window={self.window} does not fit: an odd number of pixels")

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages scale, conv1 (or local1), pool1, conv2, pool2, conv3, pool3, fc4."""
        chain = Chain(self.side)
        chain.add("scale", Scale((1 / PIXEL_DEVIATION,) * 3))
        for number, filters in enumerate(self.filters, 1):
            chain.add(
                f"{'conv' if self.shared_weights else 'local'}{number}", self._filters(chain, number, filters)
            )
            chain.add(f"pool{number}", Pool(3, 2))
        chain.add("fc4", FullyConnected(chain.values, self.classes, activation="identity"))
        return tuple(chain.stages)

    def _filters(self, chain: Chain, number: int, filters: int) -> Weighted:
        channels, padding = chain.shape[0], self.window // 2
        deviation = he_deviation(channels * self.window**2)
        if not self.shared_weights and number > 1:
            deviation /= _INDEPENDENT
        if self.shared_weights:
            return Convolution(
                channels,
                filters,
                self.window,
                padding=padding,
                deviation=deviation,
                activation=self.activation,
            )
        return LocallyConnected(
            chain.shape,
            filters,
            self.window,
            padding=padding,
            deviation=deviation,
            activation=self.activation,
        )


@final
@dataclass(frozen=True)
class MLP:
    """Fully-connected layers alone: a multilayer perceptron, which knows nothing of where a pixel lies."""

    kind: ClassVar[str] = "mlp"

    classes: int = 10
    """How many classes the last layer tells apart."""
    side: int = 32
    """Height and width of the input, in pixels."""
    activation: str = "relu"
    """Function of every layer but the last: relu or tanh (section 3.1)."""
    units: tuple[int, ...] = (2400, 2000)
    """Units of each hidden layer."""

    def __post_init__(self) -> None:
        check_activation(self.activation)
        _check(self.classes, self.side, self.units)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages scale, fc1, fc2 ..., the last of which gives the logits."""
        chain = Chain(self.side)
        chain.add("scale", Scale((1 / PIXEL_DEVIATION,) * 3))
        for number, units in enumerate(self.units, 1):
            deviation = he_deviation(chain.values)
            layer = FullyConnected(chain.values, units, deviation=deviation, activation=self.activation)
            chain.add(f"fc{number}", layer)
        last = FullyConnected(chain.values, self.classes, activation="identity")
        chain.add(f"fc{len(self.units) + 1}", last)
        return tuple(chain.stages)


def _check(classes: int, side: int, widths: tuple[int, ...]) -> None:
    check_input(classes, side, least=8)
    if not all(width >= 1 for width in widths):
        raise RecipeError(f"a layer has at least one filter or unit: {widths} does not fit")
