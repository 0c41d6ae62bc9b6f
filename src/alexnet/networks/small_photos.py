"""A small network for photos: the paper's five convolutional layers at a quarter of its side.

It is meant to be trained in minutes on a plain processor, and to be gone on from on few pictures.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, final

from alexnet.errors import RecipeError, choices
from alexnet.networks.chain import Chain
from alexnet.networks.checks import check_input, check_keep
from alexnet.networks.layers.batch_normalization import BatchNormalization
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.scaling import PIXEL_DEVIATION, he_deviation
from alexnet.networks.stage import Stage

FILTERS: Final = (32, 64, 128, 128, 256)  # of conv1 ... conv5
_WITHOUT: Final = ("fc6",)


@final
@dataclass(frozen=True)
class SmallPhotos:
    """Five convolutional and two fully-connected layers for pictures of 64 pixels; 1.7 million weights.

    Paper: no such network. Overlapping pools and ReLU are the paper's; windows of 3 x 3 are Simonyan and
    Zisserman's (2015), initial weights He et al.'s (2015), which keep the size of activities from layer to layer,
    and batch normalisation is Ioffe and Szegedy's (2015).
    """

    kind: ClassVar[str] = "small"

    classes: int = 1000
    """How many classes fc7 tells apart."""
    side: int = 56
    """Height and width of the input, in pixels: of pictures of 64, as the paper's 224 of 256."""
    normalization: bool = True
    """Normalise each channel over the batch, after the pools; not the paper's response normalisation."""
    keep: float = 1.0
    """The probability with which dropout keeps a unit of fc6 (section 4.2); 1 drops none."""
    units: int = 512
    """Units of fc6."""
    without: tuple[str, ...] = ()
    """fc6, to leave it out: the last layer then reads the last maps."""

    def __post_init__(self) -> None:
        if self.classes < 1 or self.units < 1:
            raise RecipeError(
                f"a network needs at least one class and one unit, not {self.classes} and {self.units}"
            )
        check_input(self.classes, self.side, least=24)
        check_keep(self.keep)
        for name in self.without:
            if name not in _WITHOUT:
                raise RecipeError(f"`{name}` cannot be left out; {choices(name, _WITHOUT)}")

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, norm1, conv2, pool2, norm2, conv3, norm3, conv4, pool4 ... fc6, dropout6, fc7."""
        chain = Chain(self.side)
        first, second, third, fourth, fifth = FILTERS
        self._convolution(chain, "conv1", first, size=5, stride=2, deviation=PIXEL_DEVIATION)
        self._normalization(chain, "norm1")
        self._convolution(chain, "conv2", second)
        chain.add("pool2", Pool(3, 2))
        self._normalization(chain, "norm2")
        self._convolution(chain, "conv3", third)
        self._normalization(chain, "norm3")
        self._convolution(chain, "conv4", fourth)
        chain.add("pool4", Pool(3, 2))
        self._normalization(chain, "norm4")
        self._convolution(chain, "conv5", fifth)
        chain.add("pool5", Pool(3, 2))
        self._normalization(chain, "norm5")
        if "fc6" not in self.without:
            chain.add("fc6", FullyConnected(chain.values, self.units, deviation=he_deviation(chain.values)))
            if self.keep < 1.0:
                chain.add("dropout6", Dropout(self.keep, rescaled=True))
        chain.add("fc7", FullyConnected(chain.values, self.classes, activation="identity"))
        return tuple(chain.stages)

    def _convolution(
        self, chain: Chain, name: str, filters: int, *, size: int = 3, stride: int = 1, deviation: float = 1.0
    ) -> None:
        """Append a convolution whose weights suit inputs of a deviation."""
        channels = chain.shape[0]
        he = he_deviation(channels * size * size) / deviation
        layer = Convolution(channels, filters, size, stride=stride, padding=size // 2, deviation=he)
        chain.add(name, layer)

    def _normalization(self, chain: Chain, name: str) -> None:
        if self.normalization:
            chain.add(name, BatchNormalization(chain.shape[0]))
