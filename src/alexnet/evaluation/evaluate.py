"""Evaluate networks on a split: every picture once, views averaged, then networks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import DivergedError
from alexnet.evaluation.calibration import Calibration
from alexnet.evaluation.collapse import collapse
from alexnet.evaluation.confusion import ClassScores, Confusion
from alexnet.evaluation.ensemble import classifiers_of, members, prepared_for
from alexnet.evaluation.metrics import Tally, interval
from alexnet.evaluation.predict import Member, PredictedBatch, probabilities
from alexnet.evaluation.report import ClassError, Report
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import not_finite, view_probabilities


def evaluate(
    runs: str | Path | Classifier | Sequence[str | Path | Classifier],
    data: str | Path | Dataset,
    *,
    views: int = 10,
    split: str | None = None,
    device: str | torch.device = "auto",
    processes: ProcessGroup = ALONE,
    observe: Callable[[PredictedBatch], None] = lambda batch: None,
) -> Report:
    """Evaluate a network, or the average of several, on every picture of a split exactly once.

    Each network sees the pictures as it was trained to: their shorter side scaled to that of its training pictures.

    Args:
        runs: run directories, checkpoint files, names of published weights, or loaded classifiers; probabilities are
            averaged. Their classes are the same, in any order.
        data: a data set, its name, or where it lies; classes are matched by name.
        views: 10, corners and centre and their mirrors, or 1, the centre (section 4.1).
        split: the split's name; without one, the test split where there is one, else the validation split,
            else the training split.
        device: where the networks answer: cpu, cuda, cuda:1; auto is where loaded classifiers are, else a CUDA device
            where there is one, since a whole split is much to compute (`load` says cpu, for a picture or two).
        processes: who share the pictures; every one of them gets the report of all.
        observe: is shown each batch of this process once it is counted, its labels those of the first network.
    Returns:
        the errors, as fractions.
    Raises:
        CheckpointError: a run cannot be loaded, or the networks are for different classes.
        DataError: the split does not exist, is empty, is prepared at a smaller side than a network was trained on, or
            has classes that the network does not know.
        DivergedError: a network gives a logit that is not finite; the message names the picture and the stage.
        RecipeError: so many views are not cut, there is no such device, or a loaded classifier is elsewhere.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    classifiers = classifiers_of(runs, device)
    dataset, seen = prepared_for(classifiers, data)
    name = split_of(dataset, split)
    networks, numbers = members(classifiers, seen, name)
    sources = tuple(classifier.source for classifier in classifiers)
    tally, confusion, calibration = _counted(networks, numbers, views, processes, sources, observe)
    classes, words = classifiers[0].classes, classifiers[0].words
    scores = ClassScores.of(confusion)
    return Report(
        networks=sources,
        data=dataset.name,
        split=name,
        count=tally.count,
        unreadable=sum(unreadable.split == name for unreadable in dataset.unreadable),
        views=views,
        top1_error=tally.top1_error,
        top1_interval=interval(tally.top1_error, tally.count),
        top5_error=tally.top5_error,
        top5_interval=interval(tally.top5_error, tally.count),
        loss=tally.loss,
        per_class=_per_class(tally, scores, classes, words),
        macro_precision=scores.macro_precision,
        balanced_accuracy=scores.macro_recall,
        macro_f1=scores.macro_f1,
        confusion=confusion.entries(),
        calibration_error=calibration.error(),
        calibration_interval=calibration.interval(),
        calibration=tuple(calibration.bins()),
        collapse=collapse(tally, classes),
    )


def split_of(dataset: Dataset, split: str | None) -> str:
    """Return the split to evaluate on: the one that is named, else test, else validation, else train."""
    return split or next(known for known in ("test", "validation", "train") if known in dataset.splits)


def _counted(
    networks: list[Member],
    numbers: Tensor,
    views: int,
    processes: ProcessGroup,
    sources: tuple[str, ...],
    observe: Callable[[PredictedBatch], None],
) -> tuple[Tally, Confusion, Calibration]:
    """Count every process's share of the pictures.

    Raises:
        DivergedError: a network gives a logit that is not finite, in this process or another one.
    """
    classes = networks[0].network.architecture.classes
    tally, confusion, calibration, bad = Tally(classes), Confusion(classes), Calibration(), -1
    for batch in probabilities(networks, views=views, group=processes):
        wrong = batch.indices[batch.probabilities.isnan().any(1)]
        bad = int(wrong[0]) if bad < 0 and len(wrong) else bad
        labels = numbers[batch.labels]
        tally.add(batch.probabilities, labels)
        confusion.add(labels, batch.probabilities.argmax(1))
        calibration.add(batch.probabilities, labels)
        observe(replace(batch, labels=labels))
    refuse_not_finite(networks, bad, views, processes, sources)
    return tally.over(processes), confusion.over(processes), calibration.over(processes)


def refuse_not_finite(
    networks: list[Member], bad: int, views: int, processes: ProcessGroup, sources: tuple[str, ...]
) -> None:
    """Stop every process where one has seen probabilities that are none.

    Args:
        bad: the first such picture's number in the split, of this process's share; below 0 where there is none.
    Raises:
        DivergedError: there is one; the message names the picture and the stage.
    """
    found = [number for number in processes.collect(bad) if number >= 0]
    if found:
        raise _not_finite(networks, min(found), views, sources)


def _not_finite(networks: list[Member], number: int, views: int, sources: tuple[str, ...]) -> DivergedError:
    """Return the error for the picture of a number, by the first network that has no probabilities for it."""
    images = [member.split.images(np.array([number])) for member in networks]
    wrong = [
        bool(view_probabilities(member.network, seen, views).isnan().any())
        for member, seen in zip(networks, images, strict=True)
    ]
    first = wrong.index(True) if any(wrong) else 0
    name = networks[first].split.names[number]
    return not_finite(networks[first].network, images[first], views, sources[first], name)


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
