"""What networks say of each picture, written row by row: the file is there whole, or as it was before.

Shapes: N pictures, K classes, k of them in a row.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from torch import Tensor

from alexnet.data.split import Split
from alexnet.distributed.group import ProcessGroup
from alexnet.errors import DataError
from alexnet.evaluation.predictions.columns import ENDINGS, TOP, WHOLE, columns
from alexnet.evaluation.predictions.formats import WriteRows, writable, written_rows
from alexnet.evaluation.predictions.reading import contest_order

WriteBatch = Callable[[Tensor, Tensor, Tensor], None]


@final
@dataclass(frozen=True)
class Destination:
    """Where predictions are written, and of which pictures and classes."""

    path: str | Path | None
    """Of the file; None for nowhere."""
    split: Split
    """The pictures."""
    classes: tuple[str, ...]
    """Of the networks, in the order of their probabilities."""

    @property
    def count(self) -> int:
        """Classes in a row."""
        return (
            len(self.classes)
            if len(self.classes) <= WHOLE and self.ending != ".txt"
            else min(TOP, len(self.classes))
        )

    @property
    def ending(self) -> str:
        """Of the file, in small letters."""
        return os.path.splitext(self.path or "")[1].lower()


@contextlib.contextmanager
def written_predictions(where: Destination, group: ProcessGroup) -> Iterator[WriteBatch]:
    """Give what writes a batch of predictions, in the order of the pictures; the first process writes for all.

    Args:
        where: the file, pictures and classes.
        group: who share the pictures, each of whom writes its share of every batch.
    Raises:
        AlexNetError: the file cannot be written, or pyarrow is needed and not installed.
        DataError: networks and data have other classes, which a submission does not number.
    """
    if where.path is None:
        yield lambda probabilities, labels, indices: None
        return
    path = group.from_first(lambda: _writable(where))
    names = columns(where.count)
    own = {".txt": lambda temporary, _: _submission(temporary, where)}
    written = written_rows(path, names, own) if group.is_first else contextlib.nullcontext(_nothing)
    with written as write_rows:

        def write(probabilities: Tensor, labels: Tensor, indices: Tensor) -> None:
            values, classes = best_classes(probabilities, where.count)
            own = probabilities.gather(1, labels[:, None])[:, 0]
            for part in group.collect((values, classes, own, labels, indices)):
                write_rows(_rows(where, *part) if group.is_first else ())

        yield write


def best_classes(probabilities: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the best classes of each picture, and their probabilities; of equals those that come first.

    Args:
        probabilities: floating, (N, K).
        count: k.
    Returns:
        probabilities, falling, and int64 classes: both (N, k).
    """
    values, classes = probabilities.topk(min(count + 1, probabilities.shape[1]), dim=1)
    tied = (values[:, 1:] == values[:, :-1]).any(1)  # topk takes any of equals
    if bool(tied.any()):
        ordered = probabilities[tied].sort(dim=1, descending=True, stable=True)
        values[tied], classes[tied] = (one[:, : values.shape[1]] for one in ordered)
    return values[:, :count], classes[:, :count]


def _rows(
    where: Destination, values: Tensor, classes: Tensor, own: Tensor, labels: Tensor, indices: Tensor
) -> list[dict[str, Any]]:
    """Return the rows of some pictures, by column."""
    names, found = columns(where.count), []
    for given, numbers, probability, label, index in zip(
        values.tolist(), classes.tolist(), own.tolist(), labels.tolist(), indices.tolist(), strict=True
    ):
        ranked = [
            entry
            for number, value in zip(numbers, given, strict=True)
            for entry in (where.classes[number], value)
        ]
        fields = (where.split.name_of(index), where.classes[label], probability, *ranked)
        found.append(dict(zip(names, fields, strict=True)))
    return found


@contextlib.contextmanager
def _submission(path: Path, where: Destination) -> Iterator[WriteRows]:
    numbers = {name: number for number, name in enumerate(contest_order(where.split.classes), 1)}
    ranked = [f"class{rank}" for rank in range(1, where.count + 1)]
    with open(path, "w", encoding="ascii") as file:
        yield lambda rows: file.writelines(
            " ".join(str(numbers[row[name]]) for name in ranked) + "\n" for row in rows
        )


def _writable(where: Destination) -> Path:
    """Return the path, where a file of its kind can be written there, before anything is computed."""
    path = writable(where.path or "", ENDINGS)
    if where.ending == ".txt" and set(where.classes) != set(where.split.classes):
        raise DataError(
            f"{path} would number the {len(where.split.classes)} classes of the data, and the network knows "
            f"{len(where.classes)}: write .csv"
        )
    return path


def _nothing(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write nothing: another process does."""
