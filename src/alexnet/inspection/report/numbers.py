"""The numbers of figures, as the tables that lie under them.

Shapes: K classes, F filters.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from alexnet.canvas import Canvas
from alexnet.evaluation.calibration import Bin
from alexnet.evaluation.report import ClassError, Report
from alexnet.inspection.judgement import NUMBERED
from alexnet.page.blocks import Table
from alexnet.runs.journal import Row, is_number

PAIRS: Final = 50
"""Most confused pairs that are listed."""
_COLUMNS: Final = {
    "Error": ("training_top1_error", "validation_top1_error", "validation_top5_error"),
    "Loss": ("training_loss", "validation_loss"),
    "Rate": ("rate",),
}


def curve_numbers(panel: Canvas, rows: Sequence[Row]) -> Table:
    """Return what a panel of the learning curves shows: an epoch a row."""
    names = [name for name in _COLUMNS[panel.title] if any(is_number(row.get(name)) for row in rows)]
    headings = ("epoch", *(name.replace("_top1_", " top-1 ").replace("_top5_", " top-5 ") for name in names))
    shown = "{:.2%}" if panel.title == "Error" else "{:.5g}"
    cells = tuple(
        (
            f"{float(row['epoch']):g}",
            *(shown.format(float(row[name])) if is_number(row.get(name)) else "" for name in names),
        )
        for row in rows
    )
    return Table(
        tuple(heading.replace("_", " ") for heading in headings), cells, numbers=tuple(range(len(names) + 1))
    )


def calibration_numbers(bins: Sequence[Bin]) -> Table:
    """Return the bins of a reliability diagram, the least sure first."""
    rows = tuple((f"{each.confidence:.2%}", f"{each.accuracy:.2%}", f"{each.count:,}") for each in bins)
    return Table(("confidence", "right", "pictures"), rows, numbers=(0, 1, 2))


def filter_numbers(weights: np.ndarray) -> Table:
    """Return of each filter, (F, C, k, k), its least and largest weight and its length."""
    flat = weights.reshape(len(weights), -1).astype(np.float64)
    rows = tuple(
        (f"{number}", f"{least:+.3f}", f"{most:+.3f}", f"{length:.3f}")
        for number, (least, most, length) in enumerate(
            zip(flat.min(1), flat.max(1), np.linalg.norm(flat, axis=1), strict=True)
        )
    )
    return Table(("filter", "least weight", "largest weight", "norm"), rows, numbers=(0, 1, 2, 3))


def confusion_numbers(report: Report) -> Table:
    """Return the whole matrix of a few classes; of many, the pairs that are confused most."""
    if len(report.per_class) > NUMBERED:
        return confused_pairs(report)
    names = tuple(class_label(found) for found in report.per_class)
    rows = tuple(
        (name, *(f"{count:,}" for count in row))
        for name, row in zip(names, report.confusion_matrix().tolist(), strict=True)
    )
    caption = "A row a true class, a column the class that was named."
    return Table(("class", *names), rows, caption, numbers=tuple(range(1, len(names) + 1)))


def confused_pairs(report: Report) -> Table:
    """Return the pairs of a class and another that it is taken for most often."""
    rows = tuple(
        (class_label(true), class_label(best), f"{count:,}", f"{count / max(1, true.count):.1%}")
        for true, best, count in report.most_confused(PAIRS)
    )
    return Table(("class", "taken for", "pictures", "of its pictures"), rows, numbers=(2, 3))


def class_numbers(classes: Sequence[ClassError]) -> Table:
    """Return how classes fared, a row each."""
    rows = tuple(
        (
            class_label(found),
            f"{found.count:,}",
            *(
                f"{share:.2%}" if found.count else ""
                for share in (found.top1_error, found.precision, found.recall, found.f1)
            ),
        )
        for found in classes
    )
    headings = ("class", "pictures", "top-1 error", "precision", "recall", "F1")
    return Table(headings, rows, numbers=(1, 2, 3, 4, 5))


def class_label(found: ClassError) -> str:
    """Return a class as a person reads it."""
    return found.name if found.words == found.name else f"{found.name} {found.words}"
