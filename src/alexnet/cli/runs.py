"""alexnet runs: what became of runs, and the end of what they no longer need."""

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alexnet.cli.options import PATH, as_json
from alexnet.cli.terminal.streams import is_terminal

if TYPE_CHECKING:
    from alexnet.runs.run import Run


@click.command("runs")
@click.argument("folder", type=PATH, default=Path("runs"), required=False, metavar="[FOLDER|RUN]")
@click.option("--tidy", is_flag=True, help="Remove checkpoints of finished runs; best.safetensors stays.")
@click.option("--delete", is_flag=True, help="Remove RUN with all that it wrote, after asking.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@as_json
def command(folder: Path, tidy: bool, delete: bool, yes: bool, as_json: bool) -> None:
    """List the runs below FOLDER [runs] with their states and errors.

    A run is running (some process has its lock), finished, failed (with the reason), stopped (alexnet train
    DATA --run RUN --resume goes on with it), or damaged. Most of what a finished run holds are the states of
    its optimizer, which nothing but going on needs: --tidy frees them.
    """
    from alexnet.cli.terminal.showing import show_json
    from alexnet.launch.launch import RUNS
    from alexnet.runs.listing import runs

    if delete + tidy + as_json > 1:
        raise click.UsageError("--tidy, --delete and --json do three different things: give one")
    found = runs(folder) if folder != RUNS or os.path.exists(folder) else []
    if as_json:
        for run in found:
            show_json({**dataclasses.asdict(run), "path": str(run.path)})
    elif delete:
        _delete(folder, found, yes)
    elif tidy:
        _tidy(folder, found)
    else:
        _show(folder, found)


def _tidy(folder: Path, found: "list[Run]") -> None:
    from alexnet.cli.terminal.showing import say, show
    from alexnet.errors import AlexNetError
    from alexnet.runs.tidying import tidy

    finished, failures = [run for run in found if run.state == "finished"], 0
    for run in finished:
        try:
            show(f"{run.path}: {tidy(run) / 1e6:,.1f} MB freed")
        except AlexNetError as error:  # one bad run does not keep the others
            failures += 1
            say(f"alexnet: {error}")
    if not finished:
        say(f"there are no finished runs in {folder}")
    if failures:
        raise SystemExit(1)


def _delete(folder: Path, found: "list[Run]", yes: bool) -> None:
    from alexnet.cli.terminal.showing import say
    from alexnet.errors import RunError
    from alexnet.runs.tidying import delete

    if [run.path for run in found] != [folder]:
        raise RunError(f"{folder} is no run: --delete takes the directory of one")
    if not yes and not is_terminal():
        raise RunError(f"{folder} is deleted where someone can be asked, or with --yes")
    if not yes and not click.confirm(f"Delete {found[0]!r}?", err=True):
        raise SystemExit(1)
    delete(found[0])
    say(f"{folder} is deleted")


def _show(folder: Path, found: "list[Run]") -> None:
    from rich.table import Table

    from alexnet.cli.terminal.showing import say, show_table

    if not found:
        say(f"there are no runs in {folder}: alexnet train makes them")
        return
    table = Table(title=str(folder), title_justify="left")
    for heading in ("run", "recipe", "state", "epochs", "training", "validation", "best"):
        table.add_column(heading, justify="left" if heading in ("run", "recipe", "state") else "right")
    for run in found:
        errors = (run.training_error, run.validation_error, run.best_error)
        shown = ["" if error is None else f"{error:.2%}" for error in errors]
        name = str(run.path.relative_to(folder)) if run.path != folder else run.path.name
        table.add_row(name, run.recipe, run.state, f"{run.epoch:g} of {run.epochs:g}", *shown)
    show_table(table)
    for run in found:
        if run.reason:
            say(f"{run.path}: {run.reason}")
