"""alexnet search add and remove: an index that grows, and shrinks."""

import sys
from pathlib import Path

import click

from alexnet.cli.options import PATH, device, split, unlabelled


@click.command("add")
@click.argument("index", type=PATH)
@click.argument("data")
@split
@unlabelled
@click.option("--run", type=PATH, help="Of the network of the index [where it was last used].")
@device("auto")
def add(index: Path, data: str, split: str | None, labelled: bool, run: Path | None, device: str) -> None:
    """Add the pictures of DATA to INDEX, all of them or none."""
    from alexnet.cli.terminal.progress import walking
    from alexnet.cli.terminal.showing import say
    from alexnet.search import add as added
    from alexnet.search import open as opened

    with opened(index, run=run, device=device) as found, walking("adding") as progress:
        count = added(found, data, split=split, labelled=labelled, progress=progress)
        say(f"{count:,} added, {len(found):,} pictures")


@click.command("remove")
@click.argument("index", type=PATH)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(index: Path, names: tuple[str, ...]) -> None:
    """Remove every picture called NAME from INDEX: names are those that alexnet search query prints.

    NAME may be -: then standard input has a name a line.
    """
    from alexnet.cli.terminal.showing import say
    from alexnet.errors import SearchError
    from alexnet.search import open as opened

    wanted = {name for name in names if name != "-"}
    if "-" in names:
        wanted |= {line.rstrip("\n") for line in sys.stdin}
    with opened(index) as found:
        count = found.remove(wanted)
        say(f"{count:,} removed, {len(found):,} pictures")
    if not count:
        raise SearchError(
            f"{index} has no picture called {sorted(wanted)[0] if wanted else 'so'}: nothing is removed"
        )
