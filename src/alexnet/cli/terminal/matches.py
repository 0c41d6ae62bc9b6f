"""What was found to be like a picture, as a table."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alexnet.search.results import Answer


def show_matches(answer: "Answer", metric: str) -> None:
    """Print the matches of one picture."""
    from rich.table import Table

    from alexnet.cli.terminal.showing import show_table
    from alexnet.text import visible

    table = Table(title=visible(answer.picture), title_justify="left", box=None)
    table.add_column(f"{metric} distance", justify="right")
    for heading in ("class", "picture", ""):
        table.add_column(heading)
    for match in answer.matches:
        mark = "duplicate" if match.duplicate else ""
        table.add_row(f"{match.distance:.4g}", visible(match.words), visible(match.name), mark)
    show_table(table)
