"""What a check of pictures found, as a table."""

from typing import TYPE_CHECKING

from alexnet.cli.terminal.showing import say, show_table
from alexnet.text import visible

if TYPE_CHECKING:
    from alexnet.data.checking.check import CheckReport


def show_check(found: "CheckReport") -> None:
    """Print how many pictures have which fault, the gravest first, with an instance of each."""
    from rich.table import Table

    from alexnet.data.checking.check import KINDS

    splits = ", ".join(f"{count:,} {split}" for split, count in found.pictures.items())
    if not found.findings:
        say(f"{visible(found.name)}: {splits}; nothing to report")
        return
    table = Table(title=f"{visible(found.name)}: {splits}")
    for heading in ("severity", "kind", "pictures", "for instance"):
        table.add_column(heading, justify="right" if heading == "pictures" else "left", overflow="fold")
    for kind, severity in KINDS.items():
        if findings := found.of(kind):
            first = findings[0]
            words = ": ".join(visible(word) for word in (first.name, first.detail) if word)
            table.add_row(severity, kind, f"{len(findings):,}", words)
    show_table(table)
