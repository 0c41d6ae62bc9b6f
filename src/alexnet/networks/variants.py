"""The other networks that go by the name AlexNet, in the words of this package: conv1 ... fc8.

How each differs from the others, and what error it reaches, is one table in docs/networks.md.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, final

from alexnet.errors import RecipeError
from alexnet.networks.chain import Chain
from alexnet.networks.checks import check_input
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.layers.scale import Scale
from alexnet.networks.stage import Stage

SMALLEST: Final = 67
"""Pixels of the smallest input."""


@final
@dataclass(frozen=True)
class OneWeirdTrick:
    """The one-column network of Krizhevsky 2014, "One weird trick for parallelizing ...".

    Its layers, initial weights and biases are those of the program of that year, cuda-convnet 2, in
    layers/layers-imagenet-1gpu.cfg; the constants of normalisation in layers/layer-params-imagenet-1gpu.cfg.
    """

    kind: ClassVar[str] = "one-weird-trick"

    classes: int = 1000
    """How many classes fc8 tells apart."""
    side: int = 224
    """Height and width of the input, in pixels."""

    def __post_init__(self) -> None:
        check_input(self.classes, self.side, least=SMALLEST)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, norm1, pool1, relu1, conv2, norm2 ... fc7, dropout7, fc8."""
        chain = Chain(self.side)
        chain.add("conv1", Convolution(3, 64, 11, stride=4, activation="identity"))
        chain.add("norm1", ResponseNormalization(5, alpha=1e-4, beta=0.75, k=2.0))
        chain.add("pool1", Pool(3, 2))
        chain.add("relu1", Neuron("relu"))
        chain.add("conv2", Convolution(64, 192, 5, padding=2, constant=1.0))
        chain.add("norm2", ResponseNormalization(5, alpha=1e-4, beta=0.75, k=2.0))
        chain.add("pool2", Pool(3, 2))
        for name, filters, constant in (("conv3", 384, 0.0), ("conv4", 256, 1.0), ("conv5", 256, 1.0)):
            channels = chain.shape[0]
            chain.add(name, Convolution(channels, filters, 3, padding=1, deviation=0.03, constant=constant))
        chain.add("pool5", Pool(3, 2))
        for number in (6, 7):
            chain.add(f"fc{number}", FullyConnected(chain.values, 4096, constant=1.0))
            chain.add(f"dropout{number}", Dropout(0.5))
        # -7 is about log(1 / 1000), as independent logistic units would want; a softmax does not see it.
        chain.add("fc8", FullyConnected(chain.values, self.classes, constant=-7.0, activation="identity"))
        return tuple(chain.stages)


@final
@dataclass(frozen=True)
class TorchVision:
    """The network that torchvision calls alexnet: one column of 2014, without normalisation.

    Windows that hang over the border are left out, conv1 is padded by 2 instead. Dropout comes before fc6 and
    fc7 and rescales in training. Initial weights have torch's standard deviation, 1 / sqrt(3 inputs), but are
    normal where torch's are uniform, and biases begin at 0. Pixels are divided by a deviation per colour in
    a stage of its own, so that the weights are torchvision's to the last bit and train at its rates.
    """

    kind: ClassVar[str] = "torchvision"

    classes: int = 1000
    """How many classes fc8 tells apart."""
    side: int = 224
    """Height and width of the input, in pixels; fc6 sees what pool5 leaves, 6 x 6 for 224."""
    deviations: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """What red, green and blue are divided by after the mean is subtracted, as parts of 255."""

    def __post_init__(self) -> None:
        check_input(self.classes, self.side, least=SMALLEST)
        if min(self.deviations) <= 0:
            raise RecipeError(f"deviations={self.deviations} cannot be divided by: all are above 0")

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages scale, conv1, pool1, conv2, pool2, conv3 ... pool5, dropout6, fc6 ... fc8."""
        chain = Chain(self.side)
        chain.add("scale", Scale(tuple(1 / (255 * deviation) for deviation in self.deviations)))
        self._convolution(chain, "conv1", 64, 11, stride=4, padding=2)
        chain.add("pool1", Pool(3, 2))
        self._convolution(chain, "conv2", 192, 5, padding=2)
        chain.add("pool2", Pool(3, 2))
        for name, filters in (("conv3", 384), ("conv4", 256), ("conv5", 256)):
            self._convolution(chain, name, filters, 3, padding=1)
        chain.add("pool5", Pool(3, 2))
        for number in (6, 7):
            chain.add(f"dropout{number}", Dropout(0.5, rescaled=True))
            deviation = (3 * chain.values) ** -0.5
            chain.add(f"fc{number}", FullyConnected(chain.values, 4096, deviation=deviation))
        deviation = (3 * chain.values) ** -0.5
        chain.add("fc8", FullyConnected(4096, self.classes, deviation=deviation, activation="identity"))
        return tuple(chain.stages)

    def _convolution(
        self, chain: Chain, name: str, filters: int, size: int, *, padding: int, stride: int = 1
    ) -> None:
        channels = chain.shape[0]
        deviation = (3 * channels * size**2) ** -0.5
        layer = Convolution(
            channels, filters, size, stride=stride, padding=padding, whole=True, deviation=deviation
        )
        chain.add(name, layer)


@final
@dataclass(frozen=True)
class Caffe:
    """Caffe's bvlc_alexnet: the printed network with k = 1, rescaling dropout and initial biases of 0.1."""

    kind: ClassVar[str] = "caffe"

    classes: int = 1000
    """How many classes fc8 tells apart."""
    side: int = 227
    """Height and width of the input, in pixels; 227 leaves nothing over conv1's border."""

    def __post_init__(self) -> None:
        check_input(self.classes, self.side, least=SMALLEST)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, norm1, pool1, conv2, norm2, pool2, conv3 ... fc7, dropout7, fc8."""
        return _caffe(self.side, self.classes, normalised_first=True, constant=0.1)


@final
@dataclass(frozen=True)
class CaffeNet:
    """Caffe's reference network: bvlc_alexnet with pool and normalisation swapped, and biases of 1."""

    kind: ClassVar[str] = "caffenet"

    classes: int = 1000
    """How many classes fc8 tells apart."""
    side: int = 227
    """Height and width of the input, in pixels; 227 leaves nothing over conv1's border."""

    def __post_init__(self) -> None:
        check_input(self.classes, self.side, least=SMALLEST)

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages conv1, pool1, norm1, conv2, pool2, norm2, conv3 ... fc7, dropout7, fc8."""
        return _caffe(self.side, self.classes, normalised_first=False, constant=1.0)


def _caffe(side: int, classes: int, *, normalised_first: bool, constant: float) -> tuple[Stage, ...]:
    chain = Chain(side)
    chain.add("conv1", Convolution(3, 96, 11, stride=4, whole=True))
    _caffe_summary(chain, 1, normalised_first=normalised_first)
    chain.add("conv2", Convolution(96, 256, 5, padding=2, groups=2, whole=True, constant=constant))
    _caffe_summary(chain, 2, normalised_first=normalised_first)
    chain.add("conv3", Convolution(256, 384, 3, padding=1, whole=True))
    chain.add("conv4", Convolution(384, 384, 3, padding=1, groups=2, whole=True, constant=constant))
    chain.add("conv5", Convolution(384, 256, 3, padding=1, groups=2, whole=True, constant=constant))
    chain.add("pool5", Pool(3, 2))
    for number in (6, 7):
        chain.add(f"fc{number}", FullyConnected(chain.values, 4096, deviation=0.005, constant=constant))
        chain.add(f"dropout{number}", Dropout(0.5, rescaled=True))
    chain.add("fc8", FullyConnected(chain.values, classes, activation="identity"))
    return tuple(chain.stages)


def _caffe_summary(chain: Chain, number: int, *, normalised_first: bool) -> None:
    normalization = ResponseNormalization(5, alpha=1e-4, beta=0.75, k=1.0)
    pool = Pool(3, 2)
    if normalised_first:
        chain.add(f"norm{number}", normalization)
        chain.add(f"pool{number}", pool)
    else:
        chain.add(f"pool{number}", pool)
        chain.add(f"norm{number}", normalization)
