"""Recipes by name: each is a function that returns the whole of one."""

from collections.abc import Callable
from typing import Final

from alexnet.errors import RecipeError, choices
from alexnet.recipes.as_trained import (
    as_trained,
    no_normalisation,
    non_overlapping,
    one_column,
    pretrained_six_layer,
)
from alexnet.recipes.cifar import cifar_18pct
from alexnet.recipes.cifar10 import cifar10, cifar10_1min, cifar10_3min, cifar10_6min, cifar10_12min
from alexnet.recipes.digits import digits
from alexnet.recipes.figure_one import figure_one, figure_one_tanh
from alexnet.recipes.large_batch import large_batch, lars
from alexnet.recipes.modern import modern
from alexnet.recipes.paper import paper
from alexnet.recipes.relatives import caffe, one_weird_trick
from alexnet.recipes.small import small
from alexnet.recipes.transfer import transfer
from alexnet.training.recipe import Recipe

RECIPES: Final[dict[str, Callable[[], Recipe]]] = {
    "paper": paper,
    "as-trained": as_trained,
    "one-column": one_column,
    "non-overlapping": non_overlapping,
    "no-normalisation": no_normalisation,
    "pretrained-six-layer": pretrained_six_layer,
    "one-weird-trick": one_weird_trick,
    "caffe": caffe,
    "large-batch": large_batch,
    "lars": lars,
    "modern": modern,
    "digits": digits,
    "cifar-18pct": cifar_18pct,
    "cifar10-1min": cifar10_1min,
    "cifar10-3min": cifar10_3min,
    "cifar10-6min": cifar10_6min,
    "cifar10-12min": cifar10_12min,
    "cifar10": cifar10,
    "small": small,
    "transfer": transfer,
    "figure-1": figure_one,
    "figure-1-tanh": figure_one_tanh,
}


def recipe(name: str) -> Recipe:
    """Return a recipe by its name; RecipeError offers the choices."""
    if not isinstance(name, str) or name not in RECIPES:
        raise RecipeError(f"`{name!s:.80}` is not a recipe; {choices(str(name), RECIPES)}")
    return RECIPES[name]()
