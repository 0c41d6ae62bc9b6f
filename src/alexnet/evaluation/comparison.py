"""Two networks on the same pictures: is one better, or did it happen so? A paired test and its interval."""

import math
from dataclasses import dataclass
from typing import Final, final

from torch import Tensor

_Z95: Final = 1.959963984540054  # the normal distribution's 97.5% point


@final
@dataclass(frozen=True)
class Comparison:
    """How two networks differ on pictures that both were asked about."""

    count: int
    """Pictures."""
    only_first: int
    """How many the first alone has right."""
    only_second: int
    """How many the second alone has right."""

    @classmethod
    def of(cls, first_right: Tensor, second_right: Tensor) -> "Comparison":
        """Compare right answers, bool (N,), of the same pictures in the same order."""
        if first_right.shape != second_right.shape:
            raise ValueError(
                f"{len(first_right)} and {len(second_right)} answers cannot be compared: the same pictures are"
            )
        first, second = first_right.bool(), second_right.bool()
        return cls(len(first), int((first & ~second).sum()), int((second & ~first).sum()))

    @property
    def difference(self) -> float:
        """The second's error minus the first's, a fraction: above 0 the first is better."""
        return (self.only_first - self.only_second) / self.count if self.count else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """A 95% interval of the difference.

        Source: Agresti and Min 2005: a half added to each of the four cells of the paired table, then Wald's.
        """
        if not self.count:
            return -1.0, 1.0
        first, second, size = self.only_first + 0.5, self.only_second + 0.5, self.count + 2.0
        centre = (first - second) / size
        half = _Z95 * math.sqrt((first + second) - (first - second) ** 2 / size) / size
        return max(-1.0, centre - half), min(1.0, centre + half)

    @property
    def p_value(self) -> float:
        """How likely such a difference or a larger one is where both are alike: McNemar's test, exact, two-sided."""
        decided = self.only_first + self.only_second
        if not decided:
            return 1.0
        fewer = min(self.only_first, self.only_second)
        logarithms = [
            math.lgamma(decided + 1)
            - math.lgamma(k + 1)
            - math.lgamma(decided - k + 1)
            - decided * math.log(2)
            for k in range(fewer + 1)
        ]
        largest = max(logarithms)
        tail = math.exp(largest) * sum(math.exp(value - largest) for value in logarithms)
        return min(1.0, 2.0 * tail)
