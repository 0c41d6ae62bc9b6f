"""The paper's network for pictures of 32 pixels, each choice of sections 3 and 4 a field: minutes, not days."""

from dataclasses import dataclass
from typing import ClassVar, Final, final

from alexnet.errors import RecipeError
from alexnet.networks.chain import Chain
from alexnet.networks.checks import check_columns, check_input, check_keep, check_left_out
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import check_activation
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.layers.scale import Scale
from alexnet.networks.scaling import PIXEL_DEVIATION, he_deviation
from alexnet.networks.stage import Stage

FILTERS: Final = {  # of conv1 ... conv5, by columns: halved as AlexNet's are
    1: (16, 32, 48, 48, 64),
    2: (32, 64, 96, 96, 64),
}


@final
@dataclass(frozen=True)
class AlexNetSmall:
    """Five convolutional and three fully-connected layers in two columns, as the paper's, for small pictures.

    Stages, columns, normalisation and pools are the network's of section 3, with the same inputs to each. Paper:
    windows of conv1 are 5 x 5 with a stride of 1, there are an eighth to a quarter of the filters, pixels are
    divided by their deviation, and initial weights are He et al.'s (2015), biases 0, so that it learns within the
    first of few epochs; N(0, 0.01) in eight narrow layers stands still for many. Dropout rescales in training.
    """

    kind: ClassVar[str] = "alexnet-small"

    classes: int = 10
    """How many classes fc8 tells apart."""
    side: int = 24
    """Height and width of the input, in pixels: of pictures of 32, as the crops of the 2012 program for CIFAR-10."""
    columns: int = 2
    """2 as printed; 1 halves the kernels but for conv5 and the fully-connected layers (section 3.2, note 2)."""
    activation: str = "relu"
    """Function of every layer but the last: relu or tanh (section 3.1)."""
    normalization: bool = True
    """Normalise responses after conv1 and conv2 (section 3.3)."""
    overlapping_pooling: bool = True
    """Pool 3 x 3 windows with a stride of 2; without, 2 x 2 windows (section 3.4)."""
    keep: float = 0.5
    """The probability with which dropout keeps a unit of fc6 and fc7 (section 4.2); 1 drops none."""
    without: tuple[str, ...] = ()
    """Middle layers to leave out, of conv2 ... fc7; their normalisation goes, their pooling stays (section 7)."""
    units: int = 256
    """Units of fc6 and of fc7."""

    def __post_init__(self) -> None:
        check_activation(self.activation)
        if self.classes < 1 or self.units < 1:
            raise RecipeError(
                f"a network needs at least one class and one unit, not {self.classes} and {self.units}"
            )
        check_columns(self.columns)
        check_input(self.classes, self.side, least=16)
        check_keep(self.keep)
        check_left_out(self.without)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages scale, conv1, norm1, pool1, conv2 ... fc7, dropout7, fc8."""
        chain = Chain(self.side)
        first, second, third, fourth, fifth = FILTERS[self.columns]
        chain.add("scale", Scale((1 / PIXEL_DEVIATION,) * 3))
        self._convolution(chain, "conv1", first, 5)
        self._normalization(chain, "norm1", after="conv1")
        self._pool(chain, "pool1")
        self._convolution(chain, "conv2", second, 5, groups=self.columns)
        self._normalization(chain, "norm2", after="conv2")
        self._pool(chain, "pool2")
        self._convolution(chain, "conv3", third, 3)
        self._convolution(chain, "conv4", fourth, 3, groups=self.columns)
        self._convolution(chain, "conv5", fifth, 3, groups=self.columns)
        self._pool(chain, "pool5")
        self._fully_connected(chain, "fc6", dropout="dropout6")
        self._fully_connected(chain, "fc7", dropout="dropout7")
        chain.add("fc8", FullyConnected(chain.values, self.classes, activation="identity"))
        return tuple(chain.stages)

    def _convolution(self, chain: Chain, name: str, filters: int, size: int, *, groups: int = 1) -> None:
        if name in self.without:
            return
        channels = chain.shape[0]
        layer = Convolution(
            channels,
            filters,
            size,
            padding=size // 2,
            groups=groups,
            deviation=he_deviation(channels // groups * size**2),
            activation=self.activation,
        )
        chain.add(name, layer)

    def _normalization(self, chain: Chain, name: str, *, after: str) -> None:
        if self.normalization and after not in self.without:
            chain.add(name, ResponseNormalization(5, alpha=1e-4, beta=0.75, k=2.0))

    def _pool(self, chain: Chain, name: str) -> None:
        chain.add(name, Pool(3 if self.overlapping_pooling else 2, 2))

    def _fully_connected(self, chain: Chain, name: str, *, dropout: str) -> None:
        if name in self.without:
            return
        deviation = he_deviation(chain.values)
        chain.add(
            name, FullyConnected(chain.values, self.units, deviation=deviation, activation=self.activation)
        )
        if self.keep < 1.0:
            chain.add(dropout, Dropout(self.keep, rescaled=True))
