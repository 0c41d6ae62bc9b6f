"""What an index that does not compare everything misses, and what it costs: measured where it was built.

Shapes: N pictures in the index, n queries, k neighbours.
"""

import time
from dataclasses import dataclass
from typing import Any, Final, Protocol, final, runtime_checkable

import numpy as np

from alexnet.search.index import Index, Neighbours

NEAREST: Final = 10
"""Neighbours that have to be found."""
DEPTH: Final = 100
"""Of the list in which they are looked for."""
QUERIES: Final = 200


@runtime_checkable
class Approximate(Protocol):
    """An open index that may miss what is nearest, and can say what is."""

    def exact(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find the nearest pictures by comparing every vector; as `Index.query`."""

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Return vectors of pictures chosen by chance, (min(count, N), D), as the index keeps them."""


@final
@dataclass(frozen=True)
class Measures:
    """What was measured of an index."""

    queries: int
    """Pictures of the index that were looked for, chosen by chance; each without itself."""
    recall: float
    """Of the exact ten nearest, the fraction among the ten that were found: recall@10."""
    mean_average_precision: float
    """Of lists of a hundred in which the exact ten nearest are what is to be found; 1 where they stand first."""
    milliseconds: float
    """A query alone, the median."""
    exact_milliseconds: float
    """The same of comparing every vector."""
    size: int | None
    """Bytes of the index; None where its database does not say."""

    def __str__(self) -> str:
        size = "" if self.size is None else f", {self.size / 1e6:,.1f} MB"
        return (
            f"recall@{NEAREST} {self.recall:.3f}, mean average precision {self.mean_average_precision:.3f} "
            f"against exact ({self.queries} queries){size}, {self.milliseconds:.1f} ms a query "
            f"(exact {self.exact_milliseconds:.1f})"
        )


def measure(index: Index, *, queries: int = QUERIES, seed: int = 0) -> Measures | None:
    """Measure an index beside a search that compares every vector.

    Args:
        index: open.
        queries: how many of its pictures are looked for.
        seed: of their choice.
    Returns:
        None of an index that compares every vector itself, and of one with fewer than two pictures.
    """
    if not isinstance(index, Approximate) or len(index) < 2:
        return None
    vectors = index.sample(queries, seed)
    nearest, depth = min(NEAREST, len(index) - 1), min(DEPTH, len(index) - 1)
    exact = index.exact(vectors, nearest + 1).rows
    found = index.query(vectors, depth + 1).rows
    recalls, precisions = [], []
    for right, rows in zip(exact, found, strict=True):
        wanted = right[1:]  # the first is the picture itself, or one that is the same
        hits = np.isin(rows[rows != right[0]][:depth], wanted)
        recalls.append(hits[:nearest].sum() / len(wanted))
        precisions.append(average_precision(hits, len(wanted)))
    return Measures(
        len(vectors),
        float(np.mean(recalls)),
        float(np.mean(precisions)),
        _milliseconds(index.query, vectors),
        _milliseconds(index.exact, vectors),
        index.info().get("bytes"),
    )


def average_precision(hits: np.ndarray, relevant: int) -> float:
    """Return the average precision of a list.

    Args:
        hits: bool, (k,): whether each of the list is relevant, the first first.
        relevant: how many there are to be found.
    Returns:
        the precision at each hit, summed, over `relevant`: a fraction; 0 where nothing is relevant.
    """
    if not relevant:
        return 0.0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].sum() / relevant)


def _milliseconds(query: Any, vectors: np.ndarray) -> float:
    """Return the median time of looking for one vector's ten nearest."""
    times = []
    for vector in vectors[:20]:
        started = time.perf_counter()
        query(vector[None], NEAREST)
        times.append(1e3 * (time.perf_counter() - started))
    return float(np.median(times))
