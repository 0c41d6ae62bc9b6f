"""How many epochs fit into the minutes that there are, by the speed that this machine is measured at."""

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from alexnet.data.dataset import Dataset
from alexnet.errors import RecipeError
from alexnet.training.dry_run import FORWARD_SHARE, dry_run
from alexnet.training.recipe import Recipe

CHOSEN: Final = 4.0
"""Minutes that a run takes at most whose recipe nobody asked for, where it goes on from learned features."""
_SPARE: Final = 0.85  # of the time: other programs may want the machine, and the last checkpoint is written
_LEAST: Final = 3.0  # epochs of fine-tuning that are worth beginning
_MOST: Final = 1000.0


def within(recipe: Recipe, dataset: Dataset, seconds: float, device: torch.device) -> tuple[Recipe, float]:
    """Fit the epochs of a recipe into some seconds; one that goes on from learned features is made no longer.

    Args:
        recipe: as it would be run.
        dataset: its pictures.
        seconds: that are left, the measuring included.
        device: where it computes.
    Returns:
        the recipe with its epochs, and about how many seconds these take at most.
    Raises:
        RecipeError: not one step fits.
    """
    began, pictures = time.monotonic(), len(dataset.split("train"))
    found = dry_run(dataset, recipe, Path(), device=device, seconds=min(3.0, seconds / 20))
    validated = len(dataset.split("validation")) if "validation" in dataset.splits else 0
    views = validated * recipe.training.validation_views
    epoch_seconds = (pictures + views * FORWARD_SHARE) / found.images_per_second
    left = _SPARE * (seconds - (time.monotonic() - began)) - found.probe_seconds
    epochs = left / epoch_seconds
    if recipe.training.linear_probe:
        asked = recipe.training.epochs
        chosen = min(float(math.floor(epochs)), asked) if epochs >= min(_LEAST, asked) else 0.0
        return lasting(recipe, chosen), found.probe_seconds + chosen * epoch_seconds
    if epochs * pictures < recipe.training.batch_size:
        raise RecipeError(
            f"{seconds:.0f} seconds are over before the first steps of {recipe.name}: give more --minutes, or another "
            "recipe"
        )
    chosen = float(min(math.floor(epochs), _MOST)) if epochs >= 1 else round(epochs, 3)
    return lasting(recipe, chosen), chosen * epoch_seconds


def lasting(recipe: Recipe, epochs: float) -> Recipe:
    """Return a recipe of so many epochs; what happens on the way is moved in proportion."""
    training = recipe.training
    ratio = epochs / training.epochs if training.epochs else 1.0
    schedule = replace(
        training.schedule,
        epochs=tuple(epoch * ratio for epoch in training.schedule.epochs),
        warmup=min(training.schedule.warmup, epochs / 5),
    )
    changes = tuple(replace(change, epoch=change.epoch * ratio) for change in recipe.changes)
    return replace(recipe, training=replace(training, epochs=epochs, schedule=schedule), changes=changes)
