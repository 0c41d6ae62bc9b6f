"""A claim of the paper, and the experiment that tests it, as one value that is written before it is run."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, final

import numpy as np

from alexnet.data.dataset import Dataset

EVERY: Final = math.inf


@final
@dataclass(frozen=True)
class Training:
    """A network, trained: what is asked of `alexnet train`, and on which pictures.

    Claims that need the same one share its run, which has its name.
    """

    name: str
    """Of its runs, NAME-seed-N: one name for one training."""
    recipe: str
    epochs: float
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Changes to the recipe, by path."""
    network: str | None = None
    """The name of a network, in place of the recipe's."""
    data: int = 0
    """Which of the claim's data sets."""
    part: float = 1.0
    """How many of its training pictures, a fraction: `Dataset.subset` with the run's seed."""
    permuted: bool = False
    """Whether all its pictures are under one permutation of their pixels, of the run's seed."""
    start: "Training | None" = None
    """Whose best network it goes on from, of the same seed."""
    until: float | None = None
    """A training error, of an epoch, at which it ends before all its epochs; for rates that do not fall."""


@final
@dataclass(frozen=True)
class Measured:
    """What was measured of an arm."""

    figure: float
    """An error as a fraction, or a number of the measure's unit."""
    count: int = 0
    """Pictures that it was measured on."""
    scores: np.ndarray | None = None
    """uint8, (count,): of each picture what the figure is the mean of, times `scale`; for paired comparisons."""
    scale: int = 1
    curve: tuple[tuple[float, float], ...] = ()
    """Epochs and training errors, where the claim's figure draws them."""


class Measure(Protocol):
    """What is measured of the runs of an arm."""

    @property
    def unit(self) -> str:
        """percent for fractions; else a word, such as epochs."""

    def __call__(self, runs: Sequence[Path], dataset: Dataset) -> Measured:
        """Measure; `dataset` is what the last training was shown."""


@final
@dataclass(frozen=True)
class Arm:
    """One side of a comparison: trainings, and what is measured of all of them together."""

    name: str
    words: str
    """What it is, in a table."""
    trainings: tuple[Training, ...]
    """None where no network needs to be trained."""
    measure: Measure
    members: tuple[int, ...] = ()
    """How many networks of each training, each of a seed of its own: seed N takes those from N * members; left out, one
    each."""

    @property
    def key(self) -> str:
        """What tells this experiment from an older one of the same name: results of another key do not count."""
        said = repr((self.trainings, self.measure, self.members))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def runs(self, seed: int) -> list[tuple[Training, int]]:
        """Return the trainings of a seed, each with the seed of its own."""
        counts = self.members or (1,) * len(self.trainings)
        pairs = zip(self.trainings, counts, strict=True)
        return [(training, seed * count + member) for training, count in pairs for member in range(count)]


@final
@dataclass(frozen=True)
class Contrast:
    """A number that arms are compared by, and the range in which it agrees with the paper."""

    name: str
    terms: Mapping[str, float]
    """Arms by name: the number is the sum of their figures, each times this. Of a ratio, the first over the second."""
    agrees: tuple[float, float] = (0.0, EVERY)
    """Where the number agrees, as its unit has it: fractions, not points."""
    published: str = ""
    """What the paper has for it."""
    ratio: bool = False


@final
@dataclass(frozen=True)
class Claim:
    """What the paper says, what is done to test it here, and what would agree and disagree."""

    name: str
    title: str
    paper: str
    """What the paper says, and where."""
    experiment: str
    """What is done here."""
    agreement: str
    """What would agree; written before it was run."""
    disagreement: str
    """What would disagree; written before it was run."""
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    data: tuple[str, ...] = ("cifar10",)
    """Names of the data sets that it needs, in the order of --data."""
    indirect: str = ""
    """Why agreement here is no more than indirect; empty where the paper's own experiment is repeated."""
    seeds: int = 3
    plot: str = ""
    """What is drawn: curves, sizes; else each contrast with its interval."""

    def arm(self, name: str) -> Arm:
        """Return an arm by its name; KeyError where there is none."""
        return next(arm for arm in self.arms if arm.name == name)

    @property
    def unit(self) -> str:
        """Of its figures."""
        return self.arms[0].measure.unit


def plain(training: Training, pictures: int) -> dict[str, Any]:
    """Return a training as plain values, for a journal, with the number of its pictures."""
    values = {
        name: getattr(training, name) for name in ("name", "recipe", "network", "epochs", "part", "permuted")
    }
    found: dict[str, Any] = json.loads(
        json.dumps({**values, "pictures": pictures, "settings": dict(training.settings)})
    )
    return found
