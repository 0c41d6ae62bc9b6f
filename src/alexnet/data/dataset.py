"""A prepared data set, opened: memory-mapped pictures, labels, classes and statistics.

Nothing is read that is not asked for. Without this package, one shard is read in two lines of NumPy:

    images = numpy.load("train-00000.images.npy", mmap_mode="r")    # uint8, (n, 3, side, side), RGB
    labels = numpy.load("train-00000.labels.npy")                   # int64, (n,), places in card.json's
    classes
"""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.data.split import Split
from alexnet.data.stored_split import StoredSplit
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

    def __init__(self, directory: Path, card: dict[str, Any], *, side: int | None = None) -> None:
        self.directory = directory
        self.card = card
        self.name: str = card["name"]
        self.side: int = card["side"] if side is None else side
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
        mean = torch.from_numpy(np.load(self.directory / "mean.npy"))
        if mean.shape[-1] == self.side:
            return mean
        size = (self.side, self.side)
        return F.interpolate(mean[None], size, mode="bilinear", align_corners=False, antialias=True)[0]

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

    def split(self, name: str) -> Split:
        """Return the pictures of one split.

        Raises:
            DataError: there is no such split; the message offers those there are.
        """
        if name not in self.splits:
            raise DataError(f"`{name}` is not a split of {self.name}; {choices(name, self.splits)}")
        counts = tuple(shard["count"] for shard in self.card["splits"][name]["shards"])
        stored = StoredSplit(self.directory, name, self.card["side"], counts, self.card["encoding"])
        return Split(stored, self.classes, self.side)

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
            ValueError: the side is below 1.
        """
        if side < 1:
            raise ValueError(f"side {side}: expected at least 1 pixel")
        return Dataset(self.directory, self.card, side=int(side))
