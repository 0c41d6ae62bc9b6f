"""A report as a terminal shows it: errors, what is confused, single classes."""

import math

from rich.table import Table

from alexnet.cli.terminal.comparison import seen
from alexnet.cli.terminal.paper import show_paper
from alexnet.cli.terminal.showing import say, show, show_table
from alexnet.evaluation.report import ClassError, Report
from alexnet.text import visible


def show_report(report: Report, *, every_class: bool) -> None:
    """Print the errors, and those of single classes, as tables."""
    nets = "" if len(report.networks) == 1 else f", {len(report.networks)} networks averaged"
    show(f"{report.data}, {report.split}: {report.count:,} pictures, {seen(report.views)}{nets}")
    if report.average != "equal":
        show(f"weights ({report.average}): {', '.join(f'{weight:.3g}' for weight in report.average_weights)}")
    table = Table()
    for heading in ("", "value", "95% interval"):
        table.add_column(heading, justify="right" if heading else "left")
    errors = [("top-1 error", report.top1_error, report.top1_interval)]
    if report.has_top5:
        errors.append(("top-5 error", report.top5_error, report.top5_interval))
    for name, error, interval in errors:
        table.add_row(name, f"{error:.2%}", f"{interval[0]:.2%} to {interval[1]:.2%}")
    if not math.isnan(report.loss):
        table.add_row("cross-entropy", f"{report.loss:.4f}", "")
    if report.confusion:
        table.add_row("balanced accuracy", f"{report.balanced_accuracy:.2%}", "")
        table.add_row("macro F1", f"{report.macro_f1:.2%}", "")
    for name, error, interval in (
        ("calibration error", report.calibration_error, report.calibration_interval),
        (f"  at temperature {report.temperature:.2f}", report.calibrated_error, report.calibrated_interval),
    ):
        if not math.isnan(error):
            table.add_row(name, f"{error:.2%}", f"{interval[0]:.2%} to {interval[1]:.2%}")
    show_table(table)
    if report.paper is not None:
        show_paper(report.paper, report)
    if report.collapse:
        say(report.collapse)
    if report.unreadable:
        say(f"{report.unreadable} pictures of this split could not be read and are in no error")
    _show_classes(report, every_class=every_class)
    _show_confused(report)


def _show_classes(report: Report, *, every_class: bool) -> None:
    """Print single classes, worst first."""
    seen = [found for found in report.per_class if found.count]
    worst = sorted(seen, key=lambda found: -found.top1_error)
    if not every_class:
        worst = [found for found in worst if found.top1_error > 0][:10]
    if not worst:
        return
    show("classes" if every_class else "classes with the most errors")
    classes = Table()
    for heading in ("class", "pictures", "top-1 error", "precision", "recall", "F1"):
        classes.add_column(heading, justify="left" if heading == "class" else "right")
    for found in worst:
        scores = (f"{score:.2%}" for score in (found.top1_error, found.precision, found.recall, found.f1))
        classes.add_row(_label(found), f"{found.count:,}", *scores)
    show_table(classes)


def _show_confused(report: Report) -> None:
    """Print which classes are taken for which most often."""
    pairs = report.most_confused(5)
    if not pairs:
        return
    show("taken for another most often")
    table = Table()
    for heading in ("class", "taken for", "pictures"):
        table.add_column(heading, justify="right" if heading == "pictures" else "left")
    for true, best, count in pairs:
        table.add_row(_label(true), _label(best), f"{count:,}")
    show_table(table)


def _label(found: ClassError) -> str:
    """Return a class as a person reads it."""
    return visible(found.name if found.words == found.name else f"{found.name} {found.words}")
