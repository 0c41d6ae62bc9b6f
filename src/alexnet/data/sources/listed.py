"""A source that is a list: labels in arrays, and a way to read picture i. Most layouts come down to this."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from alexnet.data.sources.division import FRACTION, SEED, held_out
from alexnet.data.sources.source import SPLITS, Example
from alexnet.errors import DataError

Read = Callable[[int], tuple[str, bytes | np.ndarray | DataError]]
"""From a place in the list to a name and a content, or the reason why it cannot be read."""


class Listed:
    """Labelled pictures by their place in a list.

    Args:
        name: a short name for people.
        classes: in the order of the labels.
        splits: for each split, the places in the list that it shows, int64.
        labels: the class of each place, integers.
        read: reads one place. It must be picklable: other processes read too.
        fingerprint: changes when the pictures do.
        words: readable names of classes.
        notes: what the card should say of the source.
    """

    def __init__(
        self,
        name: str,
        *,
        classes: tuple[str, ...],
        splits: Mapping[str, np.ndarray],
        labels: np.ndarray,
        read: Read,
        fingerprint: str,
        words: Mapping[str, str] | None = None,
        notes: Mapping[str, object] | None = None,
    ) -> None:
        self.name, self.classes = name, classes
        self.words, self.notes = dict(words or {}), dict(notes or {})
        self.splits = tuple(split for split in SPLITS if split in splits)
        self._places, self._labels, self._read, self._fingerprint = dict(splits), labels, read, fingerprint

    def count(self, split: str) -> int:
        """Return how many pictures a split lists."""
        return len(self._places[split])

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the pictures of a split in the list's order; one that cannot be read carries the reason."""
        for place in self._places[split][start:stop].tolist():
            name, content = self._read(place)
            yield Example(name, content, self.classes[int(self._labels[place])])

    def fingerprint(self) -> str:
        """Return what the maker gave."""
        return self._fingerprint


def divided(
    labels: np.ndarray, classes: tuple[str, ...], *, fraction: float = FRACTION, seed: int = SEED
) -> dict[str, np.ndarray]:
    """Set validation pictures aside where a list has none; see `held_out`.

    Args:
        labels: integers, (N,).
        classes: the names of the labels.
        fraction: the part of each class to set aside.
        seed: decides which pictures those are.
    Returns:
        places, int64: "train" and "validation"; "train" alone where no class has two pictures.
    """
    counts = np.bincount(labels, minlength=len(classes))
    if len(counts) and counts.max() < 2:
        return {"train": np.arange(len(labels))}
    aside = np.zeros(len(labels), dtype=bool)
    grouped = np.split(np.argsort(labels, kind="stable"), np.cumsum(counts)[:-1])
    for name, places in zip(classes, grouped, strict=True):
        aside[places] = held_out(name, len(places), fraction=fraction, seed=seed)
    return {"train": np.flatnonzero(~aside), "validation": np.flatnonzero(aside)}
