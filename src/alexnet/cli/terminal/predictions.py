"""Predictions as they are printed: of one picture as bars, of several a line each, or JSON lines."""

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet.cli.terminal.showing import show, show_json, show_table
from alexnet.text import visible

if TYPE_CHECKING:
    from alexnet.inference.results import Result

ShowResult = Callable[["Result"], None]


@contextlib.contextmanager
def showing_results(*, as_json: bool, output: Path | None, count: int, at_once: bool) -> Iterator[ShowResult]:
    """Give what shows one result after another: on a terminal, as JSON lines, or in a file.

    Args:
        as_json: whether JSON lines are wanted where standard output is a terminal, too.
        output: the file, if one is to be written.
        count: classes of a picture.
        at_once: whether the first one is not to wait for whether there is a second.
    """
    if output is not None:
        from alexnet.evaluation.predictions.streamed import written_results

        with written_results(output, count) as write:
            yield lambda result: write([result])
    elif as_json or not sys.stdout.isatty():
        yield lambda result: show_json(result.to_dict())
    else:
        yield from _on_a_terminal(at_once)


def _on_a_terminal(at_once: bool) -> Iterator[ShowResult]:
    """Give what shows results as lines; as bars, where there is but one."""
    first: list[Result] = []
    several = at_once

    def show_result(result: "Result") -> None:
        nonlocal several
        if not several and not first:
            first.append(result)
            return
        for one in (*first, result):
            show(result_line(one, shutil.get_terminal_size().columns))
        first.clear()
        several = True

    yield show_result
    for one in first:
        if one.error is not None or not one.predictions:
            show(f"{one.picture}: {one.error or 'no class is probable enough'}")
        else:
            show_predictions(one.picture, [(each.words, each.probability) for each in one.predictions])


def result_line(result: "Result", width: int) -> str:
    """Return a result as a line of a terminal: the end of the picture's name, and as many classes as there is room for.

    Args:
        result: of a picture.
        width: the terminal's columns.
    """
    from rich.cells import cell_len, chop_cells, set_cell_size

    name_width = max(12, min(48, width * 2 // 5))
    name = visible(result.picture)
    if cell_len(name) > name_width:
        name = "…" + chop_cells(name[::-1], name_width - 1)[0][::-1]
    if result.error is not None:
        said = visible(str(result.error))
    else:
        said = "   ".join(
            f"{one.probability:6.1%} {visible(one.words.split(',')[0])}" for one in result.predictions
        )
    line = f"{set_cell_size(name, name_width)}  {said or 'no class is probable enough'}"
    if cell_len(line) > width > 1:
        line = chop_cells(line, width - 1)[0] + "…"
    return line.rstrip()


def show_predictions(path: str, predictions: list[tuple[str, float]]) -> None:
    """Print the best classes of one picture as a table with bars."""
    from rich.table import Table

    table = Table(title=visible(path), title_justify="left", show_header=False, box=None)
    for words, probability in predictions:
        bar = "█" * round(20 * probability)
        table.add_row(f"{probability:7.2%}", bar.ljust(20), visible(words))
    show_table(table)
