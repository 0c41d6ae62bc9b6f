"""A data set by its name, its prepared directory, or the source it is to be prepared from."""

import os
from collections.abc import Callable
from pathlib import Path

from alexnet import files
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import preparation_key, prepare
from alexnet.data.quarantine import quarantine_of, read_quarantine
from alexnet.data.sources.naming import NAMED, default_side, source_named
from alexnet.data.sources.source import Source
from alexnet.data.sources.unlabelled import unlabelled
from alexnet.data.storage.card import CARD
from alexnet.errors import DataError
from alexnet.text import visible


def open_dataset(
    name_or_path: str | Path,
    *,
    side: int | Callable[[Source], int] = default_side,
    quarantine: str | Path | None = None,
) -> Dataset:
    """Open a data set, preparing it once if it is not prepared.

    Args:
        name_or_path: a name (`digits`, `cifar10`, ...), a prepared directory, or a source as `open_source` reads
            it. A name wins over a path; write ./digits for a directory of that name.
        side: height and width of the pictures, in pixels, or what chooses it for a source that is to be prepared;
            left out, 256, or the pictures' own where they are small, such as CIFAR's 32.
        quarantine: a list of pictures to leave out, as `alexnet check` writes it; left out, the one that lies with
            the pictures, if there is one.
    Returns:
        the data set. What had to be prepared is kept in the user's cache folder, under a key that changes
        with the source's files and the side.
    Raises:
        DataError: there is no such data set, it cannot be used, or it is prepared at another side or with
            pictures that the list would leave out.
    """
    name = os.fspath(name_or_path)
    if name in NAMED:
        return _cached(NAMED[name](), side, quarantine)
    path = Path(name)
    if os.path.exists(path / CARD):
        dataset = Dataset.open(path)
        if isinstance(side, int) and side != dataset.side:
            raise DataError(
                f"{name!r} is prepared at a side of {dataset.side}, not {side}: prepare its source again"
            )
        _check_left_out(dataset, quarantine)
        return dataset
    return _cached(source_named(name), side, quarantine)


def open_unlabelled(folder: str | Path, *, side: int | Callable[[Source], int] = default_side) -> Dataset:
    """Open the pictures in a folder and below it as a data set of one class, preparing it once.

    Args:
        folder: with pictures; no folder in it is taken for a class.
        side: as `open_dataset` takes it.
    Raises:
        DataError: there is no such folder, no picture in it, or too many cannot be read.
    """
    if not os.path.isdir(folder):
        raise DataError(f"{os.fspath(folder)!r} is no folder: pictures without classes are given as one")
    return _cached(unlabelled(folder), side, None)


def _check_left_out(dataset: Dataset, quarantine: str | Path | None) -> None:
    """Refuse a prepared data set that has pictures which a list would leave out."""
    if quarantine is None:
        return
    shown = sorted(
        read_quarantine(quarantine).keys() - {unreadable.name for unreadable in dataset.unreadable}
    )
    if shown:
        raise DataError(
            f"{os.fspath(dataset.directory)!r} is prepared, and {visible(shown[0])} of {os.fspath(quarantine)!r} "
            f"is not left out of it ({len(shown)} such): prepare its source again with --quarantine"
        )


def _cached(source: Source, side: int | Callable[[Source], int], quarantine: str | Path | None) -> Dataset:
    """Open a source's preparation in the cache folder, making it if need be."""
    side = side if isinstance(side, int) else side(source)
    quarantine = quarantine or quarantine_of(source)
    listed = read_quarantine(quarantine) if quarantine else None
    key = preparation_key(source, side, quarantine=listed)
    directory = files.home() / "prepared" / f"{source.name}-{side}-{key[:16]}"
    return prepare(source, directory, side=side, quarantine=quarantine)
