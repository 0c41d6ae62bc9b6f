"""alexnet digest: one number for where a run stands."""

from pathlib import Path

import click

from alexnet.cli.options import PATH


@click.command("digest")
@click.argument("run", type=PATH)
def command(run: Path) -> None:
    """Print one SHA-256 over where RUN stands: two runs that print the same are the same, bit for bit.

    Covered are weights, mean, velocities, recipe, position in the data, errors, history and the best network; no
    clock, and not how files lay it out. RUN is a run directory or a checkpoint file.
    """
    from alexnet.cli.terminal.showing import show
    from alexnet.runs.checkpoints import digest

    show(digest(run))
