"""What is known of a run: what lies in its directory, its network, and what an evaluation of it found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

from alexnet.data.dataset import Dataset
from alexnet.device import choose_device
from alexnet.errors import RunError
from alexnet.evaluation.ensemble import prepared_for, split_of
from alexnet.evaluation.evaluate import evaluate
from alexnet.evaluation.predict import PredictedBatch
from alexnet.evaluation.report import Report
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import Views
from alexnet.inspection.report.outcomes import Outcomes
from alexnet.runs.directory import ENVIRONMENT, RECIPE
from alexnet.runs.journal import Row
from alexnet.runs.origin import Origin, read_record
from alexnet.runs.run import Run


@final
@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found, and of which pictures."""

    dataset: Dataset
    """As the network sees it."""
    report: Report
    outcomes: Outcomes
    """Of every picture of the split."""


@final
@dataclass(frozen=True)
class Account:
    """What is known of a run."""

    run: Run
    history: tuple[Row, ...]
    """The journal's rows."""
    recipe: Mapping[str, Any]
    """The resolved recipe, as plain values."""
    environment: Mapping[str, Any]
    """What its numbers may depend on; empty where that was not recorded."""
    origin: Origin | None
    """Where it came from; None of a run that was begun before it was recorded."""
    classifier: Classifier
    evaluated: Evaluated | None = None
    """None where there were no pictures to evaluate it on."""

    @classmethod
    def of(cls, path: Path, *, device: str) -> Self:
        """Read a run's directory and load its network.

        Raises:
            RunError: it is no run, or its files are not what a run writes.
            CheckpointError: it has no network yet, or a damaged one.
            RecipeError: there is no such device.
        """
        run = Run.read(path)
        return cls(
            run,
            tuple(run.history),
            recipe=read_record(path, RECIPE) or {},
            environment=read_record(path, ENVIRONMENT) or {},
            origin=Origin.read(path),
            classifier=run.load(device=choose_device(device)),
        )

    @property
    def name(self) -> str:
        """The name of its directory."""
        return self.run.path.absolute().name

    def own_data(self) -> Dataset | None:
        """Open the pictures that it was trained on; None where they lie there no more, or nobody knows where.

        Raises:
            RunError: others lie there.
            DataError: they are damaged.
        """
        return self.origin.dataset() if self.origin else None

    def evaluate(
        self,
        data: str | Path | Dataset,
        *,
        split: str | None,
        views: Views,
        progress: Callable[[int, int], None],
    ) -> Evaluated:
        """Evaluate its network on a split, and keep what it says of every picture.

        Raises:
            DataError, DivergedError, RecipeError: as `alexnet.evaluate`.
        """
        dataset, _ = prepared_for([self.classifier], data)
        name = split_of(dataset, split)
        outcomes = Outcomes(len(dataset.split(name)))

        def observe(batch: PredictedBatch) -> None:
            outcomes.add(batch)
            progress(outcomes.seen, len(outcomes.labels))

        report = evaluate(self.classifier, dataset, views=views, split=name, observe=observe)
        return Evaluated(dataset, report, outcomes)


def check_alike(first: Account, second: Account) -> None:
    """Check that two runs can stand beside each other.

    Raises:
        RunError: they are for different classes.
    """
    if set(first.classifier.classes) != set(second.classifier.classes):
        raise RunError(
            f"{first.run.path} and {second.run.path} are for different classes: they cannot be compared"
        )
