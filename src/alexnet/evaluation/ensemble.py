"""Runs and a data set: each network sees pictures, and names classes, as it was trained to."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset
from alexnet.device import choose_device
from alexnet.errors import CheckpointError, DataError, RecipeError
from alexnet.evaluation.predict import Member
from alexnet.inference.classifier import Classifier
from alexnet.weights.loading import load


def classifiers_of(
    runs: str | Path | Classifier | Sequence[str | Path | Classifier], device: str | torch.device
) -> list[Classifier]:
    """Return the classifiers of runs, loaded where they are not, and all on one device.

    Args:
        runs: run directories, checkpoint files, names of published weights, or loaded classifiers.
        device: as `evaluate` takes it.
    Raises:
        ValueError: there is no run.
        CheckpointError: one cannot be loaded.
        RecipeError: there is no such device, or a loaded classifier is elsewhere.
    """
    given = [runs] if isinstance(runs, str | Path | Classifier) else list(runs)
    if not given:
        raise ValueError("evaluate needs at least one run")
    loaded = [run.network.device for run in given if isinstance(run, Classifier)]
    where = loaded[0] if loaded and device == "auto" else choose_device(device)
    found = [run if isinstance(run, Classifier) else load(run, device=where) for run in given]
    first = torch.empty(0, device=where).device  # with its number, where the name has none
    for classifier in found:
        if classifier.network.device != first:
            raise RecipeError(
                f"{classifier.source} is on {classifier.network.device}, and {first} is to evaluate: load it with "
                f"device={str(where)!r}"
            )
    return found


def prepared_for(
    classifiers: Sequence[Classifier], data: str | Path | Dataset
) -> tuple[Dataset, list[Dataset]]:
    """Return a data set, and what each classifier is to see of it: the pictures at the side of its training pictures.

    A source is prepared at each of these sides; what is prepared already is scaled when it is read.

    Args:
        classifiers: at least one.
        data: a data set, its name, or where it lies.
    Returns:
        what the first classifier is to see, and for each of them what it is.
    Raises:
        DataError: there is no such data set, it cannot be used, or it is prepared at a smaller side.
    """
    found: dict[int, Dataset] = {}
    for classifier in classifiers:
        if classifier.side not in found:
            opened = data if isinstance(data, Dataset) else _opened(data, classifier.side)
            found[classifier.side] = _at_side(opened, classifier)
    return found[classifiers[0].side], [found[classifier.side] for classifier in classifiers]


def members(
    classifiers: Sequence[Classifier], datasets: Sequence[Dataset], split: str
) -> tuple[list[Member], Tensor]:
    """Return the members of an average, and of each class of the data its number in the average.

    The average has the classes of the first classifier, in its order.

    Args:
        classifiers: at least one.
        datasets: for each of them, what it is to see.
        split: the split's name.
    Raises:
        CheckpointError: the networks are for different classes.
        DataError: there is no such split, it is empty, or has classes that the networks do not know.
    """
    first = classifiers[0]
    for classifier in classifiers[1:]:
        if set(classifier.classes) != set(first.classes):
            raise CheckpointError(
                f"{classifier.source} and {first.source} are for different classes: they cannot be averaged"
            )
    data = datasets[0]
    splits = {dataset.side: dataset.split(split) for dataset in datasets}
    pictures = splits[data.side]
    if len(pictures) == 0:
        raise DataError(f"the split {split} of {data.name} holds no picture that could be evaluated")
    if not all(np.array_equal(other.labels, pictures.labels) for other in splits.values()):
        raise DataError(f"{data.name} has changed while it was prepared: evaluate it again")
    labels = class_numbers(data.classes, first.classes, data.name, first.source)
    found = [
        Member(
            classifier.inference_network(),
            splits[dataset.side],
            class_numbers(first.classes, classifier.classes, first.source, classifier.source),
        )
        for classifier, dataset in zip(classifiers, datasets, strict=True)
    ]
    return found, labels


def split_of(dataset: Dataset, split: str | None) -> str:
    """Return the split to evaluate on: the one that is named, else test, else validation, else train."""
    return split or next(known for known in ("test", "validation", "train") if known in dataset.splits)


def class_numbers(data: tuple[str, ...], network: tuple[str, ...], name: str, source: str) -> Tensor:
    """Return, for each class of the data, its number in a network: classes are matched by name, not by order.

    Args:
        data: names of classes.
        network: the names that the network knows, in the order of its logits.
        name: of the data, for messages.
        source: of the network.
    Returns:
        int64, as many as the data has classes.
    Raises:
        DataError: the data has classes that the network was not trained on.
    """
    numbers = {known: number for number, known in enumerate(network)}
    unknown = [known for known in data if known not in numbers]
    if unknown:
        raise DataError(
            f"{name} has {len(unknown)} classes that {source} was not trained on ({_some(unknown)}); it knows "
            f"{len(network)} ({_some(network)}): "
            "evaluate it on pictures of its own classes"
        )
    return torch.tensor([numbers[known] for known in data], dtype=torch.int64)


def _opened(data: str | Path, side: int) -> Dataset:
    return open_dataset(data, side=lambda source: side)


def _at_side(data: Dataset, classifier: Classifier) -> Dataset:
    """Return a data set at the side of a classifier's pictures."""
    if data.side < classifier.side:
        raise DataError(
            f"{data.name} is prepared at a side of {data.side}, and {classifier.source} was trained on pictures of "
            f"{classifier.side}: what was scaled away is gone; prepare its source again with --side {classifier.side}"
        )
    return data if data.side == classifier.side else data.resized(classifier.side)


def _some(classes: Sequence[str]) -> str:
    return ", ".join(classes[:3]) + (" ..." if len(classes) > 3 else "")
