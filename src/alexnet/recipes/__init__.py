"""Recipes by name: each is a function that returns the whole of one."""

from collections.abc import Callable
from typing import Final

from alexnet.errors import RecipeError, choices
from alexnet.recipes.cifar import cifar_18pct
from alexnet.recipes.digits import digits
from alexnet.recipes.paper import paper
from alexnet.training.recipe import Recipe

RECIPES: Final[dict[str, Callable[[], Recipe]]] = {
    "paper": paper,
    "digits": digits,
    "cifar-18pct": cifar_18pct,
}


def recipe(name: str) -> Recipe:
    """Return a recipe by its name; RecipeError offers the choices."""
    if name not in RECIPES:
        raise RecipeError(f"`{name}` is not a recipe; {choices(name, RECIPES)}")
    return RECIPES[name]()
