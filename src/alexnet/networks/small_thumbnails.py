"""A small network for thumbnails, pictures of 32 pixels such as CIFAR-10's: five or six convolutional layers.

It has the paper's kinds of layers, overlapping pools and ReLU among them, and is meant for a plain processor.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, final

from alexnet.errors import RecipeError, choices
from alexnet.networks.chain import Chain
from alexnet.networks.checks import check_input
from alexnet.networks.layers.batch_normalization import BatchNormalization
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.layers.scale import Scale
from alexnet.networks.scaling import PIXEL_DEVIATION, he_deviation
from alexnet.networks.stage import Stage

NORMALIZATIONS: Final = ("batch", "response", "none")
_POOLED: Final = (1, 3, 5)  # the convolutions that a pool follows
_MOST_FILTERS: Final = 1024


@final
@dataclass(frozen=True)
class SmallThumbnails:
    """Five or six convolutional layers and a fully-connected one for crops of 28 from 32 pixels; 0.4 million weights.

    Paper: no such network. Overlapping pools, ReLU and response normalisation are the paper's; windows of 3 x 3 are
    Simonyan and Zisserman's (2015), initial weights He et al.'s (2015), and batch normalisation, which is the
    default, Ioffe and Szegedy's (2015).
    """

    kind: ClassVar[str] = "small-32"

    classes: int = 10
    """How many classes the last layer tells apart."""
    side: int = 28
    """Height and width of the input, in pixels: of pictures of 32, as the paper's 224 of 256."""
    filters: tuple[int, ...] = (32, 32, 128, 128, 128)
    """Filters of conv1 to conv5, or to conv6."""
    normalization: str = "batch"
    """batch, of each channel over the batch; response, the paper's (section 3.3); or none."""

    def __post_init__(self) -> None:
        check_input(self.classes, self.side, least=12)
        if len(self.filters) not in (5, 6) or not all(1 <= count <= _MOST_FILTERS for count in self.filters):
            raise RecipeError(
                f"filters={self.filters} does not fit: 5 or 6 numbers of 1 to {_MOST_FILTERS:,}"
            )
        if self.normalization not in NORMALIZATIONS:
            raise RecipeError(
                f"`{self.normalization}` is not a normalization; {choices(self.normalization, NORMALIZATIONS)}"
            )

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages scale, conv1, pool1, norm1, conv2, norm2, conv3, pool3 ... and a last layer, fc6 or fc7."""
        chain = Chain(self.side)
        chain.add("scale", Scale((1 / PIXEL_DEVIATION,) * 3))
        for number, filters in enumerate(self.filters, 1):
            channels = chain.shape[0]
            he = he_deviation(channels * 3 * 3)
            chain.add(f"conv{number}", Convolution(channels, filters, 3, padding=1, deviation=he))
            if number in _POOLED:
                chain.add(f"pool{number}", Pool(3, 2))
            if self.normalization == "batch":
                chain.add(f"norm{number}", BatchNormalization(filters))
            elif self.normalization == "response":
                chain.add(f"norm{number}", ResponseNormalization(5, alpha=1e-4, beta=0.75, k=2.0))
        last = FullyConnected(chain.values, self.classes, activation="identity")
        chain.add(f"fc{len(self.filters) + 1}", last)
        return tuple(chain.stages)
