"""Train by name: a data set and a recipe as a person says them, to a run directory."""

import contextlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from alexnet import memory
from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset
from alexnet.distributed.processes import SILENCE, Processes, joined
from alexnet.errors import RunError
from alexnet.journal import Row
from alexnet.recipes.asked import Asked
from alexnet.training.device import chosen_device
from alexnet.training.loop import Saving, run_training
from alexnet.training.progress import Progress
from alexnet.training.recipe import Recipe
from alexnet.training.settings import from_plain
from alexnet.training.trackers import check_installed


def train(
    data: str | Path | Dataset,
    recipe: str | Recipe | None = None,
    run: str | Path | None = None,
    *,
    network: str | None = None,
    settings: Mapping[str, Any] | None = None,
    resume: bool = False,
    saving: Saving | None = None,
    quiet: bool = False,
    scheme: str = "data",
    silence: float = SILENCE.total_seconds(),
    device: str = "auto",
    log_to: Sequence[str] = (),
) -> list[Row]:
    """Train a network on pictures.

    Args:
        data: a name ("digits"), a prepared directory, a source, or an opened data set.
        recipe: a recipe or its name; without one, the one that suits the pictures' size (`asked.default_recipe`).
        run: the run directory; without one, a new one under runs/.
        network: the name of a network to train in place of the recipe's.
        settings: changes to the recipe, by path: {"training.batch_size": 64}.
        resume: go on with the run that is there.
        saving: when to write checkpoints.
        quiet: say nothing but what matters.
        scheme: what processes divide, where torchrun or srun has started several: data, columns or hybrid.
        silence: seconds that one process waits for another before it gives up.
        device: where to compute: cpu, cuda, or auto, which is a CUDA device where there is one.
        log_to: programs that are told the journal's rows: tensorboard, wandb, mlflow, trackio.
    Returns:
        the journal's rows, one an epoch; errors are fractions.
    Raises:
        RecipeError, DataError, CheckpointError: one of them does not exist or does not fit.
        Interrupted: a signal asked to stop; the run has saved.
    """
    check_installed(log_to)
    chosen_device(device)  # before pictures are prepared, which may take hours
    settled = memory.settle()
    if resume and run is not None and recipe is None and network is None:
        recipe = stored_recipe(Path(run))
    asked = Asked(recipe, network, settings=settings or {})
    dataset = data if isinstance(data, Dataset) else open_dataset(data, side=asked.side)
    resolved = asked.resolve(dataset)
    with (
        joined(scheme, timedelta(seconds=silence)) as processes,
        run_directory(run, resolved.name, processes) as directory,
    ):
        progress = Progress(quiet=quiet, mute=not processes.first)
        if not quiet:
            progress.say(str(settled))
        return run_training(
            dataset,
            resolved,
            directory,
            resume=resume,
            saving=saving,
            progress=progress,
            log_to=log_to,
            processes=processes,
            device=device,
        )


def stored_recipe(run: Path) -> Recipe | None:
    """Return the recipe that a run was begun with; None where there is no run."""
    path = run / "recipe.json"
    if not path.exists():
        return None
    return from_plain(Recipe, json.loads(path.read_text(encoding="utf-8")))


@contextlib.contextmanager
def run_directory(run: str | Path | None, name: str, processes: Processes) -> Iterator[Path]:
    """Give the run directory: the one asked for, or a fresh one, which goes again if nothing was begun in it."""
    if run is not None:
        yield Path(run)
        return
    path = processes.from_first(lambda: fresh_run(name))
    try:
        yield path
    finally:
        if processes.first:
            with contextlib.suppress(OSError):  # it holds a run
                path.rmdir()


def fresh_run(name: str) -> Path:
    """Return a run directory that did not exist: runs/NAME, runs/NAME-2 ...

    Raises:
        RunError: it cannot be made.
    """
    try:
        Path("runs").mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"runs/ cannot be made here ({error.strerror}): say --run DIR") from error
    for number in itertools.count(1):
        path = Path("runs") / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()  # of two processes, one makes it
        except FileExistsError:
            continue
        except OSError as error:
            raise RunError(f"{path} cannot be made ({error.strerror}): say --run DIR") from error
        return path
    raise AssertionError("count() does not end")
