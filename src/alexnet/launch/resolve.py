"""What a request comes to: pictures, a recipe for their classes, a device. What can be refused is refused here."""

import dataclasses
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

import torch

from alexnet.cpu import limit_threads
from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset
from alexnet.device import choose_device, enable_tf32
from alexnet.distributed.rank import ProcessRank, process_rank
from alexnet.errors import RecipeError, RunError
from alexnet.launch.minutes import CHOSEN, within
from alexnet.launch.request import RunRequest
from alexnet.memory import Memory, tune_allocator
from alexnet.recipes.choice import Choice, PictureFacts
from alexnet.recipes.resolve import stored_recipe
from alexnet.runs.directory import check_free
from alexnet.runs.trackers import check_installed
from alexnet.training.compute import suitable_device
from alexnet.training.recipe import Recipe


@final
@dataclass(frozen=True)
class ResolvedRun:
    """A request with its pictures and its recipe; nothing is written yet."""

    request: RunRequest
    dataset: Dataset
    """At the side that suits the network: pictures that are prepared larger are scaled when they are read."""
    recipe: Recipe
    """As it will be run: changed as asked, with the data's classes."""
    device: torch.device
    rank: ProcessRank
    """Which of how many processes this one is."""
    choice: Choice | None = None
    """The recipe that was taken as none was asked for, and why."""
    seconds: float | None = None
    """About how long it will take, where that has been measured."""

    @property
    def starts_processes(self) -> bool:
        """Whether the run is trained in processes that are still to be started."""
        return (self.request.processes or 1) > 1 and self.rank.world_size == 1


def tune_process(device: str = "auto") -> Memory:
    """Give this whole process over to training: allocator, threads, and on a CUDA device TF32 and cuDNN's search.

    Nothing of it can be undone. The command does it; a call of `train` only where it is asked to.

    Returns:
        what became of the allocator.
    """
    tuned = tune_allocator()  # before the first tensor
    limit_threads()
    enable_tf32(choose_device(device))
    return tuned


def resolve(request: RunRequest, *, writes: bool = True) -> ResolvedRun:
    """Find out what a request comes to; what can be refused is refused before pictures are prepared, for hours.

    Args:
        request: what is asked for.
        writes: whether a run directory will be written, and not only an estimate made.
    Raises:
        RecipeError, DataError, RunError, CheckpointError: something does not exist or does not fit.
    """
    began = time.monotonic()
    rank, run = process_rank(os.environ), Path(request.run) if request.run is not None else None
    if request.processes is not None and request.processes != rank.world_size > 1:
        raise RunError(f"--processes {request.processes}: {rank.world_size} are running already")
    if (request.processes or 1) > rank.world_size:
        request.arguments()  # raises where other processes could not be told of it
    if rank.restarts and run is None:
        raise RunError("a run that is begun again after a fault needs --run DIR, to find what it did")
    request = dataclasses.replace(request, resume=request.resume or rank.restarts > 0)
    if request.resume and run is None:
        raise RunError("--resume needs --run DIR: which run is to go on?")
    check_installed(request.log_to)
    choose_device(request.device)
    if writes and run is not None and rank.rank == 0:
        check_free(run, resume=request.resume)
    if request.resume and run is not None and request.recipe is None and request.network is None:
        request = dataclasses.replace(request, recipe=stored_recipe(run))
    asked = request.recipe_request()
    dataset = request.data
    if not isinstance(dataset, Dataset):
        dataset = open_dataset(dataset, side=asked.side, quarantine=request.quarantine)
    dataset = asked.fitted(dataset)
    recipe = asked.resolve(dataset)
    training = recipe.training
    device = suitable_device(request.device, precision=training.precision, compile=training.compile)
    choice = asked.choice(PictureFacts.of_dataset(dataset))
    resolved = ResolvedRun(request, dataset, recipe, device, rank, choice)
    minutes = _minutes(resolved)
    if minutes is None:
        return resolved
    seconds = 60 * minutes - (time.monotonic() - began)
    recipe, seconds = within(recipe, dataset, seconds, device)
    return dataclasses.replace(resolved, recipe=recipe, seconds=seconds)


def _minutes(resolved: ResolvedRun) -> float | None:
    """Return how long a run may take, where that decides over its epochs.

    Raises:
        RecipeError: it is asked of several processes, each of which would measure another speed.
    """
    request = resolved.request
    alone = resolved.rank.world_size == 1 and not resolved.starts_processes
    if request.minutes is not None:
        if not alone:
            raise RecipeError("--minutes is for one process: say --epochs for several")
        if request.resume:
            raise RecipeError("--minutes is for a run that begins; --resume goes on with its epochs")
        return request.minutes
    chosen = resolved.choice is not None and resolved.recipe.training.linear_probe
    own_epochs = request.epochs is None and "training.epochs" not in request.set
    return CHOSEN if chosen and own_epochs and alone and not request.resume else None
