"""Errors, counted exactly: sums that can be added up over batches and processes, and divided once.

Shapes: N pictures, K classes.
"""

import math
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from alexnet.distributed.group import ProcessGroup

_Z95 = 1.959963984540054  # the normal distribution's 97.5% point


def topk_correct(scores: Tensor, labels: Tensor, top: int) -> Tensor:
    """Return how far each picture's label is among its `top` best classes: 1, 0, or a share where scores tie.

    A label that ties with others for the last places gets the chance that a fair draw gives it, as the 2012
    program counts it; a network that says the same of everything is then right 1 / K of the time. A score
    that is not a number is never right.

    Args:
        scores: of any real dtype, (N, K), higher is better.
        labels: int64, (N,).
        top: how many classes count.
    Returns:
        float64, (N,), 0 to 1.
    """
    own = scores.gather(1, labels[:, None])
    above = (~(scores <= own)).sum(1)  # a NaN is above, and its own picture has all K above it
    tied = (scores == own).sum(1).clamp(min=1)
    free = (top - above).clamp(min=0)
    return (free.double() / tied.double()).clamp(max=1.0)


def interval(error: float, count: int) -> tuple[float, float]:
    """Return the 95% confidence interval of an error rate over `count` pictures, both fractions.

    Source: Wilson 1927: it stays within 0 and 1 and holds for small counts and for errors near 0.
    """
    if count == 0:
        return 0.0, 1.0
    z2 = _Z95**2 / count
    centre = (error + z2 / 2) / (1 + z2)
    half = _Z95 / (1 + z2) * math.sqrt(error * (1 - error) / count + z2 / (4 * count))
    return max(0.0, centre - half), min(1.0, centre + half)


@final
@dataclass
class Tally:
    """Sums over the pictures judged so far."""

    classes: int
    """K."""
    count: int = 0
    """Pictures judged."""
    top1: float = 0.0
    """Sum of the top-1 credits."""
    top5: float = 0.0
    """Sum of the top-5 credits (of the top K where there are fewer classes)."""
    negative_log: float = 0.0
    """Sum of -log p(label)."""
    class_counts: Tensor = field(default_factory=lambda: torch.zeros(0))
    """Pictures of each class, (K,)."""
    class_top1: Tensor = field(default_factory=lambda: torch.zeros(0))
    """Top-1 credits of each class, (K,)."""

    def __post_init__(self) -> None:
        if self.class_counts.numel() == 0:
            self.class_counts = torch.zeros(self.classes, dtype=torch.float64)
            self.class_top1 = torch.zeros(self.classes, dtype=torch.float64)

    def add(self, predicted: Tensor, labels: Tensor) -> None:
        """Count pictures: probabilities (N, K) and labels (N,)."""
        first = topk_correct(predicted, labels, 1)
        self.count += len(labels)
        self.top1 += float(first.sum())
        self.top5 += float(topk_correct(predicted, labels, min(5, self.classes)).sum())
        own = predicted.double().gather(1, labels[:, None]).clamp(min=1e-38)
        self.negative_log -= float(own.log().sum())
        self.class_counts += torch.bincount(labels, minlength=self.classes).double()
        self.class_top1 += torch.bincount(labels, weights=first, minlength=self.classes).double()

    def over(self, group: ProcessGroup) -> "Tally":
        """Return the sums over every process's pictures, in all of them."""
        own = torch.tensor([self.count, self.top1, self.top5, self.negative_log], dtype=torch.float64)
        total = group.add(torch.cat([own, self.class_counts, self.class_top1]))
        count, top1, top5, negative_log = total[:4].tolist()
        by_class = total[4:].chunk(2)
        return Tally(self.classes, round(count), top1, top5, negative_log, by_class[0], by_class[1])

    @property
    def top1_error(self) -> float:
        """Fraction of pictures whose label is not the best class."""
        return 1.0 - self.top1 / self.count if self.count else 1.0

    @property
    def top5_error(self) -> float:
        """Fraction of pictures whose label is not among the five best classes."""
        return 1.0 - self.top5 / self.count if self.count else 1.0

    @property
    def loss(self) -> float:
        """Mean of -log p(label)."""
        return self.negative_log / self.count if self.count else math.inf
