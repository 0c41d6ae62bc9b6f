"""A prepared data set, opened: memory-mapped pictures, labels, classes and statistics.

Nothing is read that is not asked for. Without this package, one shard is read in two lines of NumPy:

    images = numpy.load("train-00000.images.npy", mmap_mode="r")    # uint8, (n, 3, side, side), RGB
    labels = numpy.load("train-00000.labels.npy")                   # int64, (n,), places in card.json's
    classes
"""

import functools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from alexnet.cpu import thread_pool
from alexnet.data.encoding import PICTURES, JpegPictures, RawPictures, load_array
from alexnet.data.preparation.shards import Shard
from alexnet.errors import DataError, choices

CARD = "card.json"
FORMAT = "alexnet prepared pictures 1"


@dataclass(frozen=True)
class UnreadablePicture:
    """A picture that could not be read."""

    split: str
    name: str
    reason: str


class Dataset:
    """Pictures of one side, in splits, with their classes and statistics; see `Dataset.open`."""

    def __init__(self, directory: Path, card: dict[str, Any]) -> None:
        self.directory = directory
        self.card = card
        self.name: str = card["name"]
        self.side: int = card["side"]
        self.fingerprint: str = card["fingerprint"]
        self.classes: tuple[str, ...] = tuple(entry["name"] for entry in card["classes"])
        self.words: tuple[str, ...] = tuple(entry["words"] for entry in card["classes"])
        self.splits: tuple[str, ...] = tuple(card["splits"])

    @classmethod
    def open(cls, directory: str | Path) -> "Dataset":
        """Open a prepared directory.

        Raises:
            DataError: the directory holds no prepared data set, an unfinished one, or one of another version.
        """
        path = Path(directory) / CARD
        try:
            card = json.loads(path.read_text(encoding="ascii"))
        except FileNotFoundError:
            raise DataError(
                f"{os.fspath(directory)!r} holds no finished data set (no {CARD}): run `alexnet prepare`"
            ) from None
        except (OSError, ValueError) as error:
            raise DataError(
                f"{os.fspath(path)!r} cannot be read ({error}): prepare the data set again"
            ) from None
        found = card.get("format") if isinstance(card, dict) else None
        if found != FORMAT:
            raise DataError(
                f"{os.fspath(path)!r} is of format {found!r}, expected {FORMAT!r}: prepare it again"
            )
        return cls(Path(directory), card)

    @cached_property
    def mean(self) -> Tensor:
        """The mean of the training pictures: float32, (3, side, side), 0 to 255."""
        return torch.from_numpy(np.load(self.directory / "mean.npy"))

    @cached_property
    def colour_components(self) -> Tensor:
        """Float32, (3, 3): row i is sqrt(eigenvalue i) times eigenvector i of the training pixels'
        covariance."""
        return torch.tensor(self.card["colour_components"], dtype=torch.float32)

    @cached_property
    def unreadable(self) -> tuple[UnreadablePicture, ...]:
        """The pictures that could not be read, with reasons."""
        lines = (self.directory / "skipped.jsonl").read_text(encoding="ascii").splitlines()
        return tuple(UnreadablePicture(**json.loads(line)) for line in lines)

    def split(self, name: str) -> "Split":
        """Return the pictures of one split; DataError offers the choices."""
        if name not in self.splits:
            raise DataError(f"`{name}` is not a split of {self.name}; {choices(name, self.splits)}")
        counts = [shard["count"] for shard in self.card["splits"][name]["shards"]]
        return Split(self.directory, name, self.side, counts, self.card["encoding"])


class Split:
    """The pictures of one split, in the order they were prepared in.

    Shapes: N pictures in all, n asked for, `side` their height and width.
    """

    def __init__(self, directory: Path, name: str, side: int, counts: list[int], encoding: str) -> None:
        self.name = name
        self.encoding = encoding
        self.side = side
        self._directory = directory
        self._starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self._shards: dict[int, RawPictures | JpegPictures] = {}

    def __len__(self) -> int:
        return int(self._starts[-1])

    @cached_property
    def labels(self) -> np.ndarray:
        """The class of each picture: int64, (N,)."""
        parts = [load_array(self._file(number, "labels.npy")) for number in range(len(self._starts) - 1)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    @property
    def names(self) -> "Names":
        """The name of each picture; a shard's names are read when one of them is asked for."""
        return Names(self._starts, [self._file(n, "names.jsonl") for n in range(len(self._starts) - 1)])

    def images(self, indices: np.ndarray) -> Tensor:
        """Read pictures by their places.

        Args:
            indices: integers, (n,), 0 to N - 1, in any order.
        Returns:
            uint8 RGB, (n, 3, side, side).
        Raises:
            IndexError: a place is outside the split.
            DataError: a shard cannot be read, or is no longer what was prepared.
        """
        found, failed = self.read(indices)
        if failed:
            raise next(iter(failed.values()))
        return found

    def read(self, indices: np.ndarray) -> tuple[Tensor, dict[int, DataError]]:
        """Read pictures by their places, as `images` does, whether or not each can be read.

        Returns:
            the pictures; and the rows that could not be read, in order, with the reason: they are black.
        Raises:
            IndexError: a place is outside the split.
        """
        places = np.asarray(indices, dtype=np.int64)
        if places.size and (places.min() < 0 or places.max() >= len(self)):
            raise IndexError(
                f"{self.name} holds {len(self)} pictures: {places.min()} to {places.max()} asked for"
            )
        found = torch.empty((len(places), 3, self.side, self.side), dtype=torch.uint8, device="cpu")
        pixels = found.numpy()
        numbers = np.searchsorted(self._starts, places, side="right") - 1
        starts = self._starts[numbers]

        def read(row: int) -> DataError | None:
            try:
                self._shard(int(numbers[row])).read(int(places[row] - starts[row]), pixels[row])
            except DataError as error:
                pixels[row] = 0
                return error
            return None

        rows = range(len(places))
        decodes = self.encoding == "jpeg" and len(places) > 1
        failures = thread_pool().map(read, rows, chunksize=1) if decodes else map(read, rows)
        return found, {row: error for row, error in enumerate(failures) if error is not None}

    def _shard(self, number: int) -> RawPictures | JpegPictures:
        """Compare a shard with the card at its first use."""
        if number not in self._shards:
            count = int(self._starts[number + 1] - self._starts[number])
            place = functools.partial(self._file, number)
            self._shards[number] = PICTURES[self.encoding](place, count, self.side)
        return self._shards[number]

    def _file(self, number: int, ending: str) -> Path:
        return Shard(self.name, number, 0, 0).file(self._directory, ending)


class Names:
    """The names of a split's pictures, a sequence that reads what it needs."""

    def __init__(self, starts: np.ndarray, paths: list[Path]) -> None:
        self._starts, self._paths = starts, paths
        self._last: tuple[int, list[str]] = (-1, [])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self):
            raise IndexError(f"place {place} of {len(self)}")
        number = int(np.searchsorted(self._starts, place, side="right")) - 1
        if self._last[0] != number:
            lines = self._paths[number].read_text(encoding="ascii").splitlines()
            self._last = (number, [json.loads(line) for line in lines])
        return self._last[1][place - int(self._starts[number])]

    def __iter__(self) -> Iterator[str]:
        return (self[place] for place in range(len(self)))
