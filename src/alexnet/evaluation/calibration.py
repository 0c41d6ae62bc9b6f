"""Whether a network is as sure as it is right: expected calibration error and reliability.

Shapes: N pictures, K classes.
"""

from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from alexnet.distributed.group import ProcessGroup

BINS: Final = 15
"""Of equal mass: each has as many pictures as the others."""
_UNIT: Final = 2.0**30
"""Confidences are added as whole numbers of 1 / 2^30: the sum does not depend on who adds what first."""
CELLS: Final = 1 << 16
"""Confidences are told apart to 1 / CELLS, so that memory does not grow with the pictures."""
RESAMPLES: Final = 1000


@final
class Calibration:
    """Confidences and whether they were right, as sums in fine cells that add up over batches and processes."""

    def __init__(self) -> None:
        self._count = torch.zeros(CELLS, dtype=torch.float64)
        self._right = torch.zeros(CELLS, dtype=torch.float64)
        self._confidence = torch.zeros(CELLS, dtype=torch.float64)

    def add(self, probabilities: Tensor, labels: Tensor) -> None:
        """Count pictures: probabilities (N, K), and labels int64 (N,)."""
        confidence, best = probabilities.double().max(1)
        cells = (confidence * CELLS).long().clamp(0, CELLS - 1)
        self._count.index_add_(0, cells, torch.ones_like(confidence))
        self._right.index_add_(0, cells, (best == labels).double())
        self._confidence.index_add_(0, cells, (confidence * _UNIT).round())

    def over(self, group: ProcessGroup) -> "Calibration":
        """Return the sums over every process's pictures, in all of them."""
        total = Calibration()
        found = group.add(torch.cat([self._count, self._right, self._confidence])).chunk(3)
        total._count, total._right, total._confidence = found
        return total

    def bins(self, count: int = BINS) -> list["Bin"]:
        """Return bins of equal mass, the least sure first; pictures of one confidence stay together."""
        used = self._count.nonzero().flatten()
        total = float(self._count.sum())
        if not total:
            return []
        middle = self._count[used].cumsum(0) - self._count[used] / 2
        number = (middle / total * count).long().clamp(max=count - 1)
        return [
            Bin(
                int(self._count[used][number == each].sum()),
                float(
                    self._confidence[used][number == each].sum()
                    / _UNIT
                    / self._count[used][number == each].sum()
                ),
                float(self._right[used][number == each].sum() / self._count[used][number == each].sum()),
            )
            for each in range(count)
            if bool((number == each).any())
        ]

    def error(self, count: int = BINS) -> float:
        """Return the expected calibration error: the mean distance of accuracy from confidence, over bins by mass.

        Source: Guo et al. 2017, equation 3, with bins of equal mass (Nixon et al. 2019).
        """
        bins = self.bins(count)
        total = sum(each.count for each in bins)
        return (
            sum(each.count * abs(each.accuracy - each.confidence) for each in bins) / total if total else 0.0
        )

    def interval(self, *, seed: int = 0, count: int = BINS) -> tuple[float, float]:
        """Return a 95% interval of the error by the bootstrap: pictures drawn anew within each bin's counts.

        A bin's mass is drawn from the multinomial of all bins, its right answers from a binomial: what resampling the
        pictures gives, without keeping them.
        """
        bins = self.bins(count)
        if not bins:
            return 0.0, 1.0
        generator = torch.Generator().manual_seed(seed)
        counts = torch.tensor([each.count for each in bins], dtype=torch.float64)
        accuracy = torch.tensor([each.accuracy for each in bins], dtype=torch.float64)
        confidence = torch.tensor([each.confidence for each in bins], dtype=torch.float64)
        size = int(counts.sum())
        rates = (counts / size).repeat(RESAMPLES, 1)
        noise = torch.randn(RESAMPLES, len(bins), generator=generator, dtype=torch.float64)
        mass = (rates + noise * (rates * (1 - rates) / size).sqrt()).clamp(min=0.0)
        drawn = torch.binomial(
            counts.repeat(RESAMPLES, 1), accuracy.repeat(RESAMPLES, 1), generator=generator
        )
        errors = (mass * (drawn / counts - confidence).abs()).sum(1) / mass.sum(1).clamp(min=1e-12)
        low, high = torch.quantile(errors, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
        return low, high


@final
@dataclass(frozen=True)
class Bin:
    """Pictures of like confidence."""

    count: int
    confidence: float
    """Their mean, a fraction."""
    accuracy: float
    """How many of them were right, a fraction."""
