"""A change of an index: all of it or nothing, and at no time is there half of one.

Shapes: n pictures at a time, D values of a vector.
"""

import contextlib
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch

from alexnet import files
from alexnet.errors import AlexNetError, SearchError
from alexnet.search.index import IndexCard, Rows
from alexnet.search.storage.header import (
    FILE,
    HEADER,
    FileCard,
    Header,
    ShardCard,
    file_card,
    named_files,
    write_header,
)
from alexnet.search.storage.shard import OpenShard
from alexnet.search.storage.store import Store

SHARD_BYTES: Final = 1 << 28
"""Of the vectors of a shard: what has to be written again where a picture is added to a full index."""
SHARD_ROWS: Final = 1 << 20
_COPIED: Final = 1 << 24
"""Bytes of vectors that are copied at a time."""


@contextlib.contextmanager
def changing(folder: Path, card: IndexCard) -> "Iterator[Change]":
    """Give what makes an index; it takes the place of the one that is there when the block ends well.

    Args:
        folder: where; made if it is not there.
        card: what the index holds from then on.
    Raises:
        SearchError: the folder holds something else.
        AlexNetError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with files.locked(folder):
            _check_ours(folder)
            change = Change(folder, card)
            try:
                yield change
                write_header(folder, change.finished())
            finally:
                change.close()
                _tidy(folder)
    except OSError as error:
        raise AlexNetError(
            f"{os.fspath(folder)!r} cannot be written ({error.strerror or error}): make room, or choose another folder"
        ) from error


def nothing(change: "Change") -> None:
    """Add no files of a kind's own."""


def add(
    store: Store, rows: Iterable[Rows], card: IndexCard, finish: "Callable[[Change], None]" = nothing
) -> Store:
    """Put pictures after those of an index, all of them or none.

    Args:
        store: the index as it was opened.
        rows: some pictures at a time.
        card: the index's card from then on, as `Index.add` takes it.
        finish: adds the kind's own files, when all pictures are there.
    Returns:
        the index as it is then.
    Raises:
        SearchError: another process has changed what the index's labels mean.
    """
    with changing(store.folder, card) as change:
        change.keep(_current(store))
        for some in rows:
            change.append(some)
        finish(change)
    return Store(store.folder)


def remove(store: Store, names: Collection[str], finish: "Callable[[Change], None]" = nothing) -> Store:
    """Remove pictures of an index by their names.

    Args:
        store: the index as it was opened.
        names: every picture of such a name goes.
        finish: adds the kind's own files, when all pictures are there.
    Returns:
        the index as it is then.
    """
    gone = frozenset(names)
    with changing(store.folder, store.card) as change:
        current = _current(store)
        change.keep(current, np.fromiter((name not in gone for name in current.names()), bool, len(current)))
        finish(change)
    return Store(store.folder)


def _current(store: Store) -> Store:
    """Return an index as it is now that nobody else can change it."""
    now = Store(store.folder)
    if now.card != store.card:
        raise SearchError(f"{os.fspath(store.folder)!r} has been changed by another process: open it again")
    return now


@final
class Change:
    """What a new index is made with: pictures in order, then the kind's own files and settings."""

    def __init__(self, folder: Path, card: IndexCard) -> None:
        self.folder, self.card = folder, card
        self.settings: Mapping[str, Any] = {}
        """The kind's own: plain values, ready for JSON."""
        self._shard_rows = max(
            1, min(SHARD_ROWS, SHARD_BYTES // (card.dimension * np.dtype(card.dtype).itemsize))
        )
        self._shards: list[ShardCard] = []
        self._files: dict[str, FileCard] = {}
        self._parts: dict[str, Path] = {}
        self._open: OpenShard | None = None

    def append(self, rows: Rows) -> None:
        """Put pictures after those that are there.

        Raises:
            ValueError: vectors of another shape or type, or that are not finite.
        """
        kind = (rows.vectors.shape[1:], rows.vectors.dtype)
        if kind != ((self.card.dimension,), np.dtype(self.card.dtype)) or not _finite(rows.vectors):
            raise ValueError(
                f"vectors of {kind}: expected finite {self.card.dtype}, (n, {self.card.dimension})"
            )
        for start, stop in self._pieces(len(rows.vectors)):
            self._shard().write(
                Rows(
                    rows.vectors[start:stop],
                    rows.names[start:stop],
                    rows.labels[start:stop],
                    rows.origins[start:stop],
                )
            )
            self._end_full_shard()

    def keep(self, store: Store, kept: np.ndarray | None = None) -> None:
        """Take over pictures of an index, before anything else: shards that stay the same are not written again.

        Args:
            store: of the same folder, dimension and type.
            kept: bool, (N,): which; left out, all.
        """
        first = 0
        for card, shard in zip(store.header.shards, store.shards, strict=True):
            mask = np.ones(shard.count, bool) if kept is None else kept[first : first + shard.count]
            first += shard.count
            if mask.all() and shard.count == self._shard_rows and self._open is None:
                self._shards.append(card)
                names = (card.vectors, card.records, card.names)
                self._files.update({name: store.header.files[name] for name in names})
            else:
                self._copy(store, first - shard.count + np.flatnonzero(mask))

    def _copy(self, store: Store, rows: np.ndarray) -> None:
        size = max(1, _COPIED // (4 * self.card.dimension))
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            entries = store.entries(part)
            vectors = store.vectors(part).astype(self.card.dtype)  # the same values again
            self.append(Rows(vectors, entries.names, entries.labels, entries.origins))

    def stored(self) -> Store:
        """Return all pictures as the new index will have them; none can be appended after that."""
        self._end_shard()
        return Store(self.folder, self._header())

    def part(self, name: str, ending: str = "npy") -> Path:
        """Return where to write a file of the kind's own: it is there when the index is.

        Args:
            name: what it is, in small letters, by which `Store.part` finds it.
            ending: of the file.
        """
        if name not in self._parts:
            self._parts[name] = self.folder / f".{name}.{secrets.token_hex(4)}.{ending}.tmp"
        return self._parts[name]

    def keep_part(self, store: Store, name: str) -> None:
        """Take over a file of the kind's own as it is."""
        own = store.header.parts[name]
        self._parts[name], self._files[own] = self.folder / own, store.header.files[own]

    def finished(self) -> Header:
        """End all files, and return the header that names them."""
        self._end_shard()
        for name, path in self._parts.items():
            if path.suffix == ".tmp":
                self._parts[name] = self.folder / self._named(path, name, path.suffixes[-2][1:])
        files.flush(self.folder)
        return self._header()

    def close(self) -> None:
        """Leave what is not finished."""
        if self._open is not None:
            self._open.close()

    def _header(self) -> Header:
        parts = {name: path.name for name, path in self._parts.items() if path.suffix != ".tmp"}
        return Header(
            self.card, self._shard_rows, tuple(self._shards), parts, dict(self.settings), dict(self._files)
        )

    def _pieces(self, count: int) -> Iterator[tuple[int, int]]:
        """Yield where rows are cut, so that each piece goes into one shard."""
        start = 0
        while start < count:
            stop = min(count, start + self._shard_rows - self._shard().count)
            yield start, stop
            start = stop

    def _shard(self) -> "OpenShard":
        if self._open is None:
            self._open = OpenShard(self.folder, self.card)
        return self._open

    def _end_full_shard(self) -> None:
        if self._shard().count == self._shard_rows:
            self._end_shard()

    def _end_shard(self) -> None:
        """End the files of the shard that is being written."""
        if self._open is None or self._open.count == 0:
            return
        opened, number = self._open, len(self._shards)
        vectors, records, names = opened.end()
        self._open = None
        self._shards.append(
            ShardCard(
                opened.count,
                self._named(vectors, f"vectors-{number:05d}", "npy"),
                self._named(records, f"records-{number:05d}", "npy"),
                self._named(names, f"names-{number:05d}", "txt"),
            )
        )

    def _named(self, path: Path, name: str, ending: str) -> str:
        """Call a file that is written by its digest, and return the name."""
        files.flush(path)
        card = file_card(path)
        final_name = f"{name}-{card.sha256[:16]}.{ending}"
        if not FILE.fullmatch(final_name):
            raise ValueError(f"{name!r}, {ending!r}: expected small letters and digits")
        target = path.with_name(final_name)
        os.replace(
            path, target
        )  # perhaps over the same bytes of another time, which are then read to be compared
        self._files[final_name] = card
        return final_name


def _check_ours(folder: Path) -> None:
    """Refuse a folder that holds anything but an index, or what is left of one."""
    strange = [name for name in os.listdir(folder) if name != HEADER and not _is_ours(name)]
    if strange:
        raise SearchError(
            f"{os.fspath(folder)!r} is not empty, and {sorted(strange)[0]!r} is no part of an index: give another"
        )


def _finite(vectors: np.ndarray) -> bool:
    return bool(torch.from_numpy(np.ascontiguousarray(vectors)).isfinite().all())


def _is_ours(name: str) -> bool:
    return bool(FILE.fullmatch(name)) or (name.startswith(".") and name.endswith(".tmp"))


def _tidy(folder: Path) -> None:
    """Remove files of an index that its header does not name: of an older one, or of one that was not finished."""
    named = named_files(folder)
    for name in os.listdir(folder):
        if _is_ours(name) and (name.startswith(".") or (named is not None and name not in named)):
            os.unlink(folder / name)
    if not named:
        with contextlib.suppress(OSError):  # that it is not empty
            folder.rmdir()
