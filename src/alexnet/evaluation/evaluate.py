"""Evaluate networks on a split: every picture once, views averaged, then networks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import RecipeError
from alexnet.evaluation.average import EQUAL, SEARCH, given_weights, search_weights, searched_split
from alexnet.evaluation.counts import Counts
from alexnet.evaluation.ensemble import classifiers_of, members, prepared_for, split_of
from alexnet.evaluation.not_finite import NONE, first_not_finite, refuse_not_finite
from alexnet.evaluation.paper import paper_table
from alexnet.evaluation.predict import PredictedBatch, probabilities
from alexnet.evaluation.predictions.scoring import file_of_predictions, score_predictions
from alexnet.evaluation.predictions.writing import Destination, written_predictions
from alexnet.evaluation.report import Report
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import Views, check_views


def evaluate(
    runs: str | Path | Classifier | Sequence[str | Path | Classifier],
    data: str | Path | Dataset,
    *,
    views: Views = 10,
    split: str | None = None,
    average: str | Sequence[float] = EQUAL,
    predictions: str | Path | None = None,
    device: str | torch.device = "auto",
    processes: ProcessGroup = ALONE,
    observe: Callable[[PredictedBatch], None] = lambda batch: None,
) -> Report:
    """Evaluate a network, or the average of several, on every picture of a split exactly once.

    Each network sees the pictures as it was trained to: their shorter side scaled to that of its training pictures.

    Args:
        runs: run directories, checkpoint files, names of published weights, or loaded classifiers; probabilities are
            averaged. Their classes are the same, in any order. Or one file of predictions, .csv, .jsonl, .parquet or
            .txt, of any program (docs/report.md says what is in it); views, average and device then mean nothing.
        data: a data set, its name, or where it lies; classes are matched by name.
        views: 10, corners and centre and their mirrors (section 4.1); 5, without the mirrors; 1, the centre; or
            "dense", the network run over the whole picture (`networks/dense.py`).
        split: the split's name; without one, the test split where there is one, else the validation split,
            else the training split.
        average: the weights of networks in their average: "equal"; one number each; or "search:SPLIT", those that are
            best on another split (`search_weights`).
        predictions: where to write what is said of each picture, as .csv, .jsonl, .parquet, or .txt, the contest's
            submission; left out, it is not written.
        device: where the networks answer: cpu, cuda, cuda:1; auto is where loaded classifiers are, else a CUDA device
            where there is one, since a whole split is much to compute (`load` says cpu, for a picture or two).
        processes: who share the pictures; every one of them gets the report of all.
        observe: is shown each batch of this process once it is counted, its labels those of the first network.
    Returns:
        the errors, as fractions.
    Raises:
        CheckpointError: a run cannot be loaded, or the networks are for different classes.
        DataError: the split does not exist, is empty, is prepared at a smaller side than a network was trained on, or
            has classes that the network does not know; or a file of predictions is not of this split, or damaged.
        DivergedError: a network gives a logit that is not finite; the message names the picture and the stage.
        RecipeError: so many views are not cut, a network cannot run over a whole picture, the weights are none, there
            is no such device, or a loaded classifier is elsewhere.
        AlexNetError: the predictions cannot be written, or pyarrow is not installed.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    if (file := file_of_predictions(runs)) is not None:
        if average != EQUAL or predictions is not None:
            raise RecipeError(
                f"{file} is a file of predictions already: there is nothing to average, or to write"
            )
        return score_predictions(file, data, split=split)
    views = check_views(views)
    classifiers = classifiers_of(runs, device)
    dataset, seen = prepared_for(classifiers, data)
    name, sources = split_of(dataset, split), tuple(classifier.source for classifier in classifiers)
    networks, numbers = members(classifiers, seen, name)
    if chosen := searched_split(average, name):
        others, same = members(classifiers, seen, chosen)
        shares = search_weights(others, same, views=views, group=processes, sources=sources)
    else:
        shares = given_weights(average, len(classifiers))
    networks = [replace(member, weight=share) for member, share in zip(networks, shares, strict=True)]
    classes, words = classifiers[0].classes, classifiers[0].words
    counts, bad = Counts(len(classes), len(networks[0].split)), NONE
    where = Destination(predictions, networks[0].split, classes)
    with written_predictions(where, processes) as write:
        for batch in probabilities(networks, views=views, group=processes):
            bad = first_not_finite(batch, bad)
            labels = numbers[batch.labels]
            counts.add(batch.probabilities, labels, batch.indices)
            observe(replace(batch, labels=labels))
            write(batch.probabilities, labels, batch.indices)
        refuse_not_finite(networks, bad, views, processes, sources)
    return Report(
        networks=sources,
        data=dataset.name,
        split=name,
        unreadable=sum(unreadable.split == name for unreadable in dataset.unreadable),
        views=views,
        average=f"{SEARCH}{chosen}" if chosen else EQUAL if average == EQUAL else "given",
        average_weights=shares,
        paper=paper_table(dataset.name, dataset.classes),
        **counts.values(classes, words, processes),
    )
