"""Pictures that are there twice: byte for byte, or so alike that a person would say so."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

NEAR = 7  # bits of 128 that may differ; one of eight bands of 16 bits is then equal
_BANDS = 8
_ONES = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.int64)
_CROWD = 400  # pictures in a band's group, beyond which only neighbours are compared


def exact(digests: np.ndarray) -> Iterator[np.ndarray]:
    """Find equal files.

    Args:
        digests: uint8, (N, 16).
    Yields:
        the indices of each group of two or more, rising: int64.
    """
    keys = np.ascontiguousarray(digests).view([("", digests.dtype)] * digests.shape[1]).ravel()
    order = np.argsort(keys, kind="stable")
    yield from (np.sort(group) for group in _runs(keys[order], order))


def near(hashes: np.ndarray, indices: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Find pictures that look alike.

    Args:
        hashes: uint8, (M, 16), of the pictures that have one.
        indices: int64, (M,), theirs among all pictures.
    Yields:
        two indices and the bits in which they differ, at most `NEAR`; each pair once.
    """
    bands = np.ascontiguousarray(hashes).view(np.uint16)
    seen: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        order = np.lexsort((*(bands[:, b] for b in range(_BANDS) if b != band), bands[:, band]))
        for group in _runs(bands[order, band], order):
            for first, second in _alike(hashes, group):
                pair = (int(min(first, second)), int(max(first, second)))
                if pair not in seen:
                    seen.add(pair)
                    bits = int(_ONES[hashes[pair[0]] ^ hashes[pair[1]]].sum())
                    yield int(indices[pair[0]]), int(indices[pair[1]]), bits


def _alike(hashes: np.ndarray, group: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a group that differ in few bits."""
    reach = len(group) if len(group) <= _CROWD else 8
    for step in range(1, min(reach, len(group))):
        differing = _ONES[hashes[group[step:]] ^ hashes[group[:-step]]].sum(axis=1)
        for row in np.flatnonzero(differing <= NEAR):
            yield group[row], group[row + step]


def _runs(keys: np.ndarray, order: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the parts of `order` whose sorted keys are equal, where there are two or more."""
    if len(keys) < 2:
        return
    edges = np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1, [len(keys)]])
    for start, stop in pairwise(edges):
        if stop - start > 1:
            yield order[start:stop]
