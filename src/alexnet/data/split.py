"""The pictures of one split, as a sequence: all of them or some, at the side they are stored at or another.

Shapes: N pictures in all, n asked for, `side` their height and width.
"""

import operator
from collections.abc import Iterator
from functools import cached_property
from typing import Final, SupportsIndex, final, overload

import numpy as np
import torch
from torch import Tensor

from alexnet.cpu import thread_pool
from alexnet.data.decoding.images import square_pixels
from alexnet.data.storage.stored_split import StoredSplit
from alexnet.data.thumbnails import gallery
from alexnet.errors import DataError

_SHOWN: Final = 8
"""Pictures that a notebook shows of a split."""


@final
class Split(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """The pictures of one split, in the order they were prepared in: a sequence of pairs of picture and label.

    `split[i]` is a picture, uint8 RGB (3, side, side), and its label, a number of the data set's classes; `split[a:b]`
    is a Split of some of them. It can be given to `torch.utils.data.DataLoader`, whose workers open the files anew.

    Args:
        stored: the files.
        classes: the names of the data set's classes, in the order of the labels.
        words: a readable name of each.
        side: height and width that pictures are shown at, in pixels; where they are stored at another, they are
            scaled when they are read.
        rows: int64, (N,): which of the stored pictures there are; left out, all.
        order: int64, (side * side,): from which position, row by row, the pixel of each is taken; left out, its own.
    """

    def __init__(
        self,
        stored: StoredSplit,
        classes: tuple[str, ...],
        words: tuple[str, ...],
        side: int,
        rows: np.ndarray | None = None,
        order: np.ndarray | None = None,
    ) -> None:
        self.name, self.encoding = stored.name, stored.encoding
        self.classes, self.words, self.side = classes, words, side
        self._stored = stored
        self._rows = rows
        self._order = order

    def __len__(self) -> int:
        return len(self._stored if self._rows is None else self._rows)

    @overload
    def __getitem__(self, index: SupportsIndex) -> tuple[Tensor, int]: ...
    @overload
    def __getitem__(self, index: slice) -> "Split": ...
    def __getitem__(self, index: SupportsIndex | slice) -> "tuple[Tensor, int] | Split":
        """Return one picture and its label, or a split of some.

        Args:
            index: a number, -N to N - 1, or a slice.
        Returns:
            uint8 RGB, (3, side, side), and the label; or a split.
        Raises:
            IndexError: there is no such picture.
            TypeError: it is neither a number nor a slice.
            DataError: the picture cannot be read.
        """
        if isinstance(index, slice):
            rows = np.arange(len(self._stored)) if self._rows is None else self._rows
            return Split(self._stored, self.classes, self.words, self.side, rows[index], self._order)
        number = self._number(index)
        return self.images(np.array([number]))[0], int(self.labels[number])

    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        return (self[number] for number in range(len(self)))

    def __reduce__(self) -> tuple[type["Split"], tuple[object, ...]]:
        return Split, (self._stored, self.classes, self.words, self.side, self._rows, self._order)

    def __repr__(self) -> str:
        return (
            f"Split({self.name!r}: {len(self):,} pictures of {len(self.classes):,} classes, "
            f"{self.side}x{self.side} pixels, {self.encoding})"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the same, and a few pictures, spread evenly over the split."""
        numbers = np.linspace(0, len(self) - 1, min(_SHOWN, len(self))).astype(np.int64)
        images, failed = self.read(numbers)
        shown = [row for row in range(len(numbers)) if row not in failed]
        return gallery(
            repr(self), [(images[row].numpy(), self._words_of(int(numbers[row]))) for row in shown]
        )

    @cached_property
    def labels(self) -> np.ndarray:
        """The class of each picture: int64, (N,)."""
        return self._stored.labels if self._rows is None else self._stored.labels[self._rows]

    @property
    def names(self) -> "Names":
        """The name of each picture; a shard's names are read when one of them is asked for."""
        return Names(self)

    def name_of(self, index: SupportsIndex) -> str:
        """Return the name that a picture has in its source.

        Raises:
            IndexError: there is no such picture.
        """
        return self._stored.name_of(int(self._stored_rows(np.array([self._number(index)]))[0]))

    def images(self, indices: np.ndarray) -> Tensor:
        """Read pictures by their numbers.

        Args:
            indices: integers, (n,), 0 to N - 1, in any order.
        Returns:
            uint8 RGB, (n, 3, side, side).
        Raises:
            IndexError: a number is outside the split.
            DataError: a shard cannot be read, or is no longer what was prepared.
        """
        found, failed = self.read(indices)
        if failed:
            raise next(iter(failed.values()))
        return found

    def read(self, indices: np.ndarray) -> tuple[Tensor, dict[int, DataError]]:
        """Read pictures by their numbers, as `images` does, whether or not each can be read.

        Args:
            indices: integers, (n,), 0 to N - 1, in any order.
        Returns:
            the pictures; and the rows that could not be read, in order, with the reason: they are black.
        Raises:
            IndexError: a number is outside the split.
        """
        indices = np.asarray(indices, dtype=np.int64)
        if indices.size and (indices.min() < 0 or indices.max() >= len(self)):
            raise IndexError(
                f"{self.name} holds {len(self)} pictures: {indices.min()} to {indices.max()} asked for"
            )
        found = torch.empty((len(indices), 3, self.side, self.side), dtype=torch.uint8, device="cpu")
        pixels, stored = found.numpy(), self._stored_rows(indices).tolist()

        def read(row: int) -> DataError | None:
            try:
                self._read(stored[row], pixels[row])
            except DataError as error:
                pixels[row] = 0
                return error
            return None

        works = (self.encoding == "jpeg" or self.side != self._stored.side) and len(indices) > 1
        rows = range(len(indices))
        failures = thread_pool().map(read, rows, chunksize=1) if works else map(read, rows)
        return found, {row: error for row, error in enumerate(failures) if error is not None}

    def _words_of(self, number: int) -> str:
        """Return the words of a picture's class; none where the labels are damaged, which `labels` tells."""
        try:
            return self.words[int(self.labels[number])]
        except DataError:
            return ""

    def _read(self, row: int, pixels: np.ndarray) -> None:
        """Read a stored picture into uint8 (3, side, side), scaled and permuted if need be."""
        side = self._stored.side
        if side == self.side:
            self._stored.read(row, pixels)
        else:
            whole = np.empty((3, side, side), np.uint8)
            self._stored.read(row, whole)
            pixels[:] = square_pixels(whole.transpose(1, 2, 0), self.side)
        if self._order is not None:
            pixels[:] = pixels.reshape(3, -1)[:, self._order].reshape(pixels.shape)

    def _stored_rows(self, indices: np.ndarray) -> np.ndarray:
        return indices if self._rows is None else self._rows[indices]

    def _number(self, index: SupportsIndex) -> int:
        """Return a number from 0, of one that may count from the end."""
        try:
            number = operator.index(index)
        except TypeError:
            raise TypeError(
                f"{index!r} is no picture of {self.name}: expected a number, or a slice"
            ) from None
        if not -len(self) <= number < len(self):
            raise IndexError(f"{self.name} holds {len(self)} pictures: there is no number {number}")
        return number % len(self)


@final
class Names:
    """The names of a split's pictures, a sequence that reads what it needs."""

    def __init__(self, split: Split) -> None:
        self._split = split

    def __len__(self) -> int:
        return len(self._split)

    def __getitem__(self, index: SupportsIndex) -> str:
        return self._split.name_of(index)

    def __iter__(self) -> Iterator[str]:
        return (self[number] for number in range(len(self)))
