"""alexnet evaluate: errors of a run, or of the average of several."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from alexnet.cli.options import PATH, as_json, device, views

if TYPE_CHECKING:
    from alexnet.evaluation.report import Report


@click.command("evaluate")
@click.argument("runs", nargs=-1, required=True, type=PATH, metavar="RUN...")
@click.option(
    "--data", required=True, metavar="DATA", help="Name, prepared directory, or folders of pictures."
)
@views("10")
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    help="The pictures to evaluate on [test, else validation].",
)
@device("auto")
@as_json
@click.option("--classes", "show_classes", is_flag=True, help="Show every class, not only the ten worst.")
def command(
    runs: tuple[Path, ...],
    data: str,
    views: str,
    split: str | None,
    device: str,
    as_json: bool,
    show_classes: bool,
) -> None:
    """Evaluate RUN on every picture of a split exactly once; several RUNs are averaged.

    Errors are printed with their 95% confidence intervals. Under torchrun or srun the processes share the
    pictures, and the first one prints.
    """
    from alexnet.cli.terminal.showing import show_json
    from alexnet.distributed.group import joined
    from alexnet.evaluation.report import evaluate
    from alexnet.runs.loading import load

    with joined() as processes:
        networks = [load(run, device=device) for run in runs]
        report = evaluate(networks, data, views=int(views), split=split, processes=processes)
    if not processes.is_first:
        return
    if as_json:
        show_json(report.to_dict())
    else:
        show_report(report, every_class=show_classes)


def show_report(report: "Report", *, every_class: bool) -> None:
    """Print the errors, and those of single classes, as tables."""
    from rich.table import Table

    from alexnet.cli.terminal.showing import say, show, show_table
    from alexnet.text import visible

    seen = "the centre" if report.views == 1 else f"{report.views} views averaged"
    nets = "" if len(report.networks) == 1 else f", {len(report.networks)} networks averaged"
    show(f"{report.data}, {report.split}: {report.count:,} pictures, {seen}{nets}")
    table = Table()
    for heading in ("", "error", "95% interval"):
        table.add_column(heading, justify="right" if heading else "left")
    errors = [("top-1", report.top1_error, report.top1_interval)]
    if report.has_top5:
        errors.append(("top-5", report.top5_error, report.top5_interval))
    for name, error, interval in errors:
        table.add_row(name, f"{error:.2%}", f"{interval[0]:.2%} to {interval[1]:.2%}")
    table.add_row("cross-entropy", f"{report.loss:.4f}", "")
    show_table(table)
    if report.collapse:
        say(report.collapse)
    if report.unreadable:
        say(f"{report.unreadable} pictures of this split could not be read and are in no error")
    seen_classes = [found for found in report.per_class if found.count]
    worst = sorted(seen_classes, key=lambda found: -found.top1_error)
    if not every_class:
        worst = [found for found in worst if found.top1_error > 0][:10]
    if worst:
        show("classes" if every_class else "classes with the most errors")
        classes = Table()
        for heading in ("class", "pictures", "top-1 error"):
            classes.add_column(heading, justify="left" if heading == "class" else "right")
        for found in worst:
            label = found.name if found.words == found.name else f"{found.name} {found.words}"
            classes.add_row(visible(label), f"{found.count:,}", f"{found.top1_error:.2%}")
        show_table(classes)
