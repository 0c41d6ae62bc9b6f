"""How a terminal shows two networks on the same pictures, and what views are called there."""

from rich.table import Table

from alexnet.cli.terminal.showing import show, show_table
from alexnet.evaluation.comparison import Comparison
from alexnet.inference.views import Views
from alexnet.text import visible


def show_comparison(found: Comparison) -> None:
    """Print how two networks differ, and whether chance alone would do the same."""
    first, second = (visible(network) for network in found.networks)
    show(f"{found.data}, {found.split}: {found.count:,} pictures, {seen(found.views)}")
    table = Table()
    for heading in ("", "top-1 error", "right where the other is wrong"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row(first, f"{found.errors[0]:.2%}", f"{found.only_first:,}")
    table.add_row(second, f"{found.errors[1]:.2%}", f"{found.only_second:,}")
    show_table(table)
    low, high = found.interval
    show(
        f"difference: {found.difference:+.2%} (95% interval {low:+.2%} to {high:+.2%}), p = {found.p_value:.3g}"
    )
    better = first if found.difference > 0 else second
    show(f"{better} is better" if low > 0 or high < 0 else "no difference that chance would not make")


def seen(views: Views) -> str:
    """Return views as a line has them."""
    named: dict[Views, str] = {0: "from a file", 1: "the centre", "dense": "the whole picture, dense"}
    return named.get(views, f"{views} views averaged")
