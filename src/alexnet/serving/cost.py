"""What a batch costs: a*n + b seconds for n pictures, measured at the start; and what follows for batches and queues.

Source: BentoML fits the same line (its dispatcher.py); Triton and most others leave the numbers to the user.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np

_SIZES: Final = (1, 2, 4, 8, 16, 32)
_ROUNDS: Final = 3
_LEAST: Final = 1e-6  # seconds a picture: no clock tells less


@final
@dataclass(frozen=True)
class Cost:
    """Seconds that a batch takes."""

    each: float
    """a: for every picture."""
    fixed: float = 0.0
    """b: for the batch."""

    def seconds(self, count: int) -> float:
        """Return what a batch of so many pictures takes."""
        return self.each * count + self.fixed

    def largest(self, seconds: float, most: int) -> int:
        """Return how many pictures a batch has that takes so many seconds at most; at least 1."""
        return max(1, min(most, math.floor((seconds - self.fixed) / self.each)))


def fitted(sizes: Sequence[int], seconds: Sequence[float]) -> Cost:
    """Return the line through measured batches, by least squares; neither number of it is negative."""
    n, t = np.asarray(sizes, np.float64), np.asarray(seconds, np.float64)
    each, fixed = np.polyfit(n, t, 1) if len(set(sizes)) > 1 else (t.mean() / n.mean(), 0.0)
    if fixed < 0.0:
        each, fixed = float((n @ t) / (n @ n)), 0.0
    return Cost(max(float(each), _LEAST), max(float(fixed), 0.0))


def probe(compute: Callable[[list[Any]], Sequence[Any]], value: Any, *, most: int, seconds: float) -> Cost:
    """Measure what batches of growing size take, until one takes `seconds`.

    Args:
        compute: takes a list of values.
        value: one of them, of which batches are made.
        most: the largest batch.
        seconds: no larger batch is tried once one takes so long.
    """
    compute([value])  # the first one makes things ready
    sizes, times = [], []
    for size in (size for size in _SIZES if size <= most):
        best = min(_timed(compute, [value] * size) for _ in range(_ROUNDS))
        sizes.append(size)
        times.append(best)
        if best >= seconds:
            break
    return fitted(sizes, times)


def _timed(compute: Callable[[list[Any]], Sequence[Any]], values: list[Any]) -> float:
    start = time.perf_counter()
    compute(values)
    return time.perf_counter() - start
