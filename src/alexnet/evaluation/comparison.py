"""Two networks on the same pictures: is one better, or did it happen so? A paired test and its interval."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

import torch
from torch import Tensor

from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.evaluation.ensemble import classifiers_of, members, prepared_for, split_of
from alexnet.evaluation.not_finite import NONE, first_not_finite, refuse_not_finite
from alexnet.evaluation.predict import Member, probabilities
from alexnet.evaluation.report import SCHEMA
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import Views

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
    errors: tuple[float, float] = (0.0, 0.0)
    """Top-1 errors of the first and the second, fractions."""
    networks: tuple[str, ...] = ()
    """Where the two came from."""
    data: str = ""
    """Name of the data set."""
    split: str = ""
    """Name of the split."""
    views: Views = 0
    """Views of a picture whose probabilities were averaged."""

    @classmethod
    def of(cls, first_right: Tensor, second_right: Tensor) -> "Comparison":
        """Compare right answers, bool (N,), of the same pictures in the same order."""
        if first_right.shape != second_right.shape:
            raise ValueError(
                f"{len(first_right)} and {len(second_right)} answers cannot be compared: the same pictures are"
            )
        first, second = first_right.bool(), second_right.bool()
        wrong = tuple(float((~right).double().mean()) if len(right) else 1.0 for right in (first, second))
        return cls(
            len(first), int((first & ~second).sum()), int((second & ~first).sum()), (wrong[0], wrong[1])
        )

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

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        found = {"difference": self.difference, "interval": self.interval, "p_value": self.p_value}
        return {"schema": SCHEMA, **asdict(self), **found}


def compare(
    runs: Sequence[str | Path | Classifier],
    data: str | Path | Dataset,
    *,
    views: Views = 10,
    split: str | None = None,
    device: str | torch.device = "auto",
    processes: ProcessGroup = ALONE,
) -> Comparison:
    """Compare two networks on every picture of a split: right is whose best class is the picture's.

    Args:
        runs: two run directories, checkpoint files or loaded classifiers, of the same classes in any order.
        data, views, split, device, processes: as `evaluate` takes them.
    Raises:
        ValueError: they are not two.
        CheckpointError, DataError, DivergedError, RecipeError: as `evaluate` raises them.
    """
    classifiers = classifiers_of(runs, device)
    if len(classifiers) != 2:
        raise ValueError(f"two networks are compared, not {len(classifiers)}")
    dataset, seen = prepared_for(classifiers, data)
    name = split_of(dataset, split)
    networks, numbers = members(classifiers, seen, name)
    sources = tuple(classifier.source for classifier in classifiers)
    first, second = (
        _right(member, numbers, views, processes, (source,))
        for member, source in zip(networks, sources, strict=True)
    )
    found = Comparison.of(first, second)
    return Comparison(
        found.count, found.only_first, found.only_second, found.errors, sources, dataset.name, name, views
    )


def _right(
    member: Member, numbers: Tensor, views: Views, processes: ProcessGroup, sources: tuple[str, ...]
) -> Tensor:
    """Return whether a network names each picture of its split rightly: bool (N,), in every process."""
    right, bad = torch.zeros(len(member.split), dtype=torch.float64), NONE
    for batch in probabilities([member], views=views, group=processes):
        bad = first_not_finite(batch, bad)
        right[batch.indices] = (batch.probabilities.argmax(1) == numbers[batch.labels]).double()
    refuse_not_finite([member], bad, views, processes, sources)
    return processes.add(right).bool()
