"""What a check of pictures found, as a table."""

import dataclasses
from typing import TYPE_CHECKING

from alexnet.cli.terminal.showing import say, show, show_json, show_table
from alexnet.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alexnet.data.checking.check import CheckReport
    from alexnet.training.linear_probe import LinearProbe
    from alexnet.training.mislabelled import Suspect


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


def _show_suspects(suspects: "Sequence[Suspect]", probe: "LinearProbe") -> None:
    """Print the pictures whose label is doubted, the surest first."""
    from rich.table import Table

    say(
        f"{len(probe.labels):,} training pictures, {probe.cross_validated_error:.1%} error in cross-validation"
    )
    if not suspects:
        say("no label is doubted")
        return
    table = Table(title="these look mislabelled: look at them, some are only hard")
    for heading in ("picture", "labelled", "looks like", "probability"):
        table.add_column(heading, overflow="fold")
    for one in suspects:
        words = (visible(word) for word in (one.name, one.label, one.predicted))
        table.add_row(*words, f"{one.probability:.0%}")
    show_table(table)


def show_doubted_labels(data: str, run: str, quarantine: "Path | None", *, as_json: bool) -> None:
    """Print the training pictures whose label a fit on RUN's features doubts that had not seen them."""
    from alexnet.data.named import open_dataset
    from alexnet.data.quarantine import write_quarantine
    from alexnet.training.mislabelled import likely_mislabelled, network_for_doubts
    from alexnet.weights.loading import load_checkpoint

    found = load_checkpoint(run)
    dataset = open_dataset(data, side=lambda source: found.side).resized(found.side)
    network, source = network_for_doubts(found, len(dataset.classes))
    if not source:
        say(f"{run} was trained on labels that it is to doubt, if these are its own: fewer are found")
    suspects, probe = likely_mislabelled(network, dataset.split("train"))
    if quarantine:
        entries = [(one.name, f"looks like {one.predicted}, not {one.label}") for one in suspects]
        write_quarantine(quarantine, entries)
        say(f"quarantine: {len(entries):,} pictures in {quarantine}")
    if as_json:
        show_json([dataclasses.asdict(suspect) for suspect in suspects])
    else:
        _show_suspects(suspects, probe)


def show_damages(data: str, *, as_json: bool) -> bool:
    """Print which files of a prepared directory are no longer what was prepared; return whether any is."""
    from alexnet.cli.terminal.progress import walking
    from alexnet.data.checking.integrity import damages
    from alexnet.data.dataset import Dataset

    dataset = Dataset.open(data)
    with walking("checking files") as progress:
        found = damages(dataset, progress)
    if as_json:
        show_json({"name": dataset.name, "damaged": found, "unreadable": dataset.card.unreadable})
    else:
        for line in found:
            show(line)
        say(
            f"{dataset.name}: {'all files are as prepared' if not found else f'{len(found)} files are damaged'}"
        )
    return bool(found)
