"""A source that is a list of files, whoever wrote it: each entry names a file, its class and perhaps its split."""

import array
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, final

import numpy as np

from alexnet.data.sources.division import FRACTION, SEED
from alexnet.data.sources.files.remote import is_remote, open_file, read_file
from alexnet.data.sources.folders import check_same_classes
from alexnet.data.sources.listed import Listed, divided
from alexnet.data.sources.source import SPLITS, natural
from alexnet.errors import DataError
from alexnet.text import Texts

LINE_LETTERS: Final = 2**20
"""What a line of a list may have at most."""
_DIVISION: Final = {"method": "stratified", "fraction": FRACTION, "seed": SEED}


@final
@dataclass(frozen=True)
class Entry:
    """One picture of a list."""

    file: str
    """Its path, relative to the list's folder or absolute, or its address."""
    label: str
    """The name of its class."""
    split: str | None
    """One of `SPLITS`; None where the list does not say."""


@final
class ListedFiles:
    """Reads the files that a list names: relative to the list's folder, absolute, or remote."""

    def __init__(self, folder: str, names: Texts) -> None:
        self.folder, self.names = folder, names

    def __call__(self, index: int) -> tuple[str, bytes | DataError]:
        name = self.names[index]
        try:
            return name, read_file(name if is_remote(name) else os.path.join(self.folder, name))
        except DataError as error:
            return name, error


def list_of_files(
    path: str,
    entries: Iterable[Entry],
    fingerprint: str,
    *,
    order: Sequence[str] | None = None,
    words: Mapping[str, str] | None = None,
) -> Listed:
    """Make a source of a list's entries. Where none has a split, a part of each class is set aside for validation.

    Args:
        path: of the list: files are relative to its folder.
        entries: in the list's order.
        fingerprint: changes when the list does.
        order: the classes in their order; left out, the natural order of their names.
        words: readable names of classes.
    Raises:
        DataError: there are none, some have a split and some not, or classes differ between the splits.
    """
    names, numbers, parts = Texts(), array.array("i"), array.array("b")
    known: dict[str, int] = {}
    for entry in entries:
        names.append(entry.file)
        numbers.append(known.setdefault(entry.label, len(known)))
        parts.append(-1 if entry.split is None else SPLITS.index(entry.split))
    if not names:
        raise DataError(f"{path!r} lists no pictures")
    classes = tuple(sorted(known, key=natural) if order is None else order)
    to_label = np.empty(len(known), dtype=np.int32)
    to_label[[known[name] for name in classes]] = np.arange(len(known))
    labels, split_numbers = to_label[np.frombuffer(numbers, np.int32)], np.frombuffer(parts, np.int8)
    return Listed(
        Path(path).stem,
        classes=classes,
        splits=_splits(split_numbers, labels, classes, path),
        labels=labels,
        read=ListedFiles(os.path.dirname(os.path.abspath(path)), names),
        fingerprint=fingerprint,
        words=words,
        notes={"origin": path, "division": None if split_numbers.max() >= 0 else _DIVISION},
    )


def open_list(path: str) -> TextIO:
    """Open a list as text: names of undecodable bytes come back as they were.

    Raises:
        DataError: it cannot be read, or is no regular file.
    """
    try:
        file = open_file(path)
    except DataError as error:
        raise DataError(f"{path!r} cannot be read: {str(error).removeprefix('unreadable: ')}") from None
    return io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")


def lines(file: TextIO, path: str) -> Iterator[str]:
    """Yield the lines of a list, with their ends.

    Raises:
        DataError: a line is longer than any list's, or the disk fails.
    """
    number = 0
    try:
        while line := file.readline(LINE_LETTERS):
            number += 1
            if len(line) == LINE_LETTERS:
                raise DataError(f"{path}:{number}: the line has over {LINE_LETTERS:,} letters: it is no list")
            yield line
    except OSError as error:
        raise DataError(f"{path!r} cannot be read: {error.strerror}") from None


def _splits(
    split_numbers: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], path: str
) -> dict[str, np.ndarray]:
    """Return which entries each split shows, dividing where the list does not."""
    if split_numbers.max() < 0:
        return divided(labels, classes)
    if split_numbers.min() < 0:
        raise DataError(f"{path!r} names the split of some pictures only: name it for all or for none")
    splits = {
        split: np.flatnonzero(split_numbers == number)
        for number, split in enumerate(SPLITS)
        if (split_numbers == number).any()
    }
    if "train" not in splits:
        raise DataError(f"{path!r} lists no training pictures: its splits are {', '.join(splits)}")
    training = {classes[label] for label in np.unique(labels[splits["train"]])}
    for split in splits:
        present = [classes[label] for label in np.unique(labels[splits[split]])]
        check_same_classes(path, tuple(sorted(training, key=natural)), present, split)
    return splits
