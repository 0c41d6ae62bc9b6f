"""A run before it is begun: what it would take, by a few real steps that leave nothing behind."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import torch

from alexnet import randomness
from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset
from alexnet.device import peak_memory
from alexnet.memory import exhausted
from alexnet.networks.layers.layer import Shape
from alexnet.networks.network import Network
from alexnet.training.linear_probe import affordable_views
from alexnet.training.plan import Plan
from alexnet.training.recipe import Recipe
from alexnet.training.replica import Replica
from alexnet.training.starting import StartingWeights, starting_network
from alexnet.training.state import State
from alexnet.training.step import out_of_memory, train_step

FORWARD_SHARE: Final = 1 / 3  # of a step's arithmetic: the backward pass has two products for each forward


@final
@dataclass(frozen=True)
class DryRun:
    """What a run would take on this machine."""

    shapes: dict[str, Shape]
    """Of each stage's output for one picture."""
    parameters: int
    """Weights and biases."""
    weights: StartingWeights
    """Which layers would begin with whose weights."""
    images_per_second: float
    """In training, reading and augmentation included."""
    probe_seconds: float
    """The fit of the last layer before the first step, where the recipe has one; an estimate."""
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


def dry_run(
    dataset: Dataset, recipe: Recipe, run: Path, *, device: torch.device, keep: int = 2, seconds: float = 5.0
) -> DryRun:
    """Take some steps of a run, measure them, and forget them; nothing is written.

    Args:
        dataset: as for training.
        recipe: the resolved recipe.
        run: where the run directory would be.
        device: where the run would compute.
        keep: how many checkpoints would be kept.
        seconds: about how long to measure, at least one step after a first one that is not counted.
    Raises:
        AlexNetError: there is not enough memory for a step.
    """
    training = dataset.split("train")
    plan = Plan(recipe, len(training))
    network, weights = starting_network(recipe, dataset)
    replica = Replica.of(network, recipe, device=device)
    state = State.begin(replica)
    try:
        speed = _speed(state, replica, plan, dataset, seconds)
    except (MemoryError, RuntimeError) as error:
        if not exhausted(error):
            raise
        raise out_of_memory(recipe) from error
    views = 0
    if "validation" in dataset.splits:
        validations = -(-plan.total_steps // plan.steps_per_epoch)
        views = validations * len(dataset.split("validation")) * recipe.training.validation_views
    nearest = next(folder for folder in (run, *run.absolute().parents) if os.path.exists(folder))
    kept = sum(value.nbytes for value in state.network.state_dict().values())
    return DryRun(
        shapes=state.network.shapes(),
        weights=weights,
        parameters=sum(value.numel() for value in state.network.parameters()),
        images_per_second=speed,
        probe_seconds=_probe_seconds(network, len(training), speed) if recipe.training.linear_probe else 0.0,
        training_seconds=recipe.training.epochs * len(training) / speed,
        validation_seconds=views * FORWARD_SHARE / speed,
        memory=peak_memory(device),
        disk=(keep + 1) * state.bytes + 2 * kept,  # one more of each while it is written
        free=shutil.disk_usage(nearest).free,
    )


def _probe_seconds(network: Network, pictures: int, speed: float) -> float:
    """Return about how long the fit of the last layer takes: its features, and as long for the fit itself."""
    return 2.0 + 2 * pictures * affordable_views(network, pictures) * FORWARD_SHARE / speed


def _speed(state: State, replica: Replica, plan: Plan, dataset: Dataset, seconds: float) -> float:
    """Return the images per second of some steps from the run's beginning, the first one left out."""
    recipe, training = plan.recipe, dataset.split("train")
    order = randomness.order(recipe.training.seed, 0, len(training))
    feed = batches(
        training,
        order,
        recipe.training.batch_size,
        division=replica.division,
        pinned=replica.device.type == "cuda",
    )
    images, began = 0, time.monotonic()
    for number, batch in enumerate(feed):
        train_step(state, replica, batch, recipe, state.progress(plan), dataset.colour_components)
        now = time.monotonic()
        if number == 0 and plan.steps_per_epoch > 1:
            began = now
            continue
        images += batch.total
        if now - began > seconds:
            break
    return images / max(time.monotonic() - began, 1e-9)
