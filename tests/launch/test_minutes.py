"""Epochs that fit into minutes."""

from dataclasses import replace

import pytest
import torch

from alexnet.data.dataset import Dataset
from alexnet.errors import RecipeError
from alexnet.launch.minutes import lasting, within
from alexnet.launch.request import RunRequest
from alexnet.training.recipe import Change, Recipe
from alexnet.training.schedule import Schedule


def test_what_happens_on_the_way_is_moved_in_proportion(brief: Recipe) -> None:
    training = replace(brief.training, epochs=90.0, schedule=Schedule(kind="steps", epochs=(30, 60)))
    long = replace(brief, training=training, changes=(Change(45, "training.rates.weight", 0.1),))
    short = lasting(long, 9.0)
    assert short.training.epochs == 9.0
    assert short.training.schedule.epochs == (3.0, 6.0)
    assert short.changes[0].epoch == 4.5


def test_more_seconds_are_more_epochs(shapes: Dataset, brief: Recipe) -> None:
    device = torch.device("cpu")
    few, seconds = within(brief, shapes, 5.0, device)
    many, _ = within(brief, shapes, 50.0, device)
    assert 0 < seconds <= 5.0
    assert many.training.epochs > 3 * few.training.epochs


def test_no_time_at_all_is_refused(shapes: Dataset, brief: Recipe) -> None:
    with pytest.raises(RecipeError, match="--minutes"):
        within(brief, shapes, 0.0, torch.device("cpu"))


def test_minutes_and_epochs_are_one_too_many() -> None:
    with pytest.raises(RecipeError, match="give one of the two"):
        RunRequest("digits", epochs=3, minutes=2)
    with pytest.raises(RecipeError, match="minutes=0"):
        RunRequest("digits", minutes=0)
