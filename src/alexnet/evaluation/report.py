"""What an evaluation found: errors with their intervals, a class at a time too."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import CheckpointError, DataError
from alexnet.evaluation.metrics import Tally, interval
from alexnet.evaluation.predict import probabilities
from alexnet.inference.classifier import Classifier
from alexnet.runs.loading import load


@final
@dataclass(frozen=True)
class ClassError:
    """How one class fared."""

    name: str
    words: str
    count: int
    """Pictures of this class."""
    top1_error: float
    """A fraction; of no pictures, 0."""


@final
@dataclass(frozen=True)
class Report:
    """Errors of one network, or of several averaged, on the pictures of a split; all errors are fractions."""

    networks: tuple[str, ...]
    """Where the networks came from."""
    data: str
    split: str
    count: int
    """Pictures judged: every one of the split, once."""
    unreadable: int
    """Pictures of the split that could not be read when it was prepared, and are in no error."""
    views: int
    """Views of a picture whose probabilities were averaged."""
    top1_error: float
    top1_interval: tuple[float, float]
    """95% confidence interval (Wilson)."""
    top5_error: float
    top5_interval: tuple[float, float]
    """95% confidence interval (Wilson)."""
    loss: float
    """Mean of -log p(label), no p less than 1e-38; NaN where the network gives NaN."""
    per_class: tuple[ClassError, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON, which has no number for a loss that is not finite."""
        return {**asdict(self), "loss": self.loss if math.isfinite(self.loss) else None}


def evaluate(
    runs: str | Path | Classifier | Sequence[str | Path | Classifier],
    data: str | Path | Dataset,
    *,
    views: int = 10,
    split: str | None = None,
    processes: ProcessGroup = ALONE,
) -> Report:
    """Judge a network, or the average of several, on every picture of a split exactly once.

    Args:
        runs: run directories, checkpoint files or loaded classifiers; probabilities are averaged.
        data: a data set, its name, or where it lies; classes are matched by name.
        views: 10, corners and centre and their mirrors, or 1, the centre (section 4.1).
        split: the split's name; without one, the test split where there is one, else the validation split,
            else the training split.
        processes: who share the pictures; every one of them gets the report of all.
    Returns:
        the errors, as fractions.
    Raises:
        CheckpointError: a run cannot be loaded, or the networks are for different classes.
        DataError: the split does not exist, is empty, or has classes that the network does not know.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    given = [runs] if isinstance(runs, str | Path | Classifier) else list(runs)
    if not given:
        raise ValueError("evaluate needs at least one run")
    classifiers = [run if isinstance(run, Classifier) else load(run) for run in given]
    classes = classifiers[0].classes
    for classifier in classifiers[1:]:
        if classifier.classes != classes:
            raise CheckpointError(
                f"{classifier.source} and {classifiers[0].source} are for different classes: they cannot be averaged"
            )
    side = classifiers[0].side  # a source is prepared as the training pictures were
    data = data if isinstance(data, Dataset) else open_dataset(data, side=lambda source: side)
    name = split or next(known for known in ("test", "validation", "train") if known in data.splits)
    pictures = data.split(name)
    if len(pictures) == 0:
        raise DataError(f"the split {name} of {data.name} holds no picture that could be judged")
    place = matching(data.classes, classes, data.name, classifiers[0].source)
    tally = Tally(len(classes))
    networks = [one.network for one in classifiers]
    for predicted, labels in probabilities(networks, pictures, views=views, group=processes):
        tally.add(predicted, place[labels])
    tally = tally.over(processes)
    words = classifiers[0].words
    return Report(
        networks=tuple(one.source for one in classifiers),
        data=data.name,
        split=name,
        count=tally.count,
        unreadable=sum(unreadable.split == name for unreadable in data.unreadable),
        views=views,
        top1_error=tally.top1_error,
        top1_interval=interval(tally.top1_error, tally.count),
        top5_error=tally.top5_error,
        top5_interval=interval(tally.top5_error, tally.count),
        loss=tally.loss,
        per_class=tuple(_class_error(tally, k, classes[k], words[k]) for k in range(len(classes))),
    )


def _class_error(tally: Tally, place: int, name: str, words: str) -> ClassError:
    count = int(tally.class_counts[place])
    right = float(tally.class_top1[place])
    return ClassError(name, words, count, 1.0 - right / count if count else 0.0)


def matching(data: tuple[str, ...], network: tuple[str, ...], name: str, source: str) -> Tensor:
    """Return, for each class of the data, its place in the network: classes are matched by name, not by order.

    Raises:
        DataError: the data has classes that the network was not trained on.
    """
    places = {known: place for place, known in enumerate(network)}
    unknown = [known for known in data if known not in places]
    if unknown:
        raise DataError(
            f"{name} has {len(unknown)} classes that {source} was not trained on ({_some(unknown)}); it knows "
            f"{len(network)} ({_some(network)}): "
            "judge it on pictures of its own classes"
        )
    return torch.tensor([places[known] for known in data], dtype=torch.int64)


def _some(classes: Sequence[str]) -> str:
    return ", ".join(classes[:3]) + (" ..." if len(classes) > 3 else "")
