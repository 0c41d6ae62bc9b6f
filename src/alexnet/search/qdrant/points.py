"""What the kind asks of Qdrant: a collection of points, each a row's vector and what is known of the picture.

Shapes: n points, D values of a vector, k neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, final

import numpy as np

from alexnet.errors import RecipeError

ROW: Final = "row"
"""The field of a point that says its row: its id cannot be asked for by a range."""
NAME: Final = "name"


@final
@dataclass(frozen=True)
class QdrantOptions:
    """Settings of an index in Qdrant: those of its graph."""

    links: int = 16
    """Neighbours that a picture is linked with, from 2: Qdrant's m."""
    construction: int = 100
    """Pictures that are kept in sight while a new one is linked, from 4: its ef_construct."""
    search: int = 128
    """Pictures that are kept in sight while a query walks, from 1: its hnsw_ef."""

    def __post_init__(self) -> None:
        if self.links < 2 or self.construction < 4 or self.search < 1:
            raise RecipeError(f"{self}: expected links from 2, construction from 4, search from 1")


class Points(Protocol):
    """A collection, on a server or in this process."""

    def create(self, dimension: int, dtype: str, options: QdrantOptions) -> None:
        """Make it, empty."""

    def insert(self, first: int, vectors: np.ndarray, known: Sequence[Mapping[str, Any]]) -> None:
        """Put n points of consecutive rows into it."""

    def settle(self) -> None:
        """Wait until the graph is made."""

    def search(
        self, query: Sequence[float], k: int, *, sight: int, exact: bool, before: int
    ) -> list[tuple[float, int]]:
        """Return distances and rows of the nearest of the points whose row is below `before`."""

    def known(self, rows: Sequence[int], *, vectors: bool) -> dict[int, tuple[Mapping[str, Any], Any]]:
        """Return what is known of points, and their vectors where asked for; those that there are."""

    def count(self, names: Sequence[str], before: int) -> int:
        """Return how many points of rows below `before` have one of these names."""

    def remove(self, names: Sequence[str]) -> None:
        """Remove all points of these names."""

    def cut(self, first: int) -> None:
        """Remove points from this row on."""

    def drop(self) -> None:
        """Remove the collection."""

    def close(self) -> None:
        """Let go of it."""
