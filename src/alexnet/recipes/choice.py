"""The recipe that fits pictures when none is asked for: by their number, their size, and the weights that lie here."""

from dataclasses import dataclass
from typing import Final, Self, final

from alexnet.data.dataset import Dataset
from alexnet.data.sources.naming import default_side
from alexnet.data.sources.source import Source
from alexnet.networks.small import FigureOne
from alexnet.networks.stage import Architecture
from alexnet.recipes.transfer import START
from alexnet.weights.finding import find
from alexnet.weights.shipped import known

FEW: Final = 20_000
"""Training pictures below which learned features are gone on from: so many teach a small network good ones."""
MANY: Final = 200_000
"""Training pictures from which on the paper's network and its 60 million parameters are worth their time."""
LARGE: Final = 128
"""Pixels of a picture's shorter side from which on a network of 224 pixels sees more than one of 56."""
PUBLISHED: Final = ("torchvision", "caffenet", "caffe")
"""Published weights in the order in which they are gone on from, where they lie here."""


@final
@dataclass(frozen=True)
class PictureFacts:
    """What a recipe is chosen by."""

    name: str
    """Of the data."""
    count: int
    """Training pictures."""
    side: int
    """Their natural height and width, in pixels: 256 for large ones."""

    @classmethod
    def of_source(cls, source: Source) -> Self:
        """Return what is known of pictures that are still to be prepared."""
        return cls(source.name, source.count("train"), default_side(source))

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> Self:
        """Return what is known of prepared pictures, at the side that they are stored at."""
        return cls(dataset.name, len(dataset.split("train")), dataset.card.side)


@final
@dataclass(frozen=True)
class Choice:
    """A recipe that nobody has asked for, and why it was taken."""

    recipe: str
    """Its name."""
    reason: str
    """Why, and how to have another, in a line."""
    start: str = ""
    """The weights that it begins with; empty for new ones."""


def choose(
    pictures: PictureFacts,
    *,
    network: Architecture | None = None,
    activation: str | None = None,
    start: str | None = None,
) -> Choice:
    """Choose the recipe that suits pictures, or the network that is asked for.

    Args:
        pictures: what is known of them.
        network: the network that is asked for, if one is.
        activation: the function that is asked for in place of the network's own, if one is.
        start: the weights that are asked for; empty for new ones, None where nothing was said.
    Raises:
        CheckpointError: a card of the package's own weights is damaged.
    """
    if start:
        return Choice("transfer", f"it begins with {start} (--recipe NAME trains otherwise)", start)
    if isinstance(network, FigureOne):
        name = "figure-1-tanh" if (activation or network.activation) == "tanh" else "figure-1"
        return Choice(name, "figure 1 of the paper")
    if network is not None:
        return Choice(
            "cifar-18pct" if network.side < 224 else "paper", f"a network of {network.side} pixels was named"
        )
    if pictures.name == "digits":
        return Choice("digits", "they are the digits")
    if pictures.count < FEW and start is None and (found := _weights(pictures)):
        return Choice(
            "transfer",
            f"{pictures.count:,} pictures are few, and the weights `{found}` know features already "
            "(--from none learns its own, --recipe NAME trains otherwise)",
            found,
        )
    if pictures.side < 48:
        return Choice("cifar-18pct", f"pictures of {pictures.side} pixels are small")
    if pictures.count < MANY or pictures.side < 224:
        return Choice(
            "small",
            f"{pictures.count:,} pictures of {pictures.side} pixels suit a small network (--recipe paper: the paper's)",
        )
    return Choice("paper", f"{pictures.count:,} pictures are enough for 60 million parameters")


def _weights(pictures: PictureFacts) -> str | None:
    """Return the name of the best weights for pictures that lie on this machine; None where none do."""
    names = (*PUBLISHED, START) if pictures.side >= LARGE else (START,)
    weights = known()
    return next((name for name in names if name in weights and find(weights[name]) is not None), None)
