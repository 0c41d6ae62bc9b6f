"""The shards of one split on the disk: its pictures, labels and names, each read when it is asked for.

Shapes: N pictures in all, S their height and width.
"""

import functools
import json
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np

from alexnet.data.encoding import PICTURES, JpegPictures, RawPictures, load_array
from alexnet.data.preparation.shards import Shard


@final
class StoredSplit:
    """The pictures of one split as they were prepared. Sent to another process, it opens its files anew there.

    Args:
        directory: the prepared directory.
        name: of the split.
        side: S, in pixels.
        counts: how many pictures each shard holds, by the card.
        encoding: "raw" or "jpeg".
    """

    def __init__(self, directory: Path, name: str, side: int, counts: tuple[int, ...], encoding: str) -> None:
        self.directory, self.name, self.side, self.encoding = directory, name, side, encoding
        self._counts = counts
        self._starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self._shards: dict[int, RawPictures | JpegPictures] = {}
        self._last_names: tuple[int, list[str]] = (-1, [])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __reduce__(self) -> tuple[type["StoredSplit"], tuple[object, ...]]:
        return StoredSplit, (self.directory, self.name, self.side, self._counts, self.encoding)

    @cached_property
    def labels(self) -> np.ndarray:
        """The class of each picture: int64, (N,)."""
        parts = [load_array(self._file(number, "labels.npy")) for number in range(len(self._counts))]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def name_of(self, index: int) -> str:
        """Return the name of a picture, 0 to N - 1; the names of its shard are read, and kept until another's are."""
        number, row = self._find(index)
        if self._last_names[0] != number:
            lines = self._file(number, "names.jsonl").read_text(encoding="ascii").splitlines()
            self._last_names = (number, [json.loads(line) for line in lines])
        return self._last_names[1][row]

    def read(self, index: int, pixels: np.ndarray) -> None:
        """Read a picture, 0 to N - 1, into uint8 RGB (3, S, S), contiguous.

        Raises:
            DataError: it cannot be read, or its shard is no longer what was prepared.
        """
        number, row = self._find(index)
        if number not in self._shards:  # compared with the card at its first use
            path_of = functools.partial(self._file, number)
            self._shards[number] = PICTURES[self.encoding](path_of, self._counts[number], self.side)
        self._shards[number].read(row, pixels)

    def _find(self, index: int) -> tuple[int, int]:
        """Return the shard of a picture, and its row there."""
        number = int(np.searchsorted(self._starts, index, side="right")) - 1
        return number, index - int(self._starts[number])

    def _file(self, number: int, ending: str) -> Path:
        return Shard(self.name, number, 0, 0).file(self.directory, ending)
