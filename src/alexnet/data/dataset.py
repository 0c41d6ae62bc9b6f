"""A prepared data set, opened: memory-mapped pictures, labels, classes and statistics.

Nothing is read that is not asked for. Without this package, one shard is read in two lines of NumPy:

    images = numpy.load("train-00000.images.npy", mmap_mode="r")    # uint8, (n, 3, side, side), RGB
    labels = numpy.load("train-00000.labels.npy")                   # int64, (n,), indices of the classes of
    card.json
"""

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet import files
from alexnet.data.derivation import WHOLE, Derivation
from alexnet.data.split import Split
from alexnet.data.storage.arrays import damaged, read_array
from alexnet.data.storage.card import MAX_SIDE, Card, read_card
from alexnet.data.storage.stored_split import StoredSplit
from alexnet.errors import DataError, choices
from alexnet.text import visible

_UNREADABLE_BYTES: Final = 2**30
"""What the list of unreadable pictures may have: millions of them."""


@final
@dataclass(frozen=True)
class UnreadablePicture:
    """A picture that could not be read when the data set was prepared."""

    split: str
    name: str
    reason: str


@final
class Dataset:
    """A prepared data set, opened: pictures of one side, in splits, with their classes and statistics.

    It is a mapping from the names of its splits to their pictures: `dataset["train"]` is a sequence of pictures and
    labels, iterating gives the names of the splits, training first, and `len(dataset)` is the number of splits.

    Args:
        directory: where the files lie; see `Dataset.open`.
        card: what is known of them.
        side: height and width to show pictures at, in pixels; left out, that which they are stored at.
        derivation: which training pictures there are, and in what order their pixels are shown.
    """

    def __init__(
        self, directory: Path, card: Card, *, side: int | None = None, derivation: Derivation = WHOLE
    ) -> None:
        self.directory = directory
        self.card = card
        self.name = card.name
        self.side = card.side if side is None else side
        self.derivation = derivation
        self.fingerprint = derivation.fingerprint(card.fingerprint)
        self.classes, self.words = card.classes, card.words
        self.splits = tuple(card.splits)

    @classmethod
    def open(cls, directory: str | Path) -> "Dataset":
        """Open a prepared directory.

        Raises:
            DataError: the directory holds no prepared data set, an unfinished one, one of another version, or one whose
                card is damaged.
        """
        return cls(Path(directory), read_card(Path(directory)))

    def __len__(self) -> int:
        return len(self.splits)

    def __iter__(self) -> Iterator[str]:
        return iter(self.splits)

    def __contains__(self, name: object) -> bool:
        return name in self.splits

    def __getitem__(self, name: str) -> Split:
        """Return the pictures of one split, as `split` does.

        Raises:
            TypeError: it is no name: pictures are numbered in each split by itself.
            DataError: there is no such split.
        """
        if not isinstance(name, str):
            raise TypeError(
                f"{self.name} has no {name!r}: take a split first, for instance dataset[{self.splits[0]!r}][0]"
            )
        return self.split(name)

    def __repr__(self) -> str:
        counts = ", ".join(f"{self._count(name):,} {name}" for name in self.splits)
        permuted = ", permuted" if self.derivation.permutation is not None else ""
        return (
            f"Dataset({self.name!r}: {counts}; {len(self.classes):,} classes, "
            f"{self.side}x{self.side} pixels{permuted}, {self.card.encoding})"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the same, and a few pictures of each split."""
        splits = "".join(self[name]._repr_html_() for name in self)
        return f"<div><code>{html.escape(visible(repr(self)))}</code>{splits}</div>"

    @cached_property
    def mean(self) -> Tensor:
        """The mean of the training pictures: float32, (3, side, side), 0 to 255; DataError where it is damaged."""
        path, side = self.directory / "mean.npy", self.card.side
        mean = torch.from_numpy(read_array(path, np.float32, (3, side, side)))
        if not torch.isfinite(mean).all():
            raise damaged(path, "it holds values that are no numbers")
        if side != self.side:
            size = (self.side, self.side)
            mean = F.interpolate(mean[None], size, mode="bilinear", align_corners=False, antialias=True)[0]
        order = self.derivation.order(self.side)
        return mean if order is None else mean.flatten(1)[:, torch.from_numpy(order)].view_as(mean)

    @cached_property
    def colour_components(self) -> Tensor:
        """Float32, (3, 3): row i is sqrt(eigenvalue i) times eigenvector i of the training pixels'
        covariance."""
        return torch.tensor(self.card.colour_components, dtype=torch.float32)

    @cached_property
    def unreadable(self) -> tuple[UnreadablePicture, ...]:
        """The pictures that could not be read, with reasons; DataError where the list of them is damaged."""
        path = self.directory / "skipped.jsonl"
        try:
            lines = files.read_bounded(path, _UNREADABLE_BYTES).decode("ascii").splitlines()
            rows = [json.loads(line) for line in lines]
            found = tuple(UnreadablePicture(row["split"], row["name"], row["reason"]) for row in rows)
        except OSError as error:
            raise damaged(path, error.strerror or str(error)) from None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise damaged(path, f"it is no list of pictures: {type(error).__name__}") from None
        if not all(isinstance(text, str) for one in found for text in (one.split, one.name, one.reason)):
            raise damaged(path, "it is no list of pictures: a text is missing")
        return found

    def split(self, name: str) -> Split:
        """Return the pictures of one split.

        Raises:
            DataError: there is no such split; the message offers those there are.
        """
        if name not in self.splits:
            raise DataError(f"`{name}` is not a split of {self.name}; {choices(name, self.splits)}")
        card = self.card
        counts = tuple(shard.count for shard in card.splits[name].shards)
        stored = StoredSplit(self.directory, name, card.side, counts, card.encoding, len(self.classes))
        whole = name != "train" or self.derivation.part == 1.0
        rows = None if whole else self.derivation.rows(stored.labels)
        return Split(
            stored, self.classes, self.words, self.side, rows, order=self.derivation.order(self.side)
        )

    def resized(self, side: int) -> "Dataset":
        """Show the same pictures at another side: each is scaled when it is read, by the code that prepares.

        Nothing is written. Classes, names, labels, colour components and the fingerprint are those of this data set;
        the mean is scaled too.

        Args:
            side: height and width to show pictures at, in pixels.
        Returns:
            a data set, of pictures scaled by antialiased bilinear interpolation; it scales from what is stored, so
            that the side in between does not matter where it is resized twice.
        Raises:
            ValueError: the side is below 1, or above what any data set is prepared at.
        """
        if not 1 <= side <= MAX_SIDE:
            raise ValueError(f"side {side}: expected at least 1 pixel, and at most {MAX_SIDE:,}")
        return Dataset(self.directory, self.card, side=int(side), derivation=self.derivation)

    def subset(self, part: float, seed: int = 0) -> "Dataset":
        """Keep a part of the training pictures, the same part of each class; the other splits stay whole.

        A smaller part of the same seed lies within a larger one. Nothing is written; the mean and the colour components
        stay those of all training pictures. Pictures of another choice have another fingerprint.

        Args:
            part: of this data set's training pictures, above 0, at most 1; at least one picture of each class is kept.
            seed: of the choice.
        Raises:
            ValueError: the part is none, or this is a part already.
        """
        if not 0.0 < part <= 1.0 or self.derivation.part != 1.0:
            raise ValueError(
                f"a part of {part} cannot be taken of {self!r}: above 0, at most 1, of a whole data set"
            )
        chosen = replace(self.derivation, part=float(part), seed=int(seed))
        return Dataset(self.directory, self.card, side=self.side, derivation=chosen)

    def permuted(self, seed: int = 0) -> "Dataset":
        """Show every picture, of every split, with its pixels under one fixed permutation.

        The three colours of a pixel stay together, so that each picture keeps its histogram; who sees it without
        regard to positions sees the same, and nothing is near to anything any more. The mean goes with the pixels.
        Nothing is written. The pictures have another fingerprint.

        Args:
            seed: of the permutation.
        Raises:
            ValueError: they are permuted already.
        """
        if self.derivation.permutation is not None:
            raise ValueError(f"{self!r} is permuted already")
        chosen = replace(self.derivation, permutation=int(seed))
        return Dataset(self.directory, self.card, side=self.side, derivation=chosen)

    def _count(self, name: str) -> int:
        """Return how many pictures a split has; that of a part takes the labels to say."""
        whole = name != "train" or self.derivation.part == 1.0
        return self.card.splits[name].pictures if whole else len(self.split(name))
