"""Some vectors of an index that stand for all: what encoders and quantizers learn from, what recall is measured on."""

import numpy as np

from alexnet import randomness
from alexnet.search.storage.store import Store


def sampled_rows(count: int, wanted: int, seed: int) -> np.ndarray:
    """Choose rows by chance, each at most once.

    Args:
        count: N.
        wanted: how many, at most.
        seed: the same rows each time.
    Returns:
        int64, (min(wanted, N),), rising.
    """
    return np.sort(randomness.order(seed, 0, count)[:wanted])


def sampled_vectors(store: Store, wanted: int, seed: int) -> np.ndarray:
    """Return vectors of a store that were chosen by chance, as it keeps them: (min(wanted, N), D).

    Args:
        store: of N vectors of D values.
        wanted, seed: as `sampled_rows` takes them.
    """
    rows = sampled_rows(len(store), wanted, seed)
    found = np.empty((len(rows), store.card.dimension), store.card.dtype)
    for first, shard in store.spans():
        start, stop = np.searchsorted(rows, [first, first + shard.count])
        found[start:stop] = shard.vectors[rows[start:stop] - first]
    return found
