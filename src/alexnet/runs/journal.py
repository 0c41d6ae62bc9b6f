"""A run's journal: one JSON object a line, and the same as a table for a spreadsheet.

The rows that count are kept in the run's checkpoint; the two files are written from them, so that a resumed
run has each row once.
"""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from alexnet.errors import RunError
from alexnet.files import read_bounded, write_text

Row = Mapping[str, Any]
STOPPED_EARLY: Final = "stopped_early"
"""In the row of a run's last epoch where it ended before all its epochs, as nothing got better: true; else absent."""
_CURE: Final = "remove it: the checkpoints hold its rows, and alexnet train --resume writes it anew"


def write(directory: Path, rows: Sequence[Row]) -> None:
    """Write `journal.jsonl` and `journal.csv` of a run directory, whole: a run has some hundreds of rows at most.

    Args:
        directory: the run directory.
        rows: all that the journal has to say; what the files said is replaced.
    Raises:
        OSError: one of them cannot be written; it stays as it was.
    """
    write_text(directory / "journal.jsonl", "".join(to_line(row) + "\n" for row in rows))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(directory / "journal.csv", table.getvalue() if columns else "")


def to_line(row: Row) -> str:
    """Return a row as one line of JSON, without its end; what JSON has no number for is null."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
    return json.dumps(finite, ensure_ascii=False, allow_nan=False)


def read(directory: Path) -> list[dict[str, Any]]:
    """Read the rows of a run directory's journal; what is no number is None.

    A last line without its end is what a process was killed at, and is left out: the checkpoint holds its row.

    Args:
        directory: the run directory.
    Returns:
        a row an epoch; none where there is no journal.
    Raises:
        RunError: it cannot be read, or a line is no row; the message names the line.
    """
    path = directory / "journal.jsonl"
    try:
        content = read_bounded(path)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}; {_CURE}") from error
    whole = content[: content.rfind(b"\n") + 1]
    lines = enumerate(whole.split(b"\n"), start=1)
    return [_row(line, path, number) for number, line in lines if line.strip()]


def _row(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"), parse_constant=lambda name: None)
        if not isinstance(row, dict) or not is_number(row.get("epoch")) or row["epoch"] < 0:
            raise ValueError("it tells of no epoch")
    except (ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:120]
        raise RunError(f"{path}, line {number}, is no row of a journal ({why}); {_CURE}") from None
    return row


def is_number(value: object) -> bool:
    """Whether a value of a row is a finite number that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int that no float holds
        return False
