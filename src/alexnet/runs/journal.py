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
from typing import Any

from alexnet.files import write_text

Row = Mapping[str, Any]


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
    """Return a row as one line of JSON; what JSON has no number for is null."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
    return json.dumps(finite, ensure_ascii=False, allow_nan=False)


def read(directory: Path) -> list[dict[str, Any]]:
    """Return the rows of a run directory's journal; none where there is no journal."""
    path = directory / "journal.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
