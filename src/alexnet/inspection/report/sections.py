"""The parts of a report on one run: each says in blocks what one heading promises, or nothing."""

import math
import shlex
from typing import Final

from alexnet.evaluation.collapse import FEWEST
from alexnet.evaluation.confusion import DENSE
from alexnet.evaluation.paper import PaperTable
from alexnet.evaluation.report import ClassError
from alexnet.inspection.judgement import confusion_figure, reliability_figure
from alexnet.inspection.kernels import filters, first_filters, kernels
from alexnet.inspection.report.account import Account, Evaluated
from alexnet.inspection.report.numbers import (
    calibration_numbers,
    class_numbers,
    confused_pairs,
    confusion_numbers,
    curve_numbers,
    filter_numbers,
)
from alexnet.inspection.report.photographs import confused_tiles, tiles
from alexnet.page.blocks import Block, Code, Fact, Facts, Figure, Folded, Notice, Panels, Paragraph, Table
from alexnet.runs.curves import counted, panels
from alexnet.runs.journal import is_number
from alexnet.settings.paths import flat

PICTURES: Final = 16
"""Worst mistakes, and least certain hits, that are shown."""
ROWS: Final = 250
"""Epochs that learning curves show at most; of more, every second or third."""
SEEN: Final = 20
"""Classes, the worst and the best, that are shown of many."""


def notices(account: Account) -> list[Block]:
    """Say what a reader has to know before any number."""
    found = [f"This run failed: {account.run.reason}"] if account.run.reason else []
    if account.run.state == "stopped":
        found.append(
            f"This run stopped after {account.run.epoch:g} of {counted(account.run.epochs, 'epoch')}."
        )
    if account.evaluated is None:
        found.append(
            "Its pictures lie no more where they lay, so that nothing is evaluated: say --data DATA."
        )
        return [Notice(text) for text in found]
    report = account.evaluated.report
    if report.collapse:
        found.append(f"{report.collapse[:1].upper()}{report.collapse[1:]}.")
    if report.split == "train":
        found.append("Evaluated on pictures that it was trained on: errors on new pictures are higher.")
    if report.count < FEWEST:
        found.append(f"Evaluated on no more than {report.count} pictures: see the intervals.")
    if report.unreadable:
        found.append(f"{report.unreadable:,} pictures of the split could not be read and are in no error.")
    return [Notice(text) for text in found]


def facts(account: Account) -> list[Block]:
    """Say what is to be seen first: errors with their intervals, and how long it was trained."""
    network, found = account.classifier.network, []
    if account.evaluated:
        found = _errors(account.evaluated)
    seconds = sum(float(row["seconds"]) for row in account.history if is_number(row.get("seconds")))
    trained = f"of {counted(account.run.epochs, 'epoch')}{f', {_duration(seconds)}' if seconds else ''}"
    found.append(Fact("trained", f"{account.run.epoch:g}", trained))
    count = sum(value.numel() for value in network.parameters())
    names = dict.fromkeys((network.architecture.kind, account.run.recipe))
    found.append(Fact("parameters", f"{count:,}", ", ".join(names)))
    paper = account.evaluated.report.paper if account.evaluated else None
    return [Facts(tuple(found)), *([_paper(paper)] if paper else [])]


def _paper(paper: PaperTable) -> Table:
    """Return what the paper reports of the same pictures."""
    errors = [(row.model, row.top1_error, row.top5_error, row.test_top5_error) for row in paper.rows]
    rows = tuple(
        (model, *("" if error is None else f"{error:.1%}" for error in known)) for model, *known in errors
    )
    headings = ("the paper's model", "top-1 error", "top-5 error", "top-5 error, test")
    return Table(headings, rows, paper.title, (1, 2, 3))


def _errors(evaluated: Evaluated) -> list[Fact]:
    report = evaluated.report
    found = [Fact("top-1 error", f"{report.top1_error:.2%}", _interval(report.top1_interval))]
    if report.has_top5:
        found.append(Fact("top-5 error", f"{report.top5_error:.2%}", _interval(report.top5_interval)))
    calibration = _interval(report.calibration_interval)
    if not math.isnan(report.calibrated_error):
        calibration += f"; {report.calibrated_error:.2%} with temperature {report.temperature:.2f}"
    return [
        *found,
        Fact("cross-entropy", f"{report.loss:.4f}", "nats"),
        Fact("balanced accuracy", f"{report.balanced_accuracy:.2%}", "mean of the classes' recalls"),
        Fact("macro F1", f"{report.macro_f1:.2%}", "mean of the classes' F1"),
        Fact("calibration error", f"{report.calibration_error:.2%}", calibration),
    ]


def curves(account: Account) -> list[Block]:
    """Draw errors, losses and the rate by epoch."""
    if not account.history:
        return [Paragraph("No epoch is finished yet.")]
    rows = account.history
    rows = (*rows[: -1 : -(-len(rows) // ROWS)], rows[-1])
    return [Panels(tuple(Figure(panel, curve_numbers(panel, rows)) for panel in panels(rows)))]


def classes(account: Account) -> list[Block]:
    """Say how each class fared: of many the worst and the best, and all of them under a fold."""
    if not account.evaluated:
        return []
    found = sorted(account.evaluated.report.per_class, key=lambda one: -one.top1_error)
    seen = [one for one in found if one.count]
    if len(seen) <= 2 * SEEN:
        return [class_numbers(seen), *_without_pictures(found)]
    every = class_numbers(account.evaluated.report.per_class)
    return [
        Paragraph(f"The {SEEN} classes with the most errors:"),
        class_numbers(seen[:SEEN]),
        Folded(f"The {SEEN} classes with the fewest", (class_numbers(seen[: -SEEN - 1 : -1]),)),
        Folded(f"All {len(found):,} classes", (every,)),
    ]


def _without_pictures(found: list[ClassError]) -> list[Block]:
    missing = sum(not one.count for one in found)
    return [Paragraph(f"{missing:,} classes have no picture in this split.", quiet=True)] if missing else []


def confusion(account: Account) -> list[Block]:
    """Draw which classes are taken for which, and show pictures of the pairs that are confused most."""
    if not account.evaluated:
        return []
    report, blocks = account.evaluated.report, list[Block]()
    if len(report.per_class) <= DENSE:
        canvas = confusion_figure(report.confusion_matrix(), account.classifier.words)
        blocks.append(Figure(canvas, confusion_numbers(report)))
    pairs = confused_pairs(report)
    if pairs.rows:
        shown = confused_tiles(account)
        blocks += [Paragraph("The pairs that are confused most, each with the surest such mistake:"), shown]
        blocks.append(Folded(f"The {len(pairs.rows)} most confused pairs", (pairs,)))
    return blocks


def mistakes(account: Account) -> list[Block]:
    """Show the pictures that are named wrongly with the most confidence."""
    if not account.evaluated:
        return []
    rows = account.evaluated.outcomes.worst_mistakes(PICTURES)
    if not rows:
        return [Paragraph("There are none: every picture is named rightly.")]
    said = "The pictures whose class is not the best one, and which the network is surest of."
    return [Paragraph(said), tiles(account, rows)]


def hits(account: Account) -> list[Block]:
    """Show the pictures that are named rightly with the least confidence."""
    if not account.evaluated:
        return []
    rows = account.evaluated.outcomes.least_certain_hits(PICTURES)
    if not rows:
        return [Paragraph("There are none: no picture is named rightly.")]
    said = "The pictures whose class is the best one, and which the network is least sure of."
    return [Paragraph(said), tiles(account, rows)]


def calibration(account: Account) -> list[Block]:
    """Draw whether it is as sure as it is right."""
    if not account.evaluated:
        return []
    bins = account.evaluated.report.calibration
    return [Figure(reliability_figure(bins), calibration_numbers(bins))]


def first_kernels(account: Account) -> list[Block]:
    """Draw the filters of the first layer that has some."""
    network = account.classifier.network
    stage = first_filters(network)
    if stage is None:
        return []
    return [Figure(kernels(network, stage), filter_numbers(filters(network, stage)))]


def data(account: Account) -> list[Block]:
    """Say which pictures it was evaluated on."""
    if not account.evaluated:
        return []
    card = account.evaluated.dataset.card
    counts = [(name, split.pictures_per_class, split.pictures) for name, split in card.splits.items()]
    rows = [
        ("name", card.name),
        ("classes", f"{len(card.classes):,}"),
        ("pictures", f"{card.side} x {card.side} pixels, {card.encoding}"),
        *((name, f"{total:,}, {min(each):,} to {max(each):,} a class") for name, each, total in counts),
        ("unreadable, left out", f"{card.unreadable:,}"),
        ("fingerprint", card.fingerprint),
    ]
    own = account.origin is None or account.origin.fingerprint == card.fingerprint
    note = [] if own else [Paragraph("These are not the pictures that it was trained on.")]
    return [*note, Table(("what", "value"), tuple(rows))]


def recipe(account: Account) -> list[Block]:
    """List every setting of the recipe."""
    return [Table(("setting", "value"), tuple(flat(account.recipe)))]


def environment(account: Account) -> list[Block]:
    """List what its numbers may depend on."""
    if not account.environment:
        return [Paragraph("It was not recorded.")]
    return [
        Table(("what", "value"), tuple((name, str(value)) for name, value in account.environment.items()))
    ]


def training_command(account: Account) -> list[Block]:
    """Say the command that began the run."""
    if account.origin is None or not account.origin.command:
        return [Paragraph("Trained from Python, or before commands were recorded: the recipe says it all.")]
    return [Paragraph("Trained by:"), Code(shlex.join(account.origin.command))]


def _interval(ends: tuple[float, float]) -> str:
    return f"95%: {ends[0]:.2%} to {ends[1]:.2%}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
