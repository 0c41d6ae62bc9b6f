"""A file of predictions, scored on the pictures of a split as networks are.

Shapes: N pictures, K classes.
"""

import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset
from alexnet.data.split import Split
from alexnet.distributed.group import ALONE
from alexnet.errors import DataError, RecipeError
from alexnet.evaluation.counts import Counts, Known
from alexnet.evaluation.ensemble import split_of
from alexnet.evaluation.paper import paper_table
from alexnet.evaluation.predictions.columns import ENDINGS, TOP, Row
from alexnet.evaluation.predictions.reading import read_rows
from alexnet.evaluation.report import Report

_ROWS: Final = 128  # that are counted together
_UNLISTED: Final = -1.0  # what a class has that a row does not name: less than any that it does


def file_of_predictions(runs: object) -> str | None:
    """Return the path of the one file of predictions that is meant; None where networks are.

    Raises:
        RecipeError: there are others beside it.
    """
    given = [runs] if isinstance(runs, str | Path) else list(runs) if isinstance(runs, Sequence) else []
    files = [os.fspath(one) for one in given if isinstance(one, str | Path) and is_predictions(one)]
    if files and len(given) > 1:
        raise RecipeError(
            f"{files[0]} is a file of predictions, and is evaluated by itself: leave out the others"
        )
    return files[0] if files else None


def is_predictions(path: str | Path) -> bool:
    """Tell whether a path is that of a file of predictions, by its ending."""
    return os.path.splitext(path)[1].lower() in ENDINGS and not os.path.isdir(path)


def score_predictions(path: str, data: str | Path | Dataset, *, split: str | None = None) -> Report:
    """Evaluate predictions of any program on every picture of a split exactly once.

    Args:
        path: of a .csv, .jsonl, .parquet or .txt: docs/report.md says what is in it.
        data: a data set, its name, or where it lies.
        split: its split's name; left out, test, else validation, else training.
    Returns:
        a report; what the file does not tell is NaN in it.
    Raises:
        DataError: it cannot be read, is of other pictures or classes, or says something that cannot be.
        AlexNetError: pyarrow is needed and not installed.
    """
    dataset = data if isinstance(data, Dataset) else open_dataset(data)
    name = split_of(dataset, split)
    pictures, classes = dataset.split(name), dataset.classes
    if len(pictures) == 0:
        raise DataError(f"the split {name} of {dataset.name} holds no picture that could be evaluated")
    counts, matched = Counts(len(classes), len(pictures)), _Matched(path, pictures)
    rows, kinds = read_rows(path, classes), set[Known]()
    while part := list(itertools.islice(rows, _ROWS)):
        indices = np.array([matched.number(row) for row in part])
        labels = torch.from_numpy(pictures.labels[indices])
        scores, found = _scores(part, labels, len(classes))
        counts.add(scores, labels, torch.from_numpy(indices))
        kinds |= found
    matched.check_all()
    known = Known(*(all(getattr(kind, field) for kind in kinds) for field in Known.__dataclass_fields__))
    return Report(
        networks=(path,),
        data=dataset.name,
        split=name,
        unreadable=sum(unreadable.split == name for unreadable in dataset.unreadable),
        views=0,
        average_weights=(1.0,),
        paper=paper_table(dataset.name, classes),
        **counts.values(classes, dataset.words, ALONE, known),
    )


def _scores(rows: Sequence[Row], labels: Tensor, count: int) -> tuple[Tensor, set[Known]]:
    """Return what rows give each class, float32 (N, K), higher is better; and what is known of the pictures."""
    scores, known = torch.full((len(rows), count), _UNLISTED), set[Known]()
    for number, (row, label) in enumerate(zip(rows, labels.tolist(), strict=True)):
        ranks = range(len(row.classes), 0, -1)
        given = torch.tensor(row.probabilities or [rank / len(ranks) for rank in ranks])
        scores[number, list(row.classes)] = given
        if label not in row.classes and not math.isnan(row.probability):
            if row.probability > float(given.min()):
                raise DataError(
                    f"{row.where}: probability is {row.probability:g}, and its class is not among the best"
                )
            scores[number, label] = row.probability
        whole = len(row.classes) == count and bool(row.probabilities)
        own = bool(row.probabilities) and (label in row.classes or not math.isnan(row.probability))
        known.add(Known(len(row.classes) >= min(TOP, count), bool(row.probabilities), own, whole))
    return scores, known


@final
class _Matched:
    """Which picture of a split each row is of: by its name, or by the order where rows have no names."""

    def __init__(self, path: str, split: Split) -> None:
        self._path, self._split = path, split
        self._seen = np.zeros(len(split), bool)
        self._rows = 0
        self._numbers: dict[str, list[int]] | None = None  # made when a row is not where the order has it

    def number(self, row: Row) -> int:
        """Return the number of a row's picture, which no row before was of.

        Raises:
            DataError: there is no such picture, it came before, or the data says that it is of another class.
        """
        split, here = self._split, self._rows
        self._rows += 1
        if here >= len(split) and not row.picture:
            raise DataError(
                f"{row.where}: there are more rows than the {len(split):,} pictures of {split.name}"
            )
        if row.picture and not (
            here < len(split) and not self._seen[here] and split.name_of(here) == row.picture
        ):
            here = self._named(row)
        self._seen[here] = True
        own = split.classes[int(split.labels[here])]
        if row.label and row.label != own:
            raise DataError(
                f"{row.where}: {split.name_of(here)} is of {row.label[:80]!r}, and of {own!r} in the data: these are "
                "predictions of other pictures"
            )
        return here

    def _named(self, row: Row) -> int:
        if self._numbers is None:
            self._numbers = {}
            for number, name in enumerate(self._split.names):
                self._numbers.setdefault(name, []).append(number)
        numbers = self._numbers.get(row.picture, [])
        free = next((number for number in numbers if not self._seen[number]), None)
        if free is None:
            why = "comes twice" if numbers else f"is no picture of {self._split.name}"
            raise DataError(f"{row.where}: {row.picture[:80]!r} {why}")
        return free

    def check_all(self) -> None:
        """Raise DataError where a picture of the split has no row."""
        if not self._seen.all():
            first = self._split.name_of(int(np.flatnonzero(~self._seen)[0]))
            raise DataError(
                f"{self._path!r} has {self._seen.sum():,} of the {len(self._seen):,} pictures of {self._split.name}: "
                f"{first!r} is the first that is missing"
            )
