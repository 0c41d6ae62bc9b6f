"""What an index is, whatever its kind: rows of pictures go in, the nearest of them come out.

Shapes: N pictures in the index, n given or asked for, D values of a vector, k neighbours.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, final

import numpy as np

DTYPES: Final = ("float16", "float32")
UNLABELLED: Final = -1
"""The label of a picture whose class nobody has said."""


@final
@dataclass(frozen=True)
class PictureSource:
    """Where pictures of an index came from, so that they can be shown again; nothing else reads it."""

    data: str
    """A data set as it was named, or the folder."""
    split: str
    """Of the data set; empty of a folder of pictures without classes."""
    fingerprint: str
    """Of the data set; where it is another now, the pictures cannot be shown."""


@final
@dataclass(frozen=True)
class IndexCard:
    """What an index holds: what its vectors are, and what its labels mean."""

    kind: str
    """exact, codes, ivf, hnsw, or the address of a database, without its password."""
    network: str
    """Digest of the network whose stage gave the vectors: `Network.digest`."""
    run: str
    """How that network was named: a run, a file, a name of published weights."""
    stage: str
    """The stage that gave them."""
    dimension: int
    """D."""
    dtype: str = "float16"
    """Of the vectors as they are kept: one of `DTYPES`."""
    pooled: bool = False
    """Whether maps were averaged over rows and columns; else they are kept whole, flattened."""
    views: int = 1
    """Over which the vectors were averaged: 1 or 10."""
    classes: tuple[str, ...] = ()
    """Names of classes: a label is a number of these, or `UNLABELLED`."""
    words: tuple[str, ...] = ()
    """A readable name of each."""
    sources: tuple[PictureSource, ...] = ()
    """Where the pictures came from: an origin is a number of these."""

    def of_kind(self, kind: str) -> "IndexCard":
        """Return the same card of another kind: of an index of the same vectors."""
        return replace(self, kind=kind)


@final
@dataclass(frozen=True)
class Rows:
    """Some pictures as an index takes them."""

    vectors: np.ndarray
    """(n, D), of the card's dtype; finite."""
    names: Sequence[str]
    """n names, which need not differ."""
    labels: np.ndarray
    """int64, (n,): numbers of the card's classes, or `UNLABELLED`."""
    origins: np.ndarray
    """int64, (n, 2): which of the card's sources, and which picture there."""


@final
@dataclass(frozen=True)
class Entries:
    """What an index knows of some of its pictures."""

    names: tuple[str, ...]
    """n of them."""
    labels: np.ndarray
    """int64, (n,): numbers of the card's classes, or `UNLABELLED`."""
    origins: np.ndarray
    """int64, (n, 2): as `Rows` has them."""


@final
@dataclass(frozen=True)
class Neighbours:
    """The nearest pictures of some vectors, the nearest first; of equals the one that went in first."""

    distances: np.ndarray
    """float32, (n, k), rising, in the index's `metric`."""
    rows: np.ndarray
    """int64, (n, k): of the index; `Index.entries` says what they are."""


class Index(Protocol):
    """An open index. Several processes may query the same one; whoever changes it leaves the others theirs."""

    @property
    def card(self) -> IndexCard:
        """What it holds."""

    @property
    def metric(self) -> str:
        """What its distances are: "Euclidean", or "Hamming"."""

    def __len__(self) -> int:
        """Return N."""

    def query(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find the nearest pictures.

        Args:
            vectors: float32 or float16, (n, D).
            k: how many of each, from 1; all of them where the index has fewer.
        Raises:
            ValueError: vectors of another shape, or k below 1.
            SearchError: the index cannot be read, or its database is away.
        """

    def entries(self, rows: np.ndarray) -> Entries:
        """Return what is known of pictures.

        Args:
            rows: int64, (n,), 0 to N - 1, in any order.
        """

    def add(self, rows: Iterable[Rows], card: IndexCard) -> int:
        """Add pictures after those that are there, all of them or none, and return how many.

        Args:
            rows: some pictures at a time.
            card: the index's card from then on: its own with further classes, words and sources at their ends.
        """

    def remove(self, names: Collection[str]) -> int:
        """Remove every picture of these names, and return how many; rows after them move up."""

    def info(self) -> Mapping[str, Any]:
        """Check all that is on the disk, and return what there is to say, as plain values ready for JSON.

        Raises:
            SearchError: a file is damaged.
        """

    def close(self) -> None:
        """Let go of files and connections."""


class Kind(Protocol):
    """A kind of index: how it is made, and opened. A module of this room is one by having these functions."""

    def build(self, folder: Path, card: IndexCard, rows: Iterable[Rows], options: Mapping[str, str]) -> Index:
        """Make an index in a folder, whole: one that is there is replaced once the new one is complete.

        Args:
            folder: where; made if it is not there.
            card: what it will hold.
            rows: some pictures at a time, in order; they are asked for once.
            options: settings of this kind, by name.
        Raises:
            RecipeError: an option that this kind does not have, or a value that it does not take.
            SearchError: the folder holds something else than an index.
        """

    def open(self, folder: Path) -> Index:
        """Open an index of this kind.

        Raises:
            SearchError: it is damaged, or its database is away.
        """
