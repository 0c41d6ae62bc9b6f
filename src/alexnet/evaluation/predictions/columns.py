"""What a file says of a picture, and how the columns that say it are called; docs/report.md shows them.

Shapes: K classes, k of them in a row.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from alexnet.errors import DataError

ENDINGS: Final = (".csv", ".jsonl", ".parquet", ".txt")
"""Of files of predictions; .txt is the contest's submission."""
TOP: Final = 5
"""Best classes that a row has of more than `WHOLE` classes, and that a line of a submission has."""
WHOLE: Final = 100
"""Classes up to which a row has all of them: then nothing is lost, and every number of a report can be had again."""
_PICTURE: Final = ("picture", "file_name", "filename", "file", "path", "image")
_LABEL: Final = ("label", "target")
_SUM: Final = 0.01  # by which probabilities of half precision may miss 1


@final
@dataclass(frozen=True)
class Row:
    """What a file says of one picture."""

    where: str
    """File and line, for messages."""
    picture: str
    """Its name; empty where rows are in the order of the pictures."""
    label: str
    """Its class; empty where the file does not say."""
    probability: float
    """Of its class; NaN where the file does not say."""
    classes: tuple[int, ...]
    """Numbers of classes: by their probabilities, or the best first where there are none."""
    probabilities: tuple[float, ...]
    """Of these classes, 0 to 1; none where only the order is known."""


def columns(count: int) -> tuple[str, ...]:
    """Return the columns of a row that has so many classes, as they are written."""
    ranked = (f"{name}{rank}" for rank in range(1, count + 1) for name in ("class", "probability"))
    return "picture", "label", "probability", *ranked


@final
class Layout:
    """Which column says what.

    Args:
        names: the columns.
        classes: of the data.
        path: of the file, for messages.
    Raises:
        DataError: the columns do not say which class a picture is taken for.
    """

    def __init__(self, names: Sequence[str], classes: Sequence[str], path: str) -> None:
        self._numbers = {name: number for number, name in enumerate(classes)}
        self._picture = next((name for name in _PICTURE if name in names), "")
        self._label = next((name for name in _LABEL if name in names), "")
        own = [name for name in names if name in self._numbers]
        ranks = next(rank for rank in range(len(names) + 1) if f"class{rank + 1}" not in names)
        self._ranked = [f"class{rank + 1}" for rank in range(ranks)]
        self._given = [f"probability{rank + 1}" for rank in range(ranks)]
        has = [name in names for name in self._given]
        if not ranks and len(own) == len(classes):
            self._given = list(classes)
        elif not ranks and own:
            missing = next(name for name in classes if name not in own)
            raise DataError(
                f"{path!r} has columns for {len(own)} of the {len(classes)} classes: {missing!r} has none"
            )
        elif not ranks:
            raise DataError(
                f"{path!r} has the columns {', '.join(names)[:200] or 'none'}: expected picture, label, class1, "
                "probability1 ..., or a column of probabilities for each class of the data"
            )
        elif any(has) and not all(has):
            raise DataError(f"{path!r} has no column {self._given[has.index(False)]}, and others of the kind")
        elif not any(has):
            self._given = []
        self._own = "probability" if ranks and "probability" in names else ""

    def row(self, fields: Mapping[str, object], where: str) -> Row:
        """Return what a row says.

        Raises:
            DataError: a class that the data has not, or twice; or a probability that is none.
        """
        classes = [self._number(fields.get(name), name, where) for name in self._ranked]
        probabilities = [_fraction(fields.get(name), name, where) for name in self._given]
        if not self._ranked:
            classes = list(range(len(self._numbers)))
        if len(set(classes)) < len(classes):
            raise DataError(f"{where}: a class comes twice")
        total = sum(probabilities)
        if probabilities and (total > 1 + _SUM or (len(classes) == len(self._numbers) and total < 1 - _SUM)):
            raise DataError(f"{where}: the probabilities sum to {total:.4g}: expected 1")
        return Row(
            where,
            _text(fields.get(self._picture), self._picture, where) if self._picture else "",
            _text(fields.get(self._label), self._label, where) if self._label else "",
            _fraction(fields.get(self._own), self._own, where) if self._own else math.nan,
            tuple(classes),
            tuple(probabilities),
        )

    def _number(self, value: object, column: str, where: str) -> int:
        name = _text(value, column, where)
        if name not in self._numbers:
            raise DataError(f"{where}: {column} is {name[:80]!r}, which is no class of the data")
        return self._numbers[name]


def _text(value: object, column: str, where: str) -> str:
    """Return a name; a number is one too."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise DataError(f"{where}: {column} is {str(value)[:80]!r}: expected a name")
    return str(value)


def _fraction(value: object, column: str, where: str) -> float:
    """Return a probability."""
    try:
        found = (
            math.nan if isinstance(value, bool) or not isinstance(value, str | int | float) else float(value)
        )
    except (ValueError, OverflowError):
        found = math.nan
    if not 0.0 <= found <= 1.0:
        raise DataError(f"{where}: {column} is {str(value)[:80]!r}: expected a probability, 0 to 1")
    return found
