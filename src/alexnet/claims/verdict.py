"""What results say of a claim, by the rule that the claim has.

The number of a contrast has a 95% interval: over three seeds or more by Student's t; over fewer by the pictures, which
every arm of a seed was asked about (for two errors Agresti and Min's, as `alexnet evaluate --compare` has it): that one
knows nothing of how seeds differ.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch

from alexnet.claims.claim import Claim, Contrast, Measured
from alexnet.claims.journal import Record
from alexnet.evaluation.comparison import Comparison

AGREES: Final = "agrees"
INDIRECT: Final = "indirect"
"""It agrees, on other pictures or at another size than the paper's: its direction is the paper's, its size need not."""
UNDECIDED: Final = "undecided"
"""The interval reaches both where it agrees and where it disagrees: too few seeds, or too small an effect here."""
DISAGREES: Final = "disagrees"
NOT_RUN: Final = "not run"

_T975: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t, its 97.5% point for 1 to 10 degrees of freedom; beyond, 2.228 errs to the wide side."""
_Z975: Final = 1.959963984540054


@final
@dataclass(frozen=True)
class Finding:
    """The number of a contrast, and what it says."""

    contrast: Contrast
    verdict: str
    """agrees, undecided, disagrees or not run."""
    value: float | None = None
    """Mean over seeds; of a ratio, the geometric one. None where it was not run."""
    interval: tuple[float, float] | None = None
    """95%; None where one seed gives none."""
    seeds: int = 0
    by_pictures: bool = False
    """Whether the interval is of pictures, not of seeds."""


@final
@dataclass(frozen=True)
class Outcome:
    """What a claim's journal says of it."""

    claim: Claim
    verdict: str
    findings: tuple[Finding, ...]
    records: tuple[Record, ...]
    """Those of the experiment as it is now, each arm and seed once."""


def outcome(claim: Claim, records: Iterable[Record]) -> Outcome:
    """Decide what records say of a claim.

    It agrees where every contrast does, is no more than indirect where the claim says so, and disagrees where one does.
    """
    keys = {arm.name: arm.key for arm in claim.arms}
    current = {(record.arm, record.seed): record for record in records if keys.get(record.arm) == record.key}
    findings = tuple(_finding(contrast, current) for contrast in claim.contrasts)
    verdicts = {finding.verdict for finding in findings}
    known = verdicts - {NOT_RUN}
    if DISAGREES in verdicts:
        verdict = DISAGREES
    elif not known:
        verdict = NOT_RUN
    elif verdicts == {AGREES}:
        verdict = INDIRECT if claim.indirect else AGREES
    else:
        verdict = UNDECIDED
    return Outcome(claim, verdict, findings, tuple(current.values()))


def figures(records: Sequence[Record], arm: str) -> list[float]:
    """Return an arm's figures, by seed."""
    return [
        record.measured.figure for record in sorted(records, key=lambda one: one.seed) if record.arm == arm
    ]


def _finding(contrast: Contrast, current: dict[tuple[str, int], Record]) -> Finding:
    seeds = sorted({seed for _, seed in current})
    whole = [seed for seed in seeds if all((arm, seed) in current for arm in contrast.terms)]
    if not whole:
        return Finding(contrast, NOT_RUN)
    rows = [[current[arm, seed].measured for arm in contrast.terms] for seed in whole]
    values = [_value(contrast, row) for row in rows]
    by_pictures = len(values) < 3 and not contrast.ratio
    pictures = _by_pictures(contrast, rows) if by_pictures else None
    interval = _by_seeds(values) if len(values) >= 3 else pictures
    value = sum(values) / len(values)
    if contrast.ratio:
        value = math.exp(value)
        interval = (math.exp(interval[0]), math.exp(interval[1])) if interval is not None else None
    verdict = _verdict(contrast, interval or (value, value))
    return Finding(contrast, verdict, value, interval, len(whole), by_pictures and interval is not None)


def _value(contrast: Contrast, row: Sequence[Measured]) -> float:
    """Return the number of one seed; of a ratio, its logarithm."""
    numbers = [measured.figure for measured in row]
    if contrast.ratio:
        return math.log(max(numbers[0], 1e-12)) - math.log(max(numbers[1], 1e-12))
    return sum(factor * number for factor, number in zip(contrast.terms.values(), numbers, strict=True))


def _by_seeds(values: Sequence[float]) -> tuple[float, float]:
    """Return the interval of a mean by Student's t."""
    mean, count = sum(values) / len(values), len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1))
    if not math.isfinite(mean):
        return mean, mean
    half = _T975[min(count - 2, len(_T975) - 1)] * deviation / math.sqrt(count)
    return mean - half, mean + half


def _by_pictures(contrast: Contrast, rows: Sequence[Sequence[Measured]]) -> tuple[float, float] | None:
    """Return the interval of a mean over seeds by what happened to each picture; None where that is not known."""
    lows, highs, means = [], [], []
    for row in rows:
        if any(measured.scores is None or measured.count != row[0].count for measured in row):
            return None
        means.append(_value(contrast, row))
        low, high = _paired(list(contrast.terms.values()), row)
        lows.append(low - means[-1])
        highs.append(high - means[-1])
    mean, count = sum(means) / len(means), len(means)
    return (
        mean - math.sqrt(sum(low**2 for low in lows)) / count,
        mean + math.sqrt(sum(high**2 for high in highs)) / count,
    )


def _paired(factors: Sequence[float], row: Sequence[Measured]) -> tuple[float, float]:
    """Return the interval of one seed's number: the mean over pictures of a sum of scores."""
    scores = [measured.scores for measured in row if measured.scores is not None]
    single = all(measured.scale == 1 for measured in row)
    if sorted(factors) == [-1.0, 1.0] and single:  # wrong under the first minus wrong under the second
        plus, minus = scores[factors.index(1.0)], scores[factors.index(-1.0)]
        return Comparison.of(torch.from_numpy(minus == 0), torch.from_numpy(plus == 0)).interval
    parts = zip(factors, scores, row, strict=True)
    each = np.sum(
        [factor * one.astype(np.float64) / measured.scale for factor, one, measured in parts], axis=0
    )
    half = _Z975 * float(each.std(ddof=1)) / math.sqrt(len(each)) if len(each) > 1 else 1.0
    return float(each.mean()) - half, float(each.mean()) + half


def _verdict(contrast: Contrast, interval: tuple[float, float]) -> str:
    low, high = contrast.agrees
    if low <= interval[0] and interval[1] <= high:
        return AGREES
    if interval[1] < low or interval[0] > high:
        return DISAGREES
    return UNDECIDED
