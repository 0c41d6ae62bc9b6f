"""The nearest of binary codes by Hamming distance, compiled where possible; otherwise the same from NumPy.

Nothing here imports torch: a process that only searches starts without it.

Shapes: N codes, n queries, W words of 64 bits, k neighbours.
"""

import ctypes
from itertools import pairwise
from typing import Final

import numpy as np

from alexnet import cpu
from alexnet.kernels.compiled import check_memory, compiled

MOST_WORDS: Final = 1023  # distances are counted in 16 bits
_AT_ONCE = 64  # queries that pass over the codes together; each needs room for twice its neighbours
_BITS = np.array([bin(number).count("1") for number in range(2**16)], np.uint8)  # of every 16 bits
_ROW_BITS = 48


def hamming_nearest(codes: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the codes that differ from each query in the fewest bits.

    Args:
        codes: uint64, (N, W), in one piece; a memory-mapped file is read where it lies.
        queries: uint64, (n, W).
        k: how many for each query, 1 to N.
    Returns:
        distances in bits, int32, (n, k), rising; and their rows, int64, (n, k): of equals the earlier row first.
        Compiled or not, the same.
    Raises:
        ValueError: codes of other shapes or types, or another k.
    """
    if codes.ndim != 2 or queries.ndim != 2 or codes.shape[1] != queries.shape[1]:
        raise ValueError(f"codes {codes.shape} and queries {queries.shape} are not (N, W) and (n, W)")
    if codes.dtype != np.uint64 or queries.dtype != np.uint64 or not codes.flags.c_contiguous:
        raise ValueError(f"codes are uint64 in one piece, not {codes.dtype} beside {queries.dtype}")
    if not 1 <= codes.shape[1] <= MOST_WORDS or not 1 <= k <= len(codes):
        raise ValueError(f"{k} of {len(codes)} codes of {codes.shape[1]} words cannot be found")
    queries = np.ascontiguousarray(queries)
    distances, rows = np.empty((len(queries), k), np.int32), np.empty((len(queries), k), np.int64)

    def work(part: slice) -> None:
        for first in range(part.start, part.stop, _AT_ONCE):
            some = slice(first, min(first + _AT_ONCE, part.stop))
            _nearest(codes, queries[some], distances[some], rows[some])

    parts = max(1, min(cpu.cores(), len(queries)))
    edges = [len(queries) * part // parts for part in range(parts + 1)]
    slices = [slice(a, b) for a, b in pairwise(edges)]
    if parts == 1:
        work(slices[0])
    else:
        list(cpu.thread_pool().map(work, slices))
    return distances, rows


def _nearest(codes: np.ndarray, queries: np.ndarray, distances: np.ndarray, rows: np.ndarray) -> None:
    """Fill in the distances and rows of some queries."""
    library = compiled("_hamming")
    if not isinstance(library, ctypes.CDLL):
        _by_numpy(codes, queries, distances, rows)
        return
    count, k = ctypes.c_int64(len(codes)), ctypes.c_int64(distances.shape[1])
    status = library.alexnet_hamming(
        *(_address(codes), count, codes.shape[1], _address(queries), len(queries), k),
        *(_address(distances), _address(rows)),
    )
    check_memory(status)


def _by_numpy(codes: np.ndarray, queries: np.ndarray, distances: np.ndarray, rows: np.ndarray) -> None:
    """Do it one query at a time: distance and row in one number, so that of equals the earlier row comes first."""
    k, numbers = distances.shape[1], np.arange(len(codes), dtype=np.uint64)
    for query, distance, row in zip(queries, distances, rows, strict=True):
        differing = _BITS[(codes ^ query).view(np.uint16)].sum(1, dtype=np.uint64)
        keys = (differing << np.uint64(_ROW_BITS)) | numbers
        nearest = np.sort(np.partition(keys, k - 1)[:k])
        distance[:] = nearest >> np.uint64(_ROW_BITS)
        row[:] = nearest & np.uint64(2**_ROW_BITS - 1)


def _address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
