"""alexnet weights: what is published, where it lies, and how it gets here."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alexnet.cli.options import PATH, as_json

if TYPE_CHECKING:
    from alexnet.weights.catalogue import PublishedWeights


@click.command("weights")
@click.argument("name", required=False)
@click.option(
    "--fetch", "fetched", metavar="NAME", help="Fetch these, unless they are here, and convert them."
)
@click.option("--mirror", metavar="URL", help="With --fetch: ask this address for the same file first.")
@click.option(
    "--add", "added", type=PATH, metavar="FILE", help="Take a file that you have, known by its digest."
)
@as_json
def command(
    name: str | None, fetched: str | None, mirror: str | None, added: Path | None, as_json: bool
) -> None:
    """List weights that have a name, with their errors and where they lie; with NAME, all that is known of one.

    Every command that takes a RUN takes such a name too, and a path that exists wins over it. They are looked for in
    ALEXNET_DATA, in torch's and Caffe's folders, and in the cache of alexnet. Nothing is fetched without --fetch or a
    yes at the terminal; ALEXNET_OFFLINE=1 forbids it. --fetch takes hf:owner/name too, a network of the Hub.
    """
    from alexnet.cli.terminal.fetching import fetch_shown
    from alexnet.cli.terminal.showing import show, show_json
    from alexnet.weights.adopting import add
    from alexnet.weights.finding import described
    from alexnet.weights.shipped import known, named

    if sum(given is not None for given in (name, fetched, added)) > 1 or (mirror and fetched is None):
        raise click.UsageError(
            "NAME, --fetch and --add are three different things; --mirror goes with --fetch"
        )
    if fetched is not None:
        show(f"{fetched}: {fetch_shown(fetched, mirror)}")
    elif added is not None:
        show(f"{added}: {add(added, known()).name}")
    elif as_json:
        found = {name: named(name)} if name is not None else known()
        show_json({name: described(weights) for name, weights in found.items()}, indent=2)
    elif name is not None:
        _show(described(named(name)))
    else:
        _show_all(known())


def _show(facts: Mapping[str, Any]) -> None:
    """Print all that is known of weights."""
    from alexnet.cli.terminal.showing import show

    for what, value in facts.items():
        if isinstance(value, float):
            value = f"{value:.1%}"
        elif isinstance(value, int):
            value = f"{value:,}"
        elif isinstance(value, list):
            value = " ".join(value)
        if value not in (None, ""):
            show(f"{what.replace('_', ' '):20}{value}")


def _show_all(known: "Mapping[str, PublishedWeights]") -> None:
    """Print a table of weights."""
    from rich.table import Table

    from alexnet.cli.terminal.showing import say, show_table
    from alexnet.weights.finding import described

    table = Table()
    for heading in ("name", "MB", "top-1", "top-5", "trained on", "where"):
        table.add_column(heading, justify="right" if heading in ("MB", "top-1", "top-5") else "left")
    for name, weights in known.items():
        facts = described(weights)
        errors = [
            "" if error is None else f"{error:.1%}" for error in (facts["top1_error"], facts["top5_error"])
        ]
        size = "" if facts["size"] is None else f"{facts['size'] / 1e6:,.1f}"
        table.add_row(name, size, *errors, weights.trained_on, facts["path"] or "not here: --fetch")
    show_table(table)
    say(
        "errors as the publishers state them; alexnet weights NAME says on which pictures, and under which terms"
    )
