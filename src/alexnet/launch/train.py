"""`alexnet.train`: a request made, resolved and launched in one call."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack, overload

from alexnet.data.dataset import Dataset
from alexnet.errors import RecipeError, choices
from alexnet.launch.launch import estimate, launch
from alexnet.launch.request import RunRequest, TrainOptions
from alexnet.launch.resolve import resolve, tune_process
from alexnet.runs.run import Run
from alexnet.settings.paths import setting_paths
from alexnet.training.dry_run import DryRun
from alexnet.training.recipe import Recipe


@overload
def train(
    data: str | Path | Dataset,
    recipe: str | Recipe | None = ...,
    run: str | Path | None = ...,
    *,
    dry_run: Literal[False] = ...,
    settings: Mapping[str, Any] | None = ...,
    tune: bool = ...,
    **options: Unpack[TrainOptions],
) -> Run: ...


@overload
def train(
    data: str | Path | Dataset,
    recipe: str | Recipe | None = ...,
    run: str | Path | None = ...,
    *,
    dry_run: Literal[True],
    settings: Mapping[str, Any] | None = ...,
    tune: bool = ...,
    **options: Unpack[TrainOptions],
) -> DryRun: ...


def train(
    data: str | Path | Dataset,
    recipe: str | Recipe | None = None,
    run: str | Path | None = None,
    *,
    dry_run: bool = False,
    settings: Mapping[str, Any] | None = None,
    tune: bool = False,
    **options: Any,
) -> Run | DryRun:
    """Train a network on pictures.

    Args:
        data: a name ("digits"), a prepared directory, a source, or an opened data set.
        recipe: a recipe or its name; without one, the one that suits the pictures' size.
        run: the run directory; without one, a new one under runs/.
        dry_run: take a few steps, keep nothing, and return what the run would take.
        settings: as `set`.
        tune: give the whole process over to training, as the command does: an allocator that keeps memory, no more
            threads than cores, TF32. Without it, nothing of the caller's process is changed.
        network: the name of a network, or a definition file, to train instead of the recipe's.
        params: a layer-parameter file of that definition.
        weights: a run, a checkpoint or published weights that it goes on from, where they fit; "none" for new ones.
        quarantine: a list of pictures to leave out, as `alexnet check` writes it.
        epochs: cycles through the pictures.
        minutes: how long it may take: as many epochs as fit, by this machine's speed.
        seed: of everything random.
        set: changes to the recipe, by path: {"training.batch_size": 64}.
        resume: go on with the run that is there.
        save_every: steps between checkpoints, besides the one after each epoch.
        keep: how many of the newest checkpoints are kept, besides the best network; at least 2.
        processes: how many processes of this machine train it.
        scheme: what processes divide: data, columns or hybrid.
        timeout: seconds that one process waits for another before it gives up.
        device: where to compute: cpu, cuda, or auto, which is a CUDA device where there is one.
        log_to: programs that are told the journal's rows: tensorboard, wandb, mlflow, trackio.
        quiet: say nothing but what matters; the logger "alexnet" is told all the same.
    Returns:
        the run: its directory, history and state; `run.load()` is the classifier. Of a dry run, the estimate.
    Raises:
        RecipeError, DataError, CheckpointError, RunError: something does not exist or does not fit.
        DivergedError: the loss is no longer a number.
        Interrupted: a signal asked to stop; the run has saved.
    """
    known = [option.name for option in dataclasses.fields(RunRequest)]
    for name in options:
        if name not in known:
            raise RecipeError(f"`{name}` is not an option of train; {_offered(name, known)}")
    if settings is not None:
        if not isinstance(settings, Mapping):
            raise ValueError(f"settings={settings!r:.80} does not fit: a dictionary, as set")
        options["set"] = {**settings, **options.get("set", {})}
    request = RunRequest(data, recipe, run, **options)
    if tune:
        tune_process(request.device)
    resolved = resolve(request, writes=not dry_run)
    return estimate(resolved) if dry_run else launch(resolved)


def _offered(name: str, known: Sequence[str]) -> str:
    """Return what was probably meant by an option that there is not: a setting of that name has a path."""
    paths = [path for path in setting_paths(Recipe) if path.rpartition(".")[2] == name]
    if paths:
        return f'it is a setting: set={{"{paths[0]}": ...}}'
    return choices(name, [*known, "dry_run", "tune"])
