"""What the paper reports of ILSVRC, and beside it what was measured here."""

from rich.table import Table

from alexnet.cli.terminal.showing import show_table
from alexnet.evaluation.paper import PaperRow, PaperTable
from alexnet.evaluation.report import Report


def show_paper(paper: PaperTable, report: Report) -> None:
    """Print what the paper reports of the same pictures, what was measured in its last row."""
    table = Table(title=paper.title, title_justify="left")
    for heading in ("", "top-1 error", "top-5 error", "top-5 error (test)"):
        table.add_column(heading, justify="right" if heading else "left")
    tested = report.split == "test" and paper.split != "test"
    own = PaperRow(
        f"here, {report.split}",
        report.top1_error,
        *((None, report.top5_error) if tested else (report.top5_error,)),
    )
    for row in (*paper.rows, own):
        errors = (row.top1_error, row.top5_error, row.test_top5_error)
        table.add_row(row.model, *("" if error is None else f"{error:.1%}" for error in errors))
    show_table(table)
