"""alexnet search info: what an index holds, every file of it compared with its digest."""

from pathlib import Path

import click

from alexnet.cli.options import PATH, as_json


@click.command("info")
@click.argument("index", type=PATH)
@as_json
def info(index: Path, as_json: bool) -> None:
    """Say what INDEX holds, and whether all of it is as it was written."""
    from alexnet.cli.terminal.showing import show, show_json
    from alexnet.search import open as opened

    with opened(index) as found:
        facts = found.info()
    if as_json:
        show_json(facts, indent=2)
        return
    for name, value in facts.items():
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        elif isinstance(value, int) and not isinstance(value, bool):
            value = f"{value:,}"
        show(f"{name.replace('_', ' '):20}{value}")
