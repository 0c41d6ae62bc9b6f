"""Vectors that lie in clusters, with names and classes, as an index takes them; and a slow search that is right."""

from collections.abc import Iterator

import numpy as np

from alexnet.search.index import IndexCard, PictureSource, Rows

DIMENSION = 24
CLASSES = ("ant", "bee", "cat", "dog")


def vectors(count: int, seed: int = 0) -> np.ndarray:
    """Return rectified vectors about 40 centres: float16, (count, DIMENSION)."""
    centres = np.random.default_rng(7).normal(size=(40, DIMENSION))
    rng = np.random.default_rng(seed)
    near = centres[rng.integers(0, 40, count)] + 0.3 * rng.normal(size=(count, DIMENSION))
    return np.maximum(near, 0).astype(np.float16)


def card(kind: str) -> IndexCard:
    """Return the card of an index of a kind."""
    source = PictureSource("digits", "val", "0123")
    return IndexCard(
        kind, "ab" * 32, "runs/a", "fc7", DIMENSION, classes=CLASSES, words=CLASSES, sources=(source,)
    )


def rows(count: int, seed: int = 0, prefix: str = "picture", at_a_time: int = 97) -> Iterator[Rows]:
    """Yield pictures, some at a time, named in order."""
    made = vectors(count, seed)
    for start in range(0, count, at_a_time):
        part = np.arange(start, min(start + at_a_time, count))
        origins = np.stack([np.zeros_like(part), part], 1)
        yield Rows(made[part], [f"{prefix} {number}" for number in part], part % 4, origins)


def nearest(known: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """Compare every vector, one query at a time, in float64: rows of the k nearest, (n, k)."""
    found = []
    for query in queries.astype(np.float64):
        distances = ((known.astype(np.float64) - query) ** 2).sum(1)
        found.append(np.argsort(distances, kind="stable")[:k])
    return np.array(found)
