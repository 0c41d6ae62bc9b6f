"""What indexes that lie in a folder of this machine have in common: their pictures are in a store.

Shapes: N pictures in the index, n queries, D values of a vector, k neighbours.
"""

import numpy as np

from alexnet.search.exact import as_queries
from alexnet.search.exact import nearest as exact_nearest
from alexnet.search.index import Entries, IndexCard, Neighbours
from alexnet.search.sampling import sampled_vectors
from alexnet.search.storage.store import Store


class StoredIndex:
    """An index of another kind than exact whose vectors, names and labels lie in a store; see `Index`."""

    store: Store

    @property
    def card(self) -> IndexCard:
        """What it holds."""
        return self.store.card

    def __len__(self) -> int:
        return len(self.store)

    def exact(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find the nearest pictures by comparing every vector: what `query` is measured against."""
        return exact_nearest(self.store, as_queries(vectors, k, self.card), k)

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Return vectors of pictures chosen by chance, (min(count, N), D), as the index keeps them."""
        return sampled_vectors(self.store, count, seed)

    def entries(self, rows: np.ndarray) -> Entries:
        """Return what is known of pictures."""
        return self.store.entries(rows)
