"""What an evaluation found: errors with their intervals, a class at a time too."""

import html
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import DivergedError
from alexnet.evaluation.collapse import collapse
from alexnet.evaluation.ensemble import classifiers_of, members, prepared_for
from alexnet.evaluation.metrics import Tally, interval
from alexnet.evaluation.predict import Member, probabilities
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import not_finite, view_probabilities


@final
@dataclass(frozen=True)
class ClassError:
    """How one class fared."""

    name: str
    words: str
    """A readable name of the class."""
    count: int
    """Pictures of this class."""
    top1_error: float
    """A fraction; of no pictures, 0."""


@final
@dataclass(frozen=True, repr=False)
class Report:
    """Errors of one network, or of several averaged, on the pictures of a split; all errors are fractions."""

    networks: tuple[str, ...]
    """Where the networks came from."""
    data: str
    """Name of the data set."""
    split: str
    """Name of the split: train, validation or test."""
    count: int
    """Pictures evaluated: every one of the split, once."""
    unreadable: int
    """Pictures of the split that could not be read when it was prepared, and are in no error."""
    views: int
    """Views of a picture whose probabilities were averaged."""
    top1_error: float
    top1_interval: tuple[float, float]
    """95% confidence interval (Wilson)."""
    top5_error: float
    """Of fewer than six classes it is 0 whatever the network says: see `has_top5`."""
    top5_interval: tuple[float, float]
    """95% confidence interval (Wilson)."""
    loss: float
    """Mean cross-entropy, -log p(label), no p less than 1e-38."""
    per_class: tuple[ClassError, ...]
    collapse: str = ""
    """Why the answers have nothing to do with the pictures, in one line; empty where they have."""

    @property
    def has_top5(self) -> bool:
        """Whether the top-5 error says anything: with fewer than six classes nothing can be missed."""
        return len(self.per_class) > 5

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON, which has no number for a loss that is not finite."""
        return {**asdict(self), "loss": self.loss if math.isfinite(self.loss) else None}

    def __repr__(self) -> str:
        errors = "top-1 error {} ({})".format(*_percents(self.top1_error, self.top1_interval))
        if self.has_top5:
            errors += ", top-5 error {} ({})".format(*_percents(self.top5_error, self.top5_interval))
        warning = f"; {self.collapse}" if self.collapse else ""
        return f"Report: {_title(self)}: {errors}{warning}"

    def _repr_html_(self) -> str:
        """Return the report as a notebook shows it: a table, and the classes with the most errors."""
        rows = [("top-1 error", *_percents(self.top1_error, self.top1_interval))]
        if self.has_top5:
            rows.append(("top-5 error", *_percents(self.top5_error, self.top5_interval)))
        rows.append(("cross-entropy", f"{self.loss:.4f}", ""))
        worst = sorted((found for found in self.per_class if found.top1_error > 0), key=_most_errors)[:10]
        return (
            f"<p>{html.escape(_title(self))}</p>"
            + _table(("", "", "95% interval"), rows)
            + (f"<p><strong>{html.escape(self.collapse)}</strong></p>" if self.collapse else "")
            + _table(
                ("class", "pictures", "top-1 error"),
                [(found.words, f"{found.count:,}", f"{found.top1_error:.2%}") for found in worst],
            )
        )


def evaluate(
    runs: str | Path | Classifier | Sequence[str | Path | Classifier],
    data: str | Path | Dataset,
    *,
    views: int = 10,
    split: str | None = None,
    device: str | torch.device = "auto",
    processes: ProcessGroup = ALONE,
) -> Report:
    """Evaluate a network, or the average of several, on every picture of a split exactly once.

    Each network sees the pictures as it was trained to: their shorter side scaled to that of its training pictures.

    Args:
        runs: run directories, checkpoint files or loaded classifiers; probabilities are averaged. Their classes are
            the same, in any order.
        data: a data set, its name, or where it lies; classes are matched by name.
        views: 10, corners and centre and their mirrors, or 1, the centre (section 4.1).
        split: the split's name; without one, the test split where there is one, else the validation split,
            else the training split.
        device: where the networks answer: cpu, cuda, cuda:1; auto is where loaded classifiers are, else a CUDA device
            where there is one, since a whole split is much to compute (`load` says cpu, for a picture or two).
        processes: who share the pictures; every one of them gets the report of all.
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
    name = split or next(known for known in ("test", "validation", "train") if known in dataset.splits)
    networks, numbers = members(classifiers, seen, name)
    sources = tuple(classifier.source for classifier in classifiers)
    tally = _tally(networks, numbers, views, processes, sources).over(processes)
    classes, words = classifiers[0].classes, classifiers[0].words
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
        per_class=tuple(_class_error(tally, k, classes[k], words[k]) for k in range(len(classes))),
        collapse=collapse(tally, classes),
    )


def _tally(
    networks: list[Member], numbers: Tensor, views: int, processes: ProcessGroup, sources: tuple[str, ...]
) -> Tally:
    """Count this process's share of the pictures.

    Raises:
        DivergedError: a network gives a logit that is not finite, in this process or another one.
    """
    tally, bad = Tally(networks[0].network.architecture.classes), -1
    for batch in probabilities(networks, views=views, group=processes):
        wrong = batch.indices[batch.probabilities.isnan().any(1)]
        bad = int(wrong[0]) if bad < 0 and len(wrong) else bad
        tally.add(batch.probabilities, numbers[batch.labels])
    found = [number for number in processes.collect(bad) if number >= 0]
    if found:
        raise _not_finite(networks, min(found), views, sources)
    return tally


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


def _class_error(tally: Tally, number: int, name: str, words: str) -> ClassError:
    count = int(tally.class_counts[number])
    right = float(tally.class_top1[number])
    return ClassError(name, words, count, 1.0 - right / count if count else 0.0)


def _title(report: Report) -> str:
    networks = f", {len(report.networks)} networks" if len(report.networks) > 1 else ""
    views = "1 view" if report.views == 1 else f"{report.views} views"
    return f"{report.data} {report.split}, {report.count:,} pictures, {views}{networks}"


def _percents(error: float, ends: tuple[float, float]) -> tuple[str, str]:
    """Return an error and its interval in percent."""
    return f"{error:.2%}", f"{ends[0]:.2%} to {ends[1]:.2%}"


def _most_errors(found: ClassError) -> float:
    return -found.top1_error


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table in HTML; none where there are no rows."""
    if not rows:
        return ""
    lines = [
        f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
        for tag, cells in [("th", headings), *(("td", row) for row in rows)]
    ]
    return f"<table>{''.join(lines)}</table>"
