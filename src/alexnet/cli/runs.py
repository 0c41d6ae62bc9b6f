"""alexnet runs: what became of runs."""

import dataclasses
import json
from pathlib import Path

import click


@click.command("runs")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a run.")
def command(folder: Path, as_json: bool) -> None:
    """List the runs below FOLDER [runs] with their states and errors.

    A run is running (some process has its lock), finished, failed (with the reason) or stopped: alexnet train
    --run RUN --resume goes on with it.
    """
    from rich.table import Table

    from alexnet.cli.showing import say, show_table
    from alexnet.data.sources.texts import visible
    from alexnet.runs.listing import runs

    found = runs(folder)
    if as_json:
        for run in found:
            print(json.dumps({**dataclasses.asdict(run), "path": str(run.path)}))
        return
    if not found:
        say(f"there are no runs in {folder}")
        return
    table = Table(title=visible(str(folder)), title_justify="left")
    for heading in ("run", "recipe", "state", "epochs", "training", "validation", "best"):
        table.add_column(heading, justify="left" if heading in ("run", "recipe", "state") else "right")
    for run in found:
        errors = (run.training_error, run.validation_error, run.best_error)
        shown = ["" if error is None else f"{error:.2%}" for error in errors]
        name = str(run.path.relative_to(folder)) if run.path != folder else run.path.name
        table.add_row(visible(name), run.recipe, run.state, f"{run.epoch:g} of {run.epochs:g}", *shown)
    show_table(table)
    for run in found:
        if run.reason:
            say(f"{run.path}: {run.reason}")
