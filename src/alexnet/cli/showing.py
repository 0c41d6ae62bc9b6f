"""How results look: lines, JSON and tables on standard output, what is no result on standard error.

Whatever is printed goes through `visible`: a name of a file or a class may hold a terminal's commands.
"""

import json
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from alexnet.data.sources.texts import visible

if TYPE_CHECKING:
    from rich.table import Table


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
    """Print a table on standard output, its texts as they are: without a frame and with whole numbers where a
    terminal is narrow; as wide as it needs to be where that is no terminal."""
    from rich.console import Console
    from rich.segment import Segment, Segments

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 200
    elif console.measure(table, options=console.options.update(width=200)).maximum > console.width:
        table.box, table.padding, table.pad_edge = None, (0, 1, 0, 0), False
        for column in table.columns:
            column.overflow, column.no_wrap = "fold", column.justify == "right"
    drawn = console.render(table)
    safe = (Segment("\n".join(map(visible, part.text.split("\n"))), part.style) for part in drawn)
    console.print(Segments(safe), end="")
