"""The temperature that makes a network as sure as it is right, and what it leaves of the calibration error.

Shapes: N pictures, K classes.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.evaluation.calibration import Calibration

NUMBERS: Final = 1 << 24
"""Probabilities that are kept to fit a temperature, 64 MB: of a million pictures of ten classes, of 16,000 of 1,000."""
_LIMITS: Final = (0.05, 20.0)  # of a temperature, and of its inverse
_ROWS: Final = 2048  # that are turned to float64 at once


@final
@dataclass(frozen=True)
class Temperature:
    """A temperature, and the calibration error of pictures on which it was not fitted."""

    value: float
    """Above 1 where the network is too sure, below 1 where it is not sure enough."""
    error: float
    """Calibration error after it, by cross-fitting."""
    interval: tuple[float, float]
    """95% interval of that error, by the bootstrap."""
    count: int
    """Pictures that it was fitted on."""


@final
class CrossFit:
    """Two halves of a split, each of which gets the temperature that was fitted on the other one.

    So no picture has a part in its own temperature, none is asked about twice, and there need be no other split: a
    temperature of validation pictures that also chose the epoch would look better than it is. Every other picture is
    of the same half, since those of a class often follow each other; where there are too many to keep, pictures
    are taken at equal distances.

    Args:
        classes: K.
        pictures: of the whole split.
    """

    def __init__(self, classes: int, pictures: int) -> None:
        self._step = max(1, math.ceil(pictures * classes / NUMBERS))
        empty = (torch.zeros(0, classes), torch.zeros(0, dtype=torch.int64))
        self._halves = ([empty], [empty])

    def add(self, probabilities: Tensor, labels: Tensor, indices: Tensor) -> None:
        """Keep what is needed: probabilities (N, K), labels int64 (N,), the pictures' numbers in the split (N,)."""
        for half in (0, 1):
            kept = (indices % self._step == 0) & (indices // self._step % 2 == half)
            if bool(kept.any()):
                self._halves[half].append((probabilities[kept].float(), labels[kept]))

    def temperature(self, group: ProcessGroup = ALONE) -> Temperature | None:
        """Return the temperature of all that was kept, in every process, and what it does; None of a picture alone."""
        first, second = (
            (torch.cat(columns[0]), torch.cat(columns[1])) for columns in map(_columns, self._halves)
        )
        counts = group.add(torch.tensor([len(first[1]), len(second[1])], dtype=torch.int64)).tolist()
        if 0 in counts:
            return None
        after = Calibration()
        for fitted, held_out in ((first, second), (second, first)):
            value = fit_temperature(*fitted, group=group)
            for rows in torch.arange(len(held_out[1])).split(_ROWS):
                after.add(with_temperature(held_out[0][rows], value), held_out[1][rows])
        after = after.over(group)
        whole = fit_temperature(
            torch.cat([first[0], second[0]]), torch.cat([first[1], second[1]]), group=group
        )
        return Temperature(whole, after.error(), after.interval(), sum(counts))


def _columns(parts: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], list[Tensor]]:
    return [part[0] for part in parts], [part[1] for part in parts]


def fit_temperature(
    probabilities: Tensor, labels: Tensor, *, steps: int = 50, group: ProcessGroup = ALONE
) -> float:
    """Return the temperature with which held-out pictures have the least cross-entropy.

    Args:
        probabilities: of held-out pictures, (N, K): never those that the result is reported on.
        labels: int64, (N,).
        steps: of Newton's method at most, on the inverse of the temperature.
        group: whose processes each have some of the pictures; all of them get the same.
    Returns:
        above 1 where the network is too sure, below 1 where it is not sure enough; 0.05 to 20, to four digits.
    Raises:
        ValueError: there are no pictures.
    Source: Guo et al. 2017, section 4.2, for logits that are logarithms of probabilities.
    """
    beta = 1.0  # the inverse of the temperature: the cross-entropy is convex in it
    for _ in range(steps):
        count, slope, curvature = group.add(_derivatives(probabilities, labels, beta)).tolist()
        if not count:
            raise ValueError("a temperature is fitted on at least one picture")
        if curvature <= 1e-12 * count:
            break
        step = slope / curvature
        before, beta = beta, beta - math.copysign(min(abs(step), beta / 2), step)
        beta = min(max(beta, _LIMITS[0]), _LIMITS[1])
        if abs(beta - before) < 1e-9:
            break
    return round(1.0 / beta, 4)  # the last digits are those of the order in which sums were made


def _derivatives(probabilities: Tensor, labels: Tensor, beta: float) -> Tensor:
    """Return how many pictures there are, and the slope and curvature of their cross-entropy in beta: float64, (3,)."""
    total = torch.zeros(3, dtype=torch.float64)
    for logits, own in _logits(probabilities, labels):
        shares = torch.softmax(beta * logits, 1)
        mean = (shares * logits).sum(1)
        curvature = (shares * logits.square()).sum(1) - mean.square()
        total += torch.stack([torch.tensor(float(len(own))), (mean - own).sum(), curvature.sum()])
    return total


def _logits(probabilities: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield logarithms of probabilities, float64 (n, K), and those of the labels (n,), some rows at a time."""
    for rows, own in zip(probabilities.split(_ROWS), labels.split(_ROWS), strict=True):
        logits = rows.double().clamp(min=1e-38).log()
        yield logits, logits.gather(1, own[:, None])[:, 0]


def with_temperature(probabilities: Tensor, temperature: float) -> Tensor:
    """Return probabilities (N, K) made less sure, or surer, by a temperature."""
    return torch.softmax(probabilities.double().clamp(min=1e-38).log() / temperature, 1).to(
        probabilities.dtype
    )
