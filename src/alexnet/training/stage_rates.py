"""The rates that a recipe has for single stages, and whether a network has those stages."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch

from alexnet.errors import RecipeError, choices
from alexnet.networks.network import Network
from alexnet.networks.stage import Architecture, Stage
from alexnet.training.recipe import Recipe


def check_stage_rates(recipe: Recipe, network: Network) -> None:
    """Check that every layer whose rates a recipe states, at any time, is one of the network's with weights.

    Raises:
        RecipeError: one is not; the message offers those that are.
    """
    weighted = _weighted(network.stages)
    for name in (*recipe.training.stages, *recipe.at(math.inf).training.stages):
        if not _is_of(name, weighted):
            raise RecipeError(
                f"training.stages has rates for `{name}`, and no layer with weights is called so in "
                f"{network.architecture.kind}; {choices(name, weighted)}"
            )


def with_network(recipe: Recipe, network: Architecture) -> Recipe:
    """Return a recipe with another network; rates of layers that it has not were meant for the first, and go."""
    with torch.device("meta"):  # names alone
        weighted = _weighted(network.stages())
    stages = {name: rates for name, rates in recipe.training.stages.items() if _is_of(name, weighted)}
    changes = tuple(
        change
        for change in recipe.changes
        if not change.setting.startswith("training.stages.")
        or _is_of(change.setting.removeprefix("training.stages.").rpartition(".")[0], weighted)
    )
    return replace(
        recipe,
        network=network,
        augmentation=replace(recipe.augmentation, side=network.side),
        training=replace(recipe.training, stages=stages),
        changes=changes,
    )


def _weighted(stages: Iterable[Stage]) -> list[str]:
    return [stage.name for stage in stages if any(True for _ in stage.operation.parameters())]


def _is_of(name: str, stages: Sequence[str]) -> bool:
    """Whether a name is that of a stage, or of one matrix of it, `conv3.weight1`."""
    return name in stages or name.rpartition(".")[0] in stages
