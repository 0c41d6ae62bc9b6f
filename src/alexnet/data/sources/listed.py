"""A source that is a list: labels in arrays, and a way to read picture i. Most layouts come down to this."""

import collections
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from alexnet.data.sources.division import FRACTION, SEED, held_out
from alexnet.data.sources.source import SPLITS, Example
from alexnet.errors import DataError

Read = Callable[[int], tuple[str, bytes | np.ndarray | DataError]]
"""From an index in the list to a name and a content, or the reason why it cannot be read."""


class Listed:
    """Labelled pictures by their index in a list.

    Args:
        name: a short name for people.
        classes: in the order of the labels.
        splits: for each split, the indices in the list that it shows, int64.
        labels: the class of each picture of the list, integers.
        read: reads one picture. It must be picklable: other processes read too.
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
        self._indices, self._labels, self._read, self._fingerprint = dict(splits), labels, read, fingerprint

    def count(self, split: str) -> int:
        """Return how many pictures a split lists."""
        return len(self._indices[split])

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the pictures of a split in the list's order; one that cannot be read carries the reason."""
        for index in self._indices[split][start:stop].tolist():
            name, content = self._read(index)
            yield Example(name, content, self.classes[int(self._labels[index])])

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
        indices, int64: "train" and "validation"; "train" alone where no class has two pictures.
    """
    counts = np.bincount(labels, minlength=len(classes))
    if len(counts) and counts.max() < 2:
        return {"train": np.arange(len(labels))}
    aside = np.zeros(len(labels), dtype=bool)
    grouped = np.split(np.argsort(labels, kind="stable"), np.cumsum(counts)[:-1])
    for name, indices in zip(classes, grouped, strict=True):
        aside[indices] = held_out(name, len(indices), fraction=fraction, seed=seed)
    return {"train": np.flatnonzero(~aside), "validation": np.flatnonzero(aside)}


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Tell classes of one name apart by their numbers: the thousand of ImageNet hold two cranes."""
    counts = collections.Counter(names)
    return tuple(f"{name} ({n})" if counts[name] > 1 else name for n, name in enumerate(names))
