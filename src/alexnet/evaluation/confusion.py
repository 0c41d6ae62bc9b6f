"""Which classes are taken for which: counts of pairs, and precision, recall and F1 from them.

Shapes: N pictures, K classes.
"""

from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from alexnet.distributed.group import ProcessGroup

DENSE: Final = 2048
"""Classes up to which every pair has a count of its own, 32 MB; above, only pairs that occur."""


@final
class Confusion:
    """Counts of (label, best class) pairs, which add up over batches and processes.

    Memory does not grow with the pictures: with K up to 2,048 it is K x K numbers, above it grows with the pairs that
    occur.

    Args:
        classes: K.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self._dense = torch.zeros(classes * classes if classes <= DENSE else 0, dtype=torch.int64)
        self._pairs = torch.zeros(0, dtype=torch.int64)
        self._counts = torch.zeros(0, dtype=torch.int64)

    def add(self, labels: Tensor, predicted: Tensor) -> None:
        """Count pictures: labels and best classes, int64 (N,)."""
        self._add(labels * self.classes + predicted, torch.ones_like(labels))

    def over(self, group: ProcessGroup) -> "Confusion":
        """Return the counts over every process's pictures, in all of them."""
        total = Confusion(self.classes)
        for pairs, counts in group.collect(self.pairs()):
            total._add(pairs, counts)
        return total

    def pairs(self) -> tuple[Tensor, Tensor]:
        """Return the pairs that occur, label x K + best class, rising, and how often each does: int64 (M,) both."""
        if self.classes > DENSE:
            return self._pairs, self._counts
        found = self._dense.nonzero().flatten()
        return found, self._dense[found]

    def entries(self) -> tuple[tuple[int, int, int], ...]:
        """Return the pairs that occur, rising: label, best class, and how often."""
        pairs, counts = self.pairs()
        columns = ((pairs // self.classes).tolist(), (pairs % self.classes).tolist(), counts.tolist())
        return tuple(zip(*columns, strict=True))

    def matrix(self) -> Tensor:
        """Return the counts as int64 (K, K), a row a label: for K that has room for it."""
        pairs, counts = self.pairs()
        return (
            torch.zeros(self.classes * self.classes, dtype=torch.int64)
            .index_add(0, pairs, counts)
            .view(self.classes, self.classes)
        )

    def totals(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return for each class how many pictures it has, how many are taken for it, and how many rightly: (K,)."""
        pairs, counts = self.pairs()
        labels, predicted = pairs // self.classes, pairs % self.classes
        zeros = torch.zeros(self.classes, dtype=torch.int64)
        right = labels == predicted
        return (
            zeros.index_add(0, labels, counts),
            zeros.index_add(0, predicted, counts),
            zeros.index_add(0, labels[right], counts[right]),
        )

    def most_confused(self, count: int = 50) -> list[tuple[int, int, int]]:
        """Return the pairs of label and wrong best class that occur most, with how often; of equals the first."""
        pairs, counts = self.pairs()
        labels, predicted = pairs // self.classes, pairs % self.classes
        wrong = labels != predicted
        labels, predicted, counts = labels[wrong], predicted[wrong], counts[wrong]
        order = torch.sort(counts, descending=True, stable=True).indices[:count]
        return [(int(labels[i]), int(predicted[i]), int(counts[i])) for i in order]

    def _add(self, pairs: Tensor, counts: Tensor) -> None:
        if self.classes <= DENSE:
            self._dense.index_add_(0, pairs, counts)
            return
        merged = torch.cat([self._pairs, pairs])
        self._pairs, positions = torch.unique(merged, return_inverse=True)
        self._counts = torch.zeros(len(self._pairs), dtype=torch.int64).index_add(
            0, positions, torch.cat([self._counts, counts])
        )


@final
@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of each class, float64 (K,), fractions, and their means over classes that have pictures.

    A class that nothing was taken for has precision 0; one without pictures has recall 0 and is in no mean.
    """

    support: Tensor
    """Pictures of each class, int64 (K,)."""
    precision: Tensor
    recall: Tensor
    f1: Tensor

    @classmethod
    def of(cls, confusion: Confusion) -> "ClassScores":
        """Compute the scores of counted pairs."""
        support, predicted, right = (value.double() for value in confusion.totals())
        precision = right / predicted.clamp(min=1.0)
        recall = right / support.clamp(min=1.0)
        f1 = 2.0 * right / (support + predicted).clamp(min=1.0)
        return cls(support.long(), precision, recall, f1)

    @property
    def macro_precision(self) -> float:
        """Mean of the precisions."""
        return self._mean(self.precision)

    @property
    def macro_recall(self) -> float:
        """Mean of the recalls: the balanced accuracy."""
        return self._mean(self.recall)

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 scores."""
        return self._mean(self.f1)

    def _mean(self, values: Tensor) -> float:
        present = self.support > 0
        return float(values[present].mean()) if bool(present.any()) else 0.0
