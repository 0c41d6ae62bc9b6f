"""The networks that were trained, which are not quite the one that is printed.

The program's definition of the network of the paper's tables says, where it differs from section 3:

* conv1's output is normalised before it is rectified: conv1, norm1, pool1, relu1;
* normalisation stays within a column, and its alpha is divided by the window's five maps;
* after norm2 each map is normalised once more, over 5 x 5 neighbours (rnorm2), which the text leaves out;
* the weights of conv3, conv4 and conv5 are drawn from N(0, 0.03).
"""

from dataclasses import dataclass
from typing import ClassVar, final

from alexnet.errors import RecipeError
from alexnet.networks.alexnet import FILTERS
from alexnet.networks.chain import Chain
from alexnet.networks.checks import check_input
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.stage import Stage
from alexnet.networks.variants import SMALLEST


@final
@dataclass(frozen=True)
class AsTrained:
    """The network of the paper's results, as its definition file (layers-145.cfg) has it, columns merged."""

    kind: ClassVar[str] = "as-trained"

    classes: int = 1000
    """How many classes fc8 tells apart."""
    side: int = 224
    """Height and width of the input, in pixels; 224 to 227 give the same shapes."""
    columns: int = 2
    """1 halves the filters but for conv5 (section 3.2, note 2; layers-145-half.cfg)."""
    normalization: bool = True
    """Without, there is neither kind of normalisation (section 3.3; layers-148.cfg)."""
    overlapping_pooling: bool = True
    """Without, pools are 2 x 2 and conv2 and conv5 are padded by 1 less (section 3.4; layers-147.cfg)."""

    def __post_init__(self) -> None:
        check_input(self.classes, self.side, least=SMALLEST)
        if self.columns not in (1, 2):
            raise RecipeError(f"{self.columns} columns were not trained; choices: 1 or 2 (section 3.2)")

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, norm1, pool1, relu1, conv2, norm2, rnorm2 ... fc7, dropout7, fc8."""
        chain = _convolutional(
            self.side, self.columns, normalized=self.normalization, overlapping=self.overlapping_pooling
        )
        _classifier(chain, self.classes)
        return tuple(chain.stages)


@final
@dataclass(frozen=True)
class SixLayer:
    """The network of the pre-trained entries: a sixth convolutional layer over the last pool (table 2, *).

    Paper: section 6 adds "an extra sixth convolutional layer over the last pooling layer"; its size, 3 x 3
    over both columns and 2 x 128 filters, is that of the definition file (layers-146-2012-2011.cfg).
    """

    kind: ClassVar[str] = "six-layer"

    classes: int = 1000
    """How many classes fc8 tells apart."""
    side: int = 224
    """Height and width of the input, in pixels; 224 to 227 give the same shapes."""

    def __post_init__(self) -> None:
        check_input(self.classes, self.side, least=SMALLEST)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages of as-trained with conv6 after pool5."""
        chain = _convolutional(self.side)
        chain.add("conv6", Convolution(256, 256, 3, padding=1, deviation=0.03, constant=1.0))
        _classifier(chain, self.classes)
        return tuple(chain.stages)


def _convolutional(
    side: int, columns: int = 2, *, normalized: bool = True, overlapping: bool = True
) -> Chain:
    """String the stages up to pool5."""
    chain = Chain(side)
    size, less = (3, 0) if overlapping else (2, 1)
    first, second, third, fourth, fifth = FILTERS[columns]
    chain.add("conv1", Convolution(3, first, 11, stride=4, activation="identity"))
    if normalized:
        chain.add("norm1", ResponseNormalization(5, alpha=1e-4, beta=0.75, k=2.0, groups=columns))
    chain.add("pool1", Pool(size, 2))
    chain.add("relu1", Neuron("relu"))
    chain.add("conv2", Convolution(first, second, 5, padding=2 - less, groups=columns, constant=1.0))
    if normalized:
        chain.add("norm2", ResponseNormalization(5, alpha=1e-4, beta=0.75, k=2.0, groups=columns))
        chain.add("rnorm2", MapNormalization(5, scale=1e-3, power=0.75))
    chain.add("pool2", Pool(size, 2))
    for name, filters, padding, groups, constant in (
        ("conv3", third, 1, 1, 0.0),
        ("conv4", fourth, 1, columns, 1.0),
        ("conv5", fifth, 1 - less, columns, 1.0),
    ):
        layer = Convolution(
            chain.shape[0], filters, 3, padding=padding, groups=groups, deviation=0.03, constant=constant
        )
        chain.add(name, layer)
    chain.add("pool5", Pool(size, 2))
    return chain


def _classifier(chain: Chain, classes: int) -> None:
    """String the fully-connected layers, dropout after the first two."""
    for number in (6, 7):
        chain.add(f"fc{number}", FullyConnected(chain.values, 4096, constant=1.0))
        chain.add(f"dropout{number}", Dropout(0.5))
    chain.add("fc8", FullyConnected(chain.values, classes, activation="identity"))
