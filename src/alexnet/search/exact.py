"""The default kind of index: every vector is compared, so that what is found is what is nearest.

Products of blocks give distances that rounding may have moved by a few millionths of the vectors' squared length, as
|q|² - 2 q·x + |x|² does where q is near x; the best candidates are then compared once more, value by value.

Shapes: N pictures in the index, n queries, B rows of a block, D values of a vector, k neighbours.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor

from alexnet.errors import RecipeError
from alexnet.kernels.halves import half_products
from alexnet.search.index import Entries, IndexCard, Neighbours, Rows
from alexnet.search.storage.change import add, changing, remove
from alexnet.search.storage.store import Store

SPARE: Final = 16
"""Candidates beyond k that are compared value by value: rounding may have put them in another order."""
ROUNDING: Final = 1e-5
"""Of the squared lengths: more than products in float32 are off by; candidates this near to the k-th may be nearer."""
MOST: Final = 65_536
"""Candidates of a query: of more that are equal, some are as good as others."""
BLOCK_BYTES: Final = 1 << 22
"""Of a block's vectors in float32: they stay in the cache between their conversion and their product."""
QUERIES: Final = 256
"""Vectors that are looked for at a time."""


def build(folder: Path, card: IndexCard, rows: Iterable[Rows], options: Mapping[str, str]) -> "Exact":
    """Make an index of exact vectors, and nothing else; see `Kind.build`."""
    if options:
        name = next(iter(options))
        raise RecipeError(f"an exact index has no option `{name}`: it has none at all")
    with changing(folder, card) as change:
        for some in rows:
            change.append(some)
    return Exact(folder)


def open(folder: Path) -> "Exact":
    """Open an index of exact vectors; see `Kind.open`."""
    return Exact(folder)


@final
class Exact:
    """An open index whose every vector is compared; see `Index`."""

    metric = "Euclidean"

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)

    @property
    def card(self) -> IndexCard:
        """What it holds."""
        return self.store.card

    def __len__(self) -> int:
        return len(self.store)

    def query(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find the nearest pictures; see `Index.query`."""
        queries = as_queries(vectors, k, self.card)
        parts = [
            nearest(self.store, queries[start : start + QUERIES], k)
            for start in range(0, max(1, len(queries)), QUERIES)
        ]
        return Neighbours(
            np.concatenate([part.distances for part in parts]), np.concatenate([part.rows for part in parts])
        )

    def entries(self, rows: np.ndarray) -> Entries:
        """Return what is known of pictures."""
        return self.store.entries(rows)

    def add(self, rows: Iterable[Rows], card: IndexCard) -> int:
        """Add pictures; see `Index.add`."""
        before = len(self)
        self.store = add(self.store, rows, card)
        return len(self) - before

    def remove(self, names: Collection[str]) -> int:
        """Remove pictures; see `Index.remove`."""
        before = len(self)
        self.store = remove(self.store, names)
        return before - len(self)

    def info(self) -> Mapping[str, Any]:
        """Check every file, and return what there is to say; see `Index.info`."""
        self.store.check()
        return {"pictures": len(self), "bytes": self.store.size()}

    def close(self) -> None:
        """Let go of the files."""
        self.store.close()


def nearest(store: Store, queries: np.ndarray, k: int) -> Neighbours:
    """Compare vectors with every one of a store.

    Args:
        store: of N vectors.
        queries: float32, (n, D).
        k: how many of each are asked for.
    Returns:
        min(k, N) of each.
    """
    wanted, vectors = min(k, len(store)), torch.from_numpy(queries)
    squared = (vectors**2).sum(1, keepdim=True)
    kept = min(k + SPARE, len(store))
    while True:
        scores, rows = _candidates(store, vectors, kept)
        margin = ROUNDING * (2 * squared + scores[:, -1:].abs()) if wanted else torch.zeros(1)
        certain = kept == len(store) or bool((scores[:, -1:] - scores[:, wanted - 1 : wanted] > margin).all())
        if certain or kept >= MOST:
            return compared(store, queries, rows.numpy(), wanted)
        kept = min(8 * kept, len(store))


def _candidates(store: Store, queries: Tensor, kept: int) -> tuple[Tensor, Tensor]:
    """Return the lowest scores of each query, rising, and their rows: both (n, kept)."""
    scores, rows = torch.empty(len(queries), 0), torch.empty(len(queries), 0, dtype=torch.int64)
    for first, found in _scores(store, queries):
        best = found.topk(min(kept, found.shape[1]), dim=1, largest=False)
        scores, rows = torch.cat([scores, best.values], 1), torch.cat([rows, best.indices + first], 1)
        chosen = scores.topk(min(kept, scores.shape[1]), dim=1, largest=False)
        scores, rows = chosen.values, rows.gather(1, chosen.indices)
    return scores, rows


def compared(store: Store, queries: np.ndarray, candidates: np.ndarray, k: int) -> Neighbours:
    """Compare vectors with candidates value by value, and keep the nearest.

    Args:
        store: of N vectors.
        queries: float32, (n, D).
        candidates: int64, (n, c): rows of the store for each query, none of them twice.
        k: how many are kept, at most c.
    Returns:
        k of each, by their distance, of equals by their row.
    """
    distances = np.zeros((len(queries), k), np.float32)
    rows = np.zeros((len(queries), k), np.int64)
    for number, (query, found) in enumerate(zip(queries, candidates, strict=True)):
        difference = store.vectors(found) - query
        exact = np.sqrt(np.einsum("cd,cd->c", difference, difference, dtype=np.float64)).astype(np.float32)
        order = np.lexsort((found, exact))[:k]
        distances[number], rows[number] = exact[order], found[order]
    return Neighbours(distances, rows)


def as_queries(vectors: np.ndarray, k: int, card: IndexCard) -> np.ndarray:
    """Return vectors that are looked for as the index would keep them, so that a picture is at no distance of itself.

    Args:
        vectors: float32 or float16, (n, D).
        k: from 1.
        card: of the index.
    Returns:
        float32, (n, D), rounded to the card's type.
    Raises:
        ValueError: they are of another shape, or k is below 1.
    """
    given = np.asarray(vectors)
    if given.ndim != 2 or given.shape[1] != card.dimension or given.dtype.kind != "f" or k < 1:
        raise ValueError(
            f"{given.dtype} of {given.shape}, k {k}: expected floating (n, {card.dimension}), k from 1"
        )
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(given.astype(card.dtype).astype(np.float32))


def _scores(store: Store, queries: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Yield the first row of each shard, and |x|² - 2 q·x of its vectors: float32, (n, count); |q|² is left out."""
    rows = max(1, BLOCK_BYTES // (4 * store.card.dimension))
    buffer = torch.empty(rows, store.card.dimension)
    for first, shard in store.spans():
        scores = torch.empty(len(queries), shard.count)
        single = len(queries) == 1 and half_products(torch.from_numpy(shard.vectors), queries[0], scores[0])
        for start in () if single else range(0, shard.count, rows):
            some = shard.vectors[start : start + rows]
            block = buffer[: len(some)].copy_(torch.from_numpy(some))
            torch.mm(queries, block.T, out=scores[:, start : start + len(some)])
        lengths = torch.from_numpy(shard.records["squared_length"].astype(np.float32))
        yield first, scores.mul_(-2).add_(lengths)
