"""How rates change while a run goes on: a factor on each rate, from the run's progress.

The paper divides the rate by 10 when the validation error stops improving (section 5). The 2012 program
also knew four schedules of the run's progress p, from 0 at the first step to 1 after the last.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from alexnet.errors import RecipeError, choices

KINDS: Final = ("constant", "plateau", "steps", "linear", "exp", "dexp", "jdexp", "cosine", "polynomial")


@final
@dataclass(frozen=True)
class Schedule:
    """A rule for the factor by which a rate is multiplied.

    Raises:
        RecipeError: a kind that does not exist, or numbers that make no schedule.
    """

    kind: str = "plateau"
    """constant, plateau, steps, linear, exp, dexp, jdexp, cosine or polynomial."""
    divisor: float = 10.0
    """plateau and steps: what the rate is divided by at each drop (section 5)."""
    drops: int = 3
    """plateau: how often the rate may drop (section 5: three times)."""
    patience: int = 3
    """plateau: validations without a better error before a drop; the paper does not state its own."""
    epochs: tuple[float, ...] = ()
    """steps: the epochs after which the rate drops, rising."""
    target_factor: float = 1.0
    """linear, exp, dexp, jdexp: the last rate is the first one divided by this (tgtFactor of the program)."""
    count: int = 2
    """dexp, jdexp: how many rates there are (numSteps of the program)."""
    power: float = 2.0
    """polynomial: the power of what remains of the run, (1 - p)^power."""
    noise: float = 0.0
    """Multiply by 1 + noise * abs(N(0, 1)), drawn at each use (noiseStdev of the program)."""
    warmup: float = 0.0
    """Epochs over which the rate first rises in a straight line from nearly 0."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise RecipeError(f"`{self.kind}` is not a schedule; {choices(self.kind, KINDS)}")
        if not all(1e-9 <= value <= 1e9 for value in (self.divisor, self.target_factor)):
            raise RecipeError(
                f"a rate is divided by a number from 1e-9 to 1e9, not {self.divisor}, {self.target_factor}"
            )
        if not 2 <= self.count <= 1000:
            raise RecipeError(f"dexp and jdexp have 2 to 1,000 rates, not {self.count}")
        if self.kind == "plateau" and not (0 <= self.drops <= 30 and self.patience >= 1):
            raise RecipeError(
                f"a plateau needs patience of at least 1 and 0 to 30 drops, not {self.patience} and {self.drops}"
            )
        for name in ("power", "noise", "warmup"):
            if not 0 <= getattr(self, name) < math.inf:
                raise RecipeError(f"{name}={getattr(self, name)} makes no schedule: {name} of 0 or more")
        if list(self.epochs) != sorted(self.epochs):
            raise RecipeError(f"the epochs of a schedule rise; these do not: {self.epochs}")
        if len(self.epochs) > 30:
            raise RecipeError(f"a schedule has at most 30 drops, not {len(self.epochs)}")


@final
@dataclass(frozen=True)
class TrainingProgress:
    """How far a run is, as schedules need to know."""

    epoch: float
    """Epochs finished, with the fraction of the one that runs."""
    progress: float
    """Steps finished over steps planned, 0 to 1."""
    validation_errors: tuple[float, ...] = ()
    """The error of each validation so far, a fraction."""


def factor(schedule: Schedule, progress: TrainingProgress) -> float:
    """Return what a rate is multiplied by, noise left out.

    Source: section 5 (plateau); the program's schedules default, linear, exp, dexp and jdexp.
    """
    p, target = progress.progress, schedule.target_factor
    value: float
    match schedule.kind:
        case "plateau":
            value = schedule.divisor ** -float(plateaus(schedule, progress.validation_errors))
        case "steps":
            value = schedule.divisor ** -float(sum(progress.epoch >= epoch for epoch in schedule.epochs))
        case "linear":
            value = (1.0 - p) + p / target
        case "exp":
            value = float(target**-p)
        case "dexp" | "jdexp":
            value = _stairs(schedule, p)
        case "cosine":
            value = 0.5 * (1.0 + math.cos(math.pi * p))
        case "polynomial":
            value = (1.0 - p) ** schedule.power
        case _:
            value = 1.0
    if progress.epoch < schedule.warmup:
        value *= max(progress.epoch, 1e-3) / schedule.warmup
    return value


def plateaus(schedule: Schedule, errors: Sequence[float]) -> int:
    """Return how often the validation error has stopped improving: `patience` validations without a better one.

    After a drop the best error so far stays the one to beat, and the count begins anew.
    """
    best, waited, drops = math.inf, 0, 0
    for error in errors:
        if error < best:
            best, waited = error, 0
        else:
            waited += 1
        if waited >= schedule.patience and drops < schedule.drops:
            drops, waited = drops + 1, 0
    return drops


def _stairs(schedule: Schedule, progress: float) -> float:
    """Return the factor of dexp and jdexp: `count` rates, each a like factor below the one before."""
    count, target = schedule.count, schedule.target_factor
    rates = [float(target ** (-i / (count - 1))) for i in range(count)]
    step = next(i for i in range(count) if progress <= (i + 1) / count or i == count - 1)
    if schedule.kind == "jdexp" and step > 0 and 0.2 < progress < 0.9 and progress > (step + 0.5) / count:
        return math.sqrt(rates[step] * rates[step - 1])
    return rates[step]
