"""How results look: lines, JSON and tables on standard output, what is no result on standard error.

Whatever is printed goes through `visible`: a name of a file or a class may hold a terminal's commands.
"""

import json
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from alexnet.text import visible

if TYPE_CHECKING:
    from rich.table import Column, Table


def say(text: str) -> None:
    """Print lines that are no result, on standard error."""
    print("\n".join(map(visible, text.split("\n"))), file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Print lines of a result, on standard output."""
    print("\n".join(map(visible, text.split("\n"))), flush=True)


def show_json(value: object, indent: int | None = None) -> None:
    """Print a result as JSON, its fractions without the binary tails that float arithmetic leaves."""
    print(json.dumps(_rounded(value), indent=indent), flush=True)


def _rounded(value: object) -> object:
    """Return plain values with numbers of nine significant digits at most; what is no number is none in JSON."""
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _rounded(entry) for name, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list | tuple) else value


def show_table(table: "Table") -> None:
    """Print a table on standard output, its texts as they are; as wide as it needs to be where that is no terminal.

    Where a terminal is narrow it has no frame, whole numbers and folded texts; where it is too narrow for those, each
    row is some lines.
    """
    from rich.console import Console
    from rich.segment import Segment, Segments

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 200
    elif console.measure(table, options=console.options.update(width=200)).maximum > console.width:
        if _least_width(table) > console.width:
            return _show_rows(table)
        table.box, table.padding, table.pad_edge = None, (0, 1, 0, 0), False
        for column in table.columns:
            column.overflow, column.no_wrap = "fold", column.justify == "right"
    drawn = console.render(table)
    safe = (Segment("\n".join(map(visible, part.text.split("\n"))), part.style) for part in drawn)
    console.print(Segments(safe), end="")
    return None


def _least_width(table: "Table") -> int:
    """Return the columns of a terminal that a table needs at least: whole numbers, and six letters of each text."""
    widths = [(max(map(len, _texts(column))), column.justify == "right") for column in table.columns]
    return sum(1 + (width if whole else min(width, 6)) for width, whole in widths)


def _show_rows(table: "Table") -> None:
    """Print each row of a table as lines: its first cell, and below it the others with their headings."""
    if table.title:
        show(str(table.title))
    headings, *rows = zip(*map(_texts, table.columns), strict=True)
    for first, *others in rows if table.show_footer else rows[:-1]:
        show(first)
        for heading, text in zip(headings[1:], others, strict=True):
            if text:
                show(f"  {heading}: {text}".replace("  : ", "  "))


def _texts(column: "Column") -> list[str]:
    """Return the heading, the cells and the footer of a column."""
    return [str(column.header), *map(str, column.cells), str(column.footer)]


def duration(seconds: float) -> str:
    """Return seconds as a person says them."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"
