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

    A label that ties with others for the last ranks gets the chance that a fair draw gives it, as the 2012
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
    """Return the 95% confidence interval of an error rate.

    Args:
        error: the rate that was found, a fraction.
        count: pictures that it was found on.
    Returns:
        its lower and upper end, fractions; 0 and 1 where there were no pictures.
    Source: Wilson 1927: it stays within 0 and 1 and holds for small counts and for errors near 0.
    """
    if count == 0:
        return 0.0, 1.0
    z2 = _Z95**2 / count
    centre = (error + z2 / 2) / (1 + z2)
    half = _Z95 / (1 + z2) * math.sqrt(error * (1 - error) / count + z2 / (4 * count))
    return max(0.0, centre - half), min(1.0, centre + half)


def entropy(counts: Tensor) -> float:
    """Return the entropy of a distribution, in nats: the least cross-entropy of answers that ignore the pictures.

    Args:
        counts: how often each class comes, of any real dtype, (K,).
    """
    shares = counts[counts > 0].double() / counts.sum().clamp(min=1)
    return float(-(shares * shares.log()).sum()) + 0.0  # no -0


@final
@dataclass
class Tally:
    """Sums over the pictures evaluated so far."""

    classes: int
    """K."""
    count: int = 0
    """Pictures evaluated."""
    top1: float = 0.0
    """Sum of what `topk_correct` says of the best class."""
    top5: float = 0.0
    """The same of the five best classes (of all where there are fewer)."""
    negative_log: float = 0.0
    """Sum of the cross-entropies, -log p(label)."""
    class_counts: Tensor = field(default_factory=lambda: torch.zeros(0))
    """Pictures of each class, (K,)."""
    class_top1: Tensor = field(default_factory=lambda: torch.zeros(0))
    """`top1` of the pictures of each class, (K,)."""
    class_answers: Tensor = field(default_factory=lambda: torch.zeros(0))
    """Pictures for which each class was the best one, (K,)."""

    def __post_init__(self) -> None:
        if self.class_counts.numel() == 0:
            nothing = torch.zeros(self.classes, dtype=torch.float64)
            self.class_counts, self.class_top1, self.class_answers = (
                nothing,
                nothing.clone(),
                nothing.clone(),
            )

    def add(self, predicted: Tensor, labels: Tensor) -> None:
        """Count pictures.

        Args:
            predicted: probabilities, floating, (N, K).
            labels: int64, (N,).
        """
        first = topk_correct(predicted, labels, 1)
        self.count += len(labels)
        self.top1 += float(first.sum())
        self.top5 += float(topk_correct(predicted, labels, min(5, self.classes)).sum())
        own = predicted.double().gather(1, labels[:, None]).clamp(min=1e-38)
        self.negative_log -= float(own.log().sum())
        self.class_counts += torch.bincount(labels, minlength=self.classes).double()
        self.class_top1 += torch.bincount(labels, weights=first, minlength=self.classes).double()
        self.class_answers += torch.bincount(predicted.argmax(1), minlength=self.classes).double()

    def over(self, group: ProcessGroup) -> "Tally":
        """Return the sums over every process's pictures, in all of them."""
        own = torch.tensor([self.count, self.top1, self.top5, self.negative_log], dtype=torch.float64)
        total = group.add(torch.cat([own, self.class_counts, self.class_top1, self.class_answers]))
        count, top1, top5, negative_log = total[:4].tolist()
        return Tally(self.classes, round(count), top1, top5, negative_log, *total[4:].chunk(3))

    @property
    def top1_error(self) -> float:
        """Fraction of pictures whose label is not the best class; 1 of no pictures."""
        return 1.0 - self.top1 / self.count if self.count else 1.0

    @property
    def top5_error(self) -> float:
        """Fraction of pictures whose label is not among the five best classes; 1 of no pictures."""
        return 1.0 - self.top5 / self.count if self.count else 1.0

    @property
    def loss(self) -> float:
        """Mean cross-entropy, -log p(label), no p less than 1e-38; NaN where a probability is no number."""
        return self.negative_log / self.count if self.count else math.inf
