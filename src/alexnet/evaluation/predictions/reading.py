"""Rows of a file of predictions, one at a time, whoever wrote it; nothing of it is believed that is not checked."""

import os
from collections.abc import Iterator, Sequence
from typing import Final

from alexnet.data.imagenet_classes import imagenet_classes
from alexnet.data.sources.lists.entries import lines, open_list
from alexnet.data.sources.lists.table import json_rows, table_rows
from alexnet.errors import DataError
from alexnet.evaluation.predictions import parquet
from alexnet.evaluation.predictions.columns import Layout, Row

_LARGEST: Final = 8  # digits of a class's number


def read_rows(path: str, classes: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a file, by its ending.

    Args:
        path: of a .csv, .jsonl, .parquet or .txt.
        classes: of the data, in its order.
    Raises:
        DataError: it cannot be read, or a row is none; the message says where.
        AlexNetError: pyarrow is needed and not installed.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending == ".txt":
        yield from _submission(path, classes)
        return
    if ending == ".parquet":
        yield from _laid_out(parquet.rows(path), path, classes)
        return
    with open_list(path) as file:
        found = json_rows(file, path) if ending == ".jsonl" else table_rows(file, path, distinct=True)
        yield from _laid_out(found, path, classes)


def contest_order(classes: Sequence[str]) -> tuple[str, ...]:
    """Return the classes in the order of a submission's numbers: the first is 1.

    ILSVRC 2012 has numbers of its own; the classes of other data are counted in their order.
    """
    contest = tuple(one.name for one in imagenet_classes("devkit"))
    return contest if set(contest) == set(classes) else tuple(classes)


def _laid_out(
    rows: Iterator[tuple[int, dict[str, object]]], path: str, classes: Sequence[str]
) -> Iterator[Row]:
    """Yield rows of named fields, the same fields in each."""
    layout: Layout | None = None
    names: set[str] = set()
    for line, fields in rows:
        where = f"{path}:{line}"
        if layout is None:
            layout, names = Layout(list(fields), classes, path), set(fields)
        if fields.keys() != names:
            different = sorted(fields.keys() ^ names)[0]
            raise DataError(f"{where}: {different[:80]!r} is in some rows and not in others")
        yield layout.row(fields, where)


def _submission(path: str, classes: Sequence[str]) -> Iterator[Row]:
    """Yield the lines of a submission: numbers of classes from 1, the best first, in the order of the pictures."""
    positions = {name: position for position, name in enumerate(classes)}
    ordered = [positions[name] for name in contest_order(classes)]
    with open_list(path) as file:
        for number, line in enumerate(lines(file, path), 1):
            where, words = f"{path}:{number}", line.split()
            wrong = [
                word for word in words if not (word.isascii() and word.isdigit() and len(word) <= _LARGEST)
            ]
            wrong = wrong or [word for word in words if not 1 <= int(word) <= len(ordered)]
            if wrong or not words:
                raise DataError(
                    f"{where}: {(wrong or [''])[0][:80]!r} is no number of a class: expected 1 to {len(ordered)}, the "
                    "best first"
                )
            found = tuple(ordered[int(word) - 1] for word in words)
            if len(set(found)) < len(found):
                raise DataError(f"{where}: a class comes twice")
            yield Row(where, "", "", float("nan"), found, ())
