"""A run before it is begun: what it would take, by a few real steps that leave nothing behind."""

import resource
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import torch

from alexnet import randomness
from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset
from alexnet.memory import exhausted
from alexnet.networks.layers import Shape
from alexnet.training.recipe import Recipe
from alexnet.training.state import Plan, State
from alexnet.training.step import too_large, train_step

FORWARD_SHARE: Final = 1 / 3  # of a step's arithmetic: the backward pass has two products for each forward


@final
@dataclass(frozen=True)
class Rehearsal:
    """What a run would take on this machine."""

    shapes: dict[str, Shape]
    """Of each stage's output for one picture."""
    parameters: int
    """Weights and biases."""
    images_per_second: float
    """In training, reading and augmentation included."""
    training_seconds: float
    """All steps of the run."""
    validation_seconds: float
    """All validations of the run; an estimate from the speed of training."""
    memory: int
    """The most that the process held, in bytes; on a CUDA device, what it held there."""
    disk: int
    """What the run directory will take, in bytes."""
    free: int
    """What its disk has free, in bytes."""


def rehearse(
    dataset: Dataset, recipe: Recipe, run: Path, *, keep: int = 2, seconds: float = 5.0
) -> Rehearsal:
    """Take some steps of a run, measure them, and forget them; nothing is written.

    Args:
        dataset: as for training.
        recipe: the resolved recipe.
        run: where the run directory would be.
        keep: how many checkpoints would be kept.
        seconds: about how long to measure, at least one step after a first one that is not counted.
    Raises:
        AlexNetError: there is not enough memory for a step.
    """
    training, state = dataset.split("train"), State.begin(dataset, recipe)
    plan = Plan(recipe, len(training))
    try:
        speed = _speed(state, plan, dataset, seconds)
    except (MemoryError, RuntimeError) as error:
        if not exhausted(error):
            raise
        raise too_large(recipe) from error
    views = 0
    if "validation" in dataset.splits:
        validations = -(-plan.total_steps // plan.steps_per_epoch)
        views = validations * len(dataset.split("validation")) * recipe.training.validation_views
    nearest = next(folder for folder in (run, *run.absolute().parents) if folder.exists())
    weights = sum(value.nbytes for value in state.network.state_dict().values())
    return Rehearsal(
        shapes=state.network.shapes(),
        parameters=sum(value.numel() for value in state.network.parameters()),
        images_per_second=speed,
        training_seconds=recipe.training.epochs * len(training) / speed,
        validation_seconds=views * FORWARD_SHARE / speed,
        memory=_peak_memory(),
        disk=(keep + 1) * state.bytes + 2 * weights,  # one more of each while it is written
        free=shutil.disk_usage(nearest).free,
    )


def _speed(state: State, plan: Plan, dataset: Dataset, seconds: float) -> float:
    """Return the images per second of some steps from the run's beginning, the first one left out."""
    recipe, training = plan.recipe, dataset.split("train")
    order = randomness.order(recipe.training.seed, 0, len(training))
    feed = batches(training, order, recipe.training.batch_size, reads=state.reads(recipe))
    images, began = 0, time.monotonic()
    for number, batch in enumerate(feed):
        train_step(state, batch, recipe, state.standing(plan), dataset.colour_components)
        now = time.monotonic()
        if number == 0 and plan.steps_per_epoch > 1:
            began = now
            continue
        images += batch.total
        if now - began > seconds:
            break
    return images / max(time.monotonic() - began, 1e-9)


def _peak_memory() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, bytes or kilobytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
