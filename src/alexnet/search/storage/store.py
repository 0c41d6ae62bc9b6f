"""The vectors, names and labels of an index, read where they lie: any number of processes share the same memory.

Shapes: N pictures in all, n asked for, D values of a vector.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

import numpy as np
from numpy.typing import DTypeLike

from alexnet.errors import SearchError
from alexnet.search.index import UNLABELLED, Entries
from alexnet.search.storage.header import HEADER, Header, check_file, damaged, read_header
from alexnet.search.storage.shard import RECORD, Shard, as_float32, mapped

_ATTEMPTS: Final = 20
"""To open an index that others go on changing."""


@final
class Store:
    """What every kind of index that lies in a folder builds upon: exact vectors, and what they are of.

    Args:
        folder: of the index.
        header: what lies there; left out, as the folder says.
    Raises:
        SearchError: there is no index, or something of it is not what was written.
    """

    def __init__(self, folder: Path, header: Header | None = None) -> None:
        self.folder = folder
        if header is not None:
            self._map(header)
            return
        for attempt in range(_ATTEMPTS):
            seen = _changed(folder)
            try:
                self._map(read_header(folder))
                return
            except (SearchError, OSError) as error:  # perhaps files that a new header no longer names
                if _changed(folder) == seen or attempt == _ATTEMPTS - 1:
                    raise error if isinstance(error, SearchError) else damaged(folder, str(error)) from None

    def _map(self, header: Header) -> None:
        card = header.card
        self.header, self.card = header, card
        self.shards = [Shard(self.folder, shard, card.dimension, card.dtype) for shard in header.shards]
        self._starts = np.concatenate(
            [[0], np.cumsum([shard.count for shard in self.shards], dtype=np.int64)]
        )

    def __len__(self) -> int:
        return int(self._starts[-1])

    def spans(self) -> Iterator[tuple[int, Shard]]:
        """Yield the shards in order, each with the row that it begins at."""
        yield from zip(self._starts.tolist(), self.shards, strict=False)

    def blocks(self, rows: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield all vectors in order, some at a time: the row that they begin at, and a view of them, (n, D).

        Args:
            rows: how many at a time, at most; nothing is copied.
        """
        for first, shard in self.spans():
            for start in range(0, shard.count, rows):
                yield first + start, shard.vectors[start : start + rows]

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return vectors by their rows.

        Args:
            rows: integers of any shape, 0 to N - 1.
        Returns:
            float32, the same shape and D.
        """
        found, wanted = np.empty((rows.size, self.card.dimension), self.card.dtype), rows.reshape(-1)
        if wanted.size and not 0 <= wanted.min() <= wanted.max() < len(self):
            raise IndexError(f"the index holds {len(self)} pictures: rows are 0 to {len(self) - 1}")
        for first, shard in self.spans():
            here = (wanted >= first) & (wanted < first + shard.count)
            found[here] = shard.vectors[wanted[here] - first]
        return as_float32(found).reshape(*rows.shape, self.card.dimension)

    def labels(self) -> np.ndarray:
        """Return the label of every picture: int64, (N,), in memory."""
        parts = [shard.records["label"] for shard in self.shards]
        return np.concatenate([np.zeros(0, np.int64), *parts])

    def names(self) -> Iterator[str]:
        """Yield the name of every picture, in order."""
        for shard in self.shards:
            yield from map(shard.name, range(shard.count))

    def entries(self, rows: np.ndarray) -> Entries:
        """Return what is known of pictures; see `Index.entries`."""
        names, records = [], np.zeros(rows.size, RECORD)
        for position, (shard, row) in enumerate(self._found(rows)):
            names.append(shard.name(row))
            records[position] = shard.records[row]
        known = (records["label"] >= 0) & (records["label"] < len(self.card.classes))
        origins = np.stack([records["source"], records["number"]], axis=1)
        return Entries(tuple(names), np.where(known, records["label"], UNLABELLED), origins)

    def part(self, name: str) -> Path:
        """Return where a file of the kind's own lies, by what it was called in `Change.part`.

        Raises:
            SearchError: there is none.
        """
        if name not in self.header.parts:
            raise damaged(self.folder / HEADER, f"it has no {name}")
        return self.folder / self.header.parts[name]

    def array(self, name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> np.ndarray:
        """Return a part that is a .npy file, memory-mapped.

        Args:
            name: as `part` takes it.
            dtype, shape: what it has to be.
        Raises:
            SearchError: it is something else.
        """
        return mapped(self.part(name), dtype, shape)

    def check(self) -> None:
        """Compare every file with its digest, whatever its time; SearchError names one that differs."""
        for name, card in self.header.files.items():
            check_file(self.folder, name, card, whole=True)

    def size(self) -> int:
        """Return the bytes of all its files but the header."""
        return sum(card.size for card in self.header.files.values())

    def close(self) -> None:
        """Let go of the files; nothing can be read after that."""
        self.shards = []
        self._starts = np.zeros(1, np.int64)

    def _found(self, rows: np.ndarray) -> Iterator[tuple[Shard, int]]:
        numbers = np.searchsorted(self._starts, rows.reshape(-1), side="right") - 1
        for number, row in zip(numbers.tolist(), rows.reshape(-1).tolist(), strict=True):
            if not 0 <= row < len(self):
                raise IndexError(f"the index holds {len(self)} pictures: there is no row {row}")
            yield self.shards[number], row - int(self._starts[number])


def _changed(folder: Path) -> int:
    """Return what differs once the header is another file."""
    try:
        return os.stat(folder / HEADER).st_ino
    except OSError:
        return 0
