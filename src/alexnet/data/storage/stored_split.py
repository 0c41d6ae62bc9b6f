"""The shards of one split on the disk: its pictures, labels and names, each read when it is asked for.

Shapes: N pictures in all, S their height and width, K classes.
"""

import functools
import json
from functools import cached_property
from pathlib import Path
from typing import Final, final

import numpy as np

from alexnet import files
from alexnet.data.storage.arrays import damaged, read_labels
from alexnet.data.storage.encoding import PICTURES, JpegPictures, RawPictures
from alexnet.data.storage.shard_files import shard_file

_NAMES_BYTES: Final = 2**30
"""What the names of a shard may have: 65,536 of the longest paths there are."""


@final
class StoredSplit:
    """The pictures of one split as they were prepared. Sent to another process, it opens its files anew there.

    Args:
        directory: the prepared directory.
        name: of the split.
        side: S, in pixels.
        counts: how many pictures each shard holds, by the card.
        encoding: "raw" or "jpeg".
        classes: K, how many there are.
    """

    def __init__(
        self, directory: Path, name: str, side: int, counts: tuple[int, ...], encoding: str, classes: int
    ) -> None:
        self.directory, self.name, self.side, self.encoding = directory, name, side, encoding
        self._counts, self._classes = counts, classes
        self._starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self._shards: dict[int, RawPictures | JpegPictures] = {}
        self._last_names: tuple[int, list[str]] = (-1, [])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __reduce__(self) -> tuple[type["StoredSplit"], tuple[object, ...]]:
        return StoredSplit, (self.directory, self.name, self.side, self._counts, self.encoding, self._classes)

    @cached_property
    def labels(self) -> np.ndarray:
        """The class of each picture: int64, (N,), 0 to K - 1; DataError where they are not what was prepared."""
        parts = [np.zeros(0, np.int64)]
        for number, count in enumerate(self._counts):
            parts.append(read_labels(self._file(number, "labels.npy"), count, self._classes))
        return np.concatenate(parts)

    def name_of(self, index: int) -> str:
        """Return the name of a picture, 0 to N - 1; the names of its shard stay in memory until another's are read.

        Raises:
            DataError: the names of its shard cannot be read, or are not what was prepared.
        """
        number, row = self._find(index)
        if self._last_names[0] != number:
            self._last_names = (number, self._names(number))
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

    def _names(self, number: int) -> list[str]:
        """Read the names of one shard."""
        path = self._file(number, "names.jsonl")
        try:
            names = [
                json.loads(line)
                for line in files.read_bounded(path, _NAMES_BYTES).decode("ascii").splitlines()
            ]
        except OSError as error:
            raise damaged(path, error.strerror or str(error)) from None
        except (ValueError, RecursionError) as error:
            raise damaged(path, f"it is no list of names: {str(error)[:120]}") from None
        if len(names) != self._counts[number] or not all(isinstance(name, str) for name in names):
            raise damaged(path, f"it does not have a name for each of {self._counts[number]} pictures")
        return names

    def _find(self, index: int) -> tuple[int, int]:
        """Return the shard of a picture, and its row there."""
        number = int(np.searchsorted(self._starts, index, side="right")) - 1
        return number, index - int(self._starts[number])

    def _file(self, number: int, ending: str) -> Path:
        return shard_file(self.directory, self.name, number, ending)
