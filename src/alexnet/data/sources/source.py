"""What every source offers, and what it yields."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from alexnet.errors import DataError

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Example:
    """One labelled picture as its source holds it."""

    name: str
    """Where it lies in its source, as a person would look for it."""
    content: bytes | np.ndarray | DataError
    """The picture's file; or its pixels, uint8 RGB (H, W, 3); or the reason why it could not be read."""
    label: str
    """The name of its class."""


class Source(Protocol):
    """Labelled pictures in a fixed order: the same for every process on every machine."""

    @property
    def name(self) -> str:
        """A short name for people."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Those of "train", "validation" and "test" that there are."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; a class's index here is its label."""

    @property
    def words(self) -> Mapping[str, str]:
        """Readable names of those classes that have one."""

    @property
    def notes(self) -> Mapping[str, object]:
        """What the card should say of where the pictures come from and how they were divided."""

    def count(self, split: str) -> int:
        """Return how many examples a split lists, readable or not."""

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the examples of a split from number `start` up to `stop`, in the source's order."""

    def fingerprint(self) -> str:
        """Return a short text that changes when the pictures do: names, sizes, times; no contents are
        read."""


def natural(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return the key that sorts names as people do: class9 before class10; ties by the plain text."""
    pieces = re.split(r"(\d+)", name.casefold())
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces), name
