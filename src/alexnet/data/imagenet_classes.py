"""The thousand classes of ImageNet's challenge of 2012, in the two orders that circulate.

A logit stands for a class only by an order, and files of weights do not hold it. The development kit of the
challenge numbers the classes from 1 (kit fox) to 1000 (dumbbell), as do its labels and submissions. Caffe,
torchvision and most others sort the synsets: 0 is n01440764 (tench), 999 is n15075141 (toilet tissue).
"""

import functools
import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alexnet.errors import DataError, choices

ORDERS: Final = {
    "sorted": "by synset, as Caffe and torchvision have it",
    "devkit": "by the numbers of the challenge's development kit",
}


@dataclass(frozen=True)
class Synset:
    """One class of the challenge."""

    name: str
    """Its synset in WordNet, for instance n02119789."""
    number: int
    """Its number in the development kit (ILSVRC2012_ID), 1 to 1000."""
    words: str
    """What it is called, for instance "kit fox, Vulpes macrotis"; not unique: there are two cranes."""


@functools.cache
def imagenet_classes(order: str = "sorted") -> tuple[Synset, ...]:
    """Return the thousand classes in an order of `ORDERS`: "sorted" or "devkit".

    Raises:
        DataError: an order that does not exist.
    """
    if order not in ORDERS:
        raise DataError(f"`{order}` is not an order of the thousand classes; {choices(order, ORDERS)}")
    table = importlib.resources.files("alexnet.data").joinpath("imagenet/classes.tsv")
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    classes = (Synset(name, int(number), words) for name, number, words in rows)
    return tuple(sorted(classes, key=lambda one: one.number)) if order == "devkit" else tuple(classes)


def order_of(names: Sequence[str]) -> str | None:
    """Return in which order of `ORDERS` these names (synsets or words) list the thousand classes, if any."""
    for order in ORDERS:
        classes = imagenet_classes(order)
        for listed in ([one.name for one in classes], [one.words for one in classes]):
            if list(names) == listed:
                return order
    return None


def words_of(name: str) -> str:
    """Return the words of a synset of the challenge; the name itself when it is none of them."""
    return _words().get(name, name)


@functools.cache
def _words() -> dict[str, str]:
    return {one.name: one.words for one in imagenet_classes()}
