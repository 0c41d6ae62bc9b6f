"""Whether a prepared data set is still what was prepared: its files against its card, and the card against itself."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from alexnet import files
from alexnet.data.dataset import Dataset
from alexnet.data.storage.card import CARD, Card, content_fingerprint
from alexnet.data.storage.shard_files import shard_file
from alexnet.errors import DataError


def damages(dataset: Dataset, progress: Callable[[int, int], None] = lambda done, total: None) -> list[str]:
    """Find what is no longer as it was prepared.

    Every file is compared with its SHA-256 on the card; labels, the mean and the list of unreadable pictures with
    what the card says of them; and the card's numbers with one another.

    Args:
        dataset: a data set, opened.
        progress: called with the files done and the files in all.
    Returns:
        one line for each file that is missing, cannot be read or has changed, and for each contradiction; none where
        all is well.
    """
    card, directory = dataset.card, dataset.directory
    work = [(directory / name, digest) for name, digest in card.sha256.items()]
    work += [
        (shard_file(directory, split, number, ending), digest)
        for split, part in card.splits.items()
        for number, shard in enumerate(part.shards)
        for ending, digest in shard.sha256.items()
    ]
    found = [f"{os.fspath(directory / CARD)!r} {words}" for words in _contradictions(card)]
    differing: set[str] = set()
    for done, (path, digest) in enumerate(work, 1):
        if words := _difference(path, digest):
            found.append(f"{os.fspath(path)!r} {words}")
            differing.add(path.name)
        progress(done, len(work))
    return found + list(_misfits(dataset, differing))


def _difference(path: Path, digest: str) -> str | None:
    """Say how a file differs from what its digest stands for."""
    if path.exists() and not path.is_file():
        return "is no regular file"
    try:
        return None if files.sha256(path) == digest else "is not what was prepared: its SHA-256 differs"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _contradictions(card: Card) -> Iterator[str]:
    """Say what a card says of itself that cannot be."""
    if card.changed:
        yield "is not what was written: it has been changed"
    digests = {split: [shard.sha256 for shard in part.shards] for split, part in card.splits.items()}
    if content_fingerprint(card.classes, card.side, digests) != card.fingerprint:
        yield "contradicts itself: the fingerprint is not that of its classes, side and files"
    if len(set(card.classes)) != len(card.classes):
        yield "contradicts itself: two classes have one name"
    for name, split in card.splits.items():
        counts = {split.pictures, sum(shard.count for shard in split.shards), sum(split.pictures_per_class)}
        if len(counts) > 1:
            yield f"contradicts itself: {name} is said to hold {' and '.join(map(str, sorted(counts)))} pictures"


def _misfits(dataset: Dataset, differing: set[str]) -> Iterator[str]:
    """Say which files do not hold what the card says, but for those that are known to differ from what was written."""
    card, path = dataset.card, dataset.directory / "skipped.jsonl"
    if "mean.npy" not in differing:
        yield from _refusal(lambda: dataset.mean)
    if path.name not in differing:
        yield from (refused := list(_refusal(lambda: dataset.unreadable)))
        if not refused and len(dataset.unreadable) != card.unreadable:
            yield f"{os.fspath(path)!r} lists {len(dataset.unreadable)} pictures, the card {card.unreadable}"
    for name, split in card.splits.items():
        if any(other.startswith(f"{name}-") and other.endswith(".labels.npy") for other in differing):
            continue
        yield from (refused := list(_refusal(partial(_labels, dataset, name))))
        if refused:
            continue
        counts = np.bincount(dataset.split(name).labels, minlength=len(card.classes))
        if counts.tolist() != list(split.pictures_per_class):
            path = dataset.directory / CARD
            yield f"{os.fspath(path)!r} gives other numbers of {name} pictures for the classes than their labels do"


def _labels(dataset: Dataset, split: str) -> np.ndarray:
    return dataset.split(split).labels


def _refusal(read: Callable[[], object]) -> Iterator[str]:
    """Yield what reading something raises, if it does."""
    try:
        read()
    except DataError as error:
        yield str(error)
