"""alexnet digest: one number for where a run stands."""

from pathlib import Path

import click


@click.command("digest")
@click.argument("run", type=click.Path(path_type=Path))
def command(run: Path) -> None:
    """Print one SHA-256 over where RUN stands: two runs that print the same are the same, bit for bit.

    Covered are weights, mean, velocities, recipe, place in the data, errors, history and the best network; no
    clock, and not how files lay it out. RUN is a run directory or a checkpoint file.
    """
    from alexnet.runs.checkpoints import digest

    print(digest(run))
