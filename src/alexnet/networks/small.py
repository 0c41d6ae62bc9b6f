"""Small networks for 32 x 32 pictures, in the vocabulary of the large one.

Three of them are the CIFAR-10 networks of the 2012 program (its layer files 80sec, 18pct and
conv-local-13pct); the fourth is the four-layer network of figure 1, whose paper gives no more than that
number of layers: ours is stated at `FigureOne`.
"""

from dataclasses import dataclass
from typing import ClassVar, final

from alexnet.networks.chain import Chain
from alexnet.networks.checks import check_input
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import check_activation
from alexnet.networks.layers.locally_connected import LocallyConnected
from alexnet.networks.layers.normalization import MapNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.stage import Stage


@final
@dataclass(frozen=True)
class Cifar18:
    """Three convolutional layers and one fully-connected: 18% error on CIFAR-10 (layers-18pct.cfg)."""

    kind: ClassVar[str] = "cifar-18pct"

    classes: int = 10
    """How many classes fc4 tells apart."""
    side: int = 32
    """Height and width of the input, in pixels."""
    activation: str = "relu"
    """Function of the convolutional layers: relu or tanh (section 3.1)."""
    normalization: bool = True
    """Normalise each map after the first two pools (layers rnorm1 and rnorm2 of the file)."""
    deviation: float = 1e-4
    """Standard deviation of conv1's initial weights (initW of the file)."""

    def __post_init__(self) -> None:
        _check(self.activation, self.classes, self.side)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, pool1, norm1, conv2, pool2, norm2, conv3, pool3, fc4."""
        chain = Chain(self.side)
        relu = self.activation
        _convolution(chain, "conv1", 32, deviation=self.deviation, activation=relu)
        chain.add("pool1", Pool(3, 2))
        if self.normalization:
            chain.add("norm1", MapNormalization(3, scale=5e-5, power=0.75))
        _convolution(chain, "conv2", 32, activation=relu)
        chain.add("pool2", Pool(3, 2, kind="average"))
        if self.normalization:
            chain.add("norm2", MapNormalization(3, scale=5e-5, power=0.75))
        _convolution(chain, "conv3", 64, activation=relu)
        chain.add("pool3", Pool(3, 2, kind="average"))
        chain.add("fc4", FullyConnected(chain.values, self.classes, activation="identity"))
        return tuple(chain.stages)


@final
@dataclass(frozen=True)
class Cifar80Seconds:
    """Three convolutional and two fully-connected layers: 26% error in 80 seconds (layers-80sec.cfg)."""

    kind: ClassVar[str] = "cifar-80sec"

    classes: int = 10
    """How many classes fc5 tells apart."""
    side: int = 32
    """Height and width of the input, in pixels."""
    activation: str = "relu"
    """Function of every layer but the last: relu or tanh (section 3.1)."""

    def __post_init__(self) -> None:
        _check(self.activation, self.classes, self.side)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, pool1, conv2, pool2, conv3, pool3, fc4, fc5."""
        chain = Chain(self.side)
        relu = self.activation
        _convolution(chain, "conv1", 32, deviation=1e-4, activation=relu)
        chain.add("pool1", Pool(3, 2))
        _convolution(chain, "conv2", 32, activation=relu)
        chain.add("pool2", Pool(3, 2, kind="average"))
        _convolution(chain, "conv3", 64, activation=relu)
        chain.add("pool3", Pool(3, 2, kind="average"))
        chain.add("fc4", FullyConnected(chain.values, 64, deviation=0.1, activation=relu))
        chain.add("fc5", FullyConnected(64, self.classes, deviation=0.1, activation="identity"))
        return tuple(chain.stages)


@final
@dataclass(frozen=True)
class ConvLocal13:
    """Two convolutional and two locally-connected layers: 13% error (layers-conv-local-13pct.cfg)."""

    kind: ClassVar[str] = "cifar-conv-local-13pct"

    classes: int = 10
    """How many classes fc5 tells apart."""
    side: int = 32
    """Height and width of the input, in pixels; the program trained on crops of 24."""
    activation: str = "relu"
    """Function of every layer but the last: relu or tanh (section 3.1)."""

    def __post_init__(self) -> None:
        _check(self.activation, self.classes, self.side)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, pool1, conv2, pool2, local3, local4, fc5."""
        chain = Chain(self.side)
        relu = self.activation
        _convolution(chain, "conv1", 64, deviation=1e-4, activation=relu)
        chain.add("pool1", Pool(3, 2))
        _convolution(chain, "conv2", 64, activation=relu)
        chain.add("pool2", Pool(3, 2))
        for name in ("local3", "local4"):
            local = LocallyConnected(chain.shape, 32, 3, padding=1, deviation=0.04, activation=relu)
            chain.add(name, local)
        chain.add("fc5", FullyConnected(chain.values, self.classes, activation="identity"))
        return tuple(chain.stages)


@final
@dataclass(frozen=True)
class FigureOne:
    """A four-layer convolutional network, to be trained with relu or tanh as in figure 1 (section 3.1).

    Paper: figure 1 says no more than "a four-layer convolutional neural network" without regularisation;
    this one has the three convolutional layers of the 80-second network and one fully-connected layer.

    Initial weights are those of the program's CIFAR-10 networks: N(0, 1e-4) in conv1, which sees pixels of
    deviation 64, and N(0, 0.01) above, so that activities begin small and both functions learn from the same
    rates: 0.001 to 0.003 at 50 pictures of CIFAR-10 a step, ReLU sooner. Weights that keep the size of
    activities from layer to layer (He et al. 2015) give conv1 gradients 25 times as large: at those rates ReLU
    is soon infinite or dead, while tanh, which is bounded, goes on.
    """

    kind: ClassVar[str] = "figure-1"

    classes: int = 10
    """How many classes fc4 tells apart."""
    side: int = 32
    """Height and width of the input, in pixels."""
    activation: str = "relu"
    """relu for the solid line of figure 1, tanh for the dashed one."""

    def __post_init__(self) -> None:
        _check(self.activation, self.classes, self.side)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, pool1, conv2, pool2, conv3, pool3, fc4."""
        chain = Chain(self.side)
        for number, filters, deviation in ((1, 32, 1e-4), (2, 32, 0.01), (3, 64, 0.01)):
            _convolution(chain, f"conv{number}", filters, deviation=deviation, activation=self.activation)
            chain.add(f"pool{number}", Pool(3, 2))
        chain.add("fc4", FullyConnected(chain.values, self.classes, activation="identity"))
        return tuple(chain.stages)


def _convolution(chain: Chain, name: str, filters: int, *, activation: str, deviation: float = 0.01) -> None:
    """Append a convolution of 5 x 5 pixels that keeps the size of the maps, as all of these networks have it."""
    channels = chain.shape[0]
    layer = Convolution(channels, filters, 5, padding=2, deviation=deviation, activation=activation)
    chain.add(name, layer)


def _check(activation: str, classes: int, side: int) -> None:
    check_activation(activation)
    check_input(classes, side, least=8)
