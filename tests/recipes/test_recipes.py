"""Every named recipe builds its network and takes two steps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.recipes import RECIPES, recipe
from alexnet.training.plan import Plan
from alexnet.training.recipe import Recipe
from alexnet.training.stage_rates import with_classes
from alexnet.training.starting import begin_training
from alexnet.training.step import train_step


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Four pictures of four classes, as small as the networks for 224 pixels can be given them."""
    return prepare(Shapes(8, side=67, classes=4), tmp_path_factory.mktemp("pictures"), side=67)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_takes_two_steps(name: str, pictures: Dataset) -> None:
    """With its own layers, rates and augmentation, on smaller pictures and batches of two."""
    chosen = small(recipe(name))
    split, plan = pictures.split("train"), Plan(chosen, len(pictures.split("train")))
    replica, state = begin_training(pictures, chosen)
    before = {key: value.detach().clone() for key, value in state.network.named_parameters()}
    for batch in batches(split, np.arange(4), 2, division=replica.division):
        train_step(
            state,
            replica,
            batch,
            plan.recipe_at(state.step),
            state.progress(plan),
            pictures.colour_components,
        )
    assert state.step == 2
    for key, value in state.network.named_parameters():
        assert bool(value.isfinite().all()), key
    last = f"{state.network.output}.bias"
    assert not torch.equal(before[last], state.network.get_parameter(last))


def small(chosen: Recipe) -> Recipe:
    """Return a recipe for four classes and smaller pictures, in batches of two."""
    side = min(chosen.network.side, 67)
    settings = {"network.side": side, "augmentation.side": side, "training.batch_size": 2}
    if hasattr(chosen.network, "units"):  # of fc6 and fc7
        settings["network.units"] = 32
    changed = chosen.with_settings(settings)
    return replace(changed, network=with_classes(changed.network, 4))
