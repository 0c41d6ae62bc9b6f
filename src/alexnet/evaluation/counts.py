"""What a report is made of, counted a batch at a time: memory grows with the classes, not with the pictures.

Shapes: N pictures, K classes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import torch
from torch import Tensor

from alexnet.distributed.group import ProcessGroup
from alexnet.evaluation.calibration import Calibration
from alexnet.evaluation.collapse import collapse
from alexnet.evaluation.confusion import ClassScores, Confusion
from alexnet.evaluation.metrics import Tally, interval
from alexnet.evaluation.report import ClassError
from alexnet.evaluation.temperature import CrossFit

HELD: Final = 1 << 20
"""Probabilities that are counted together, 4 MB: of small batches each would cost as much as a layer."""
NOT_KNOWN: Final = (math.nan, math.nan)
"""Ends of an interval of what cannot be told."""


@final
@dataclass(frozen=True)
class Known:
    """What is known of each picture besides its best class: all of it, where networks were asked."""

    top5: bool = True
    """The five best classes (all, where there are fewer)."""
    confidence: bool = True
    """The best class's probability."""
    own: bool = True
    """The probability of the picture's class."""
    distribution: bool = True
    """The probability of every class."""


@final
class Counts:
    """Errors, confusion and calibration of some pictures of a split, which add up over batches and processes.

    Args:
        classes: K.
        pictures: of the whole split.
    """

    def __init__(self, classes: int, pictures: int) -> None:
        self.tally, self.confusion, self.calibration = Tally(classes), Confusion(classes), Calibration()
        self.halves = CrossFit(classes, pictures)
        self._held = list[tuple[Tensor, Tensor, Tensor]]()

    def add(self, probabilities: Tensor, labels: Tensor, indices: Tensor) -> None:
        """Count pictures: probabilities (N, K), labels int64 (N,), their numbers in the split int64 (N,)."""
        self._held.append((probabilities, labels, indices))
        if sum(part[0].numel() for part in self._held) >= HELD:
            self._count()

    def _count(self) -> None:
        """Count what is held."""
        if not self._held:
            return
        probabilities, labels, indices = map(torch.cat, zip(*self._held, strict=True))
        self._held.clear()
        self.tally.add(probabilities, labels)
        self.confusion.add(labels, probabilities.argmax(1))
        self.calibration.add(probabilities, labels)
        self.halves.add(probabilities, labels, indices)

    def values(
        self,
        classes: Sequence[str],
        words: Sequence[str],
        group: ProcessGroup,
        known: Known = Known(),
    ) -> dict[str, Any]:
        """Return the fields of a `Report` that come of counting, over every process's pictures, in all of them.

        Args:
            classes: their names, K of them.
            words: a readable name of each.
            group: who share the pictures.
            known: what the probabilities say; what they do not is not a number in the report.
        """
        self._count()
        tally, confusion = self.tally.over(group), self.confusion.over(group)
        calibration, scores = self.calibration.over(group), ClassScores.of(confusion)
        found: dict[str, Any] = {
            "count": tally.count,
            "top1_error": tally.top1_error,
            "top1_interval": interval(tally.top1_error, tally.count),
            "top5_error": tally.top5_error if known.top5 else math.nan,
            "top5_interval": interval(tally.top5_error, tally.count) if known.top5 else NOT_KNOWN,
            "loss": tally.loss if known.own else math.nan,
            "per_class": _per_class(tally, scores, classes, words),
            "macro_precision": scores.macro_precision,
            "balanced_accuracy": scores.macro_recall,
            "macro_f1": scores.macro_f1,
            "confusion": confusion.entries(),
            "collapse": collapse(tally, tuple(classes)) if known.own else "",
        }
        if known.confidence:
            found["calibration_error"] = calibration.error()
            found["calibration_interval"] = calibration.interval()
            found["calibration"] = tuple(calibration.bins())
        after = self.halves.temperature(group) if known.distribution else None
        if after is not None:
            found["temperature"], found["temperature_pictures"] = after.value, after.count
            found["calibrated_error"], found["calibrated_interval"] = after.error, after.interval
        return found


def _per_class(
    tally: Tally, scores: ClassScores, classes: Sequence[str], words: Sequence[str]
) -> tuple[ClassError, ...]:
    """Return how each class fared."""
    counts, right = tally.class_counts.tolist(), tally.class_top1.tolist()
    errors = [1.0 - one / count if count else 0.0 for one, count in zip(right, counts, strict=True)]
    columns = (scores.precision.tolist(), scores.recall.tolist(), scores.f1.tolist())
    return tuple(
        ClassError(name, said, round(count), *found)
        for name, said, count, *found in zip(classes, words, counts, errors, *columns, strict=True)
    )
