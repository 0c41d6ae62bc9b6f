"""The network as printed in section 3, each choice of sections 3 and 4 a field."""

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
from alexnet.networks.stage import Stage

FILTERS: Final = {  # of conv1 ... conv5, by columns
    1: (48, 128, 192, 192, 256),
    2: (96, 256, 384, 384, 256),
}


@final
@dataclass(frozen=True)
class AlexNet:
    """The network of section 3: five convolutional and three fully-connected layers.

    Raises:
        RecipeError: a choice that does not exist or does not fit the others.
    """

    kind: ClassVar[str] = "alexnet"

    classes: int = 1000
    """How many classes fc8 tells apart (section 3.5)."""
    side: int = 224
    """Height and width of the input, in pixels (section 3.5)."""
    columns: int = 2
    """2 as printed; 1 halves the kernels but for conv5 and the fully-connected layers (section 3.2, note 2)."""
    activation: str = "relu"
    """Function of every layer but the last: relu, or tanh as in figure 1 (section 3.1)."""
    normalization: bool = True
    """Normalise responses after conv1 and conv2 (section 3.3)."""
    normalization_within_columns: bool = False
    """Keep the normalisation's window within its column, as the two-GPU program did; the text does not say."""
    overlapping_pooling: bool = True
    """Pool 3 x 3 windows with a stride of 2; without, 2 x 2 windows (section 3.4)."""
    dropout: bool = True
    """Drop units of fc6 and fc7 in training (section 4.2)."""
    keep: float = 0.5
    """The probability with which dropout keeps a unit (section 4.2)."""
    without: tuple[str, ...] = ()
    """Middle layers to leave out, of conv2 ... fc7; their normalisation goes, their pooling stays (section 7)."""
    units: int = 4096
    """Units of fc6 and of fc7 (section 3.5)."""

    def __post_init__(self) -> None:
        check_activation(self.activation)
        check_input(self.classes, self.side, least=36)
        if self.units < 1:
            raise RecipeError(f"fc6 and fc7 need at least one unit, not {self.units}")
        check_columns(self.columns)
        check_keep(self.keep)
        check_left_out(self.without)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, norm1, pool1, conv2 ... fc7, dropout7, fc8."""
        chain = Chain(self.side)
        first, second, third, fourth, fifth = FILTERS[self.columns]
        self._convolution(chain, "conv1", first, 11, stride=4, constant=0.0)
        self._normalization(chain, "norm1", after="conv1")
        self._pool(chain, "pool1")
        self._convolution(chain, "conv2", second, 5, padding=2, groups=self.columns, constant=1.0)
        self._normalization(chain, "norm2", after="conv2")
        self._pool(chain, "pool2")
        self._convolution(chain, "conv3", third, 3, padding=1, constant=0.0)
        self._convolution(chain, "conv4", fourth, 3, padding=1, groups=self.columns, constant=1.0)
        self._convolution(chain, "conv5", fifth, 3, padding=1, groups=self.columns, constant=1.0)
        self._pool(chain, "pool5")
        self._fully_connected(chain, "fc6", dropout="dropout6")
        self._fully_connected(chain, "fc7", dropout="dropout7")
        chain.add("fc8", FullyConnected(chain.values, self.classes, activation="identity"))
        return tuple(chain.stages)

    def _convolution(
        self,
        chain: Chain,
        name: str,
        filters: int,
        size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        constant: float,
    ) -> None:
        if name in self.without:
            return
        layer = Convolution(
            chain.shape[0],
            filters,
            size,
            stride=stride,
            padding=padding,
            groups=groups,
            constant=constant,
            activation=self.activation,
        )
        chain.add(name, layer)

    def _normalization(self, chain: Chain, name: str, *, after: str) -> None:
        if self.normalization and after not in self.without:
            groups = self.columns if self.normalization_within_columns else 1
            chain.add(name, ResponseNormalization(5, alpha=1e-4, beta=0.75, k=2.0, groups=groups))

    def _pool(self, chain: Chain, name: str) -> None:
        chain.add(name, Pool(3 if self.overlapping_pooling else 2, 2))

    def _fully_connected(self, chain: Chain, name: str, *, dropout: str) -> None:
        if name in self.without:
            return
        layer = FullyConnected(chain.values, self.units, constant=1.0, activation=self.activation)
        chain.add(name, layer)
        if self.dropout:
            chain.add(dropout, Dropout(self.keep))
