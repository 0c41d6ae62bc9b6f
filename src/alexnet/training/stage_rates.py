"""The rates that a recipe has for single stages, and whether a network has those stages."""

import math
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

import torch

from alexnet.errors import RecipeError, choices
from alexnet.networks.network import Network
from alexnet.networks.stage import Architecture, Stage
from alexnet.training.recipe import Recipe

STAGES: Final = "training.stages."


def check_stage_rates(recipe: Recipe, network: Network) -> None:
    """Check that every layer whose rates a recipe states, at any time, is one of the network's with weights.

    Raises:
        RecipeError: one is not; the message offers those that are.
    """
    weighted = weighted_stages(network.stages)
    for name in (*recipe.training.stages, *recipe.at(math.inf).training.stages):
        if _stage(name, weighted) is None:
            raise RecipeError(
                f"training.stages has rates for `{name}`, and no layer with weights is called so in "
                f"{network.architecture.kind}; {choices(name, weighted)}"
            )


def with_network(recipe: Recipe, network: Architecture) -> Recipe:
    """Return a recipe with another network, and its side.

    Rates that the recipe states for single layers stay where the other network has such a layer, of the same name
    and with weights of the same shapes; else they were meant for the first network alone, and go.
    """
    before, after = _weight_shapes(with_classes(recipe.network, network.classes)), _weight_shapes(network)

    def stays(name: str) -> bool:
        stage = _stage(name, after)
        return stage is not None and before.get(stage) == after[stage]

    stages = {name: rates for name, rates in recipe.training.stages.items() if stays(name)}
    changes = tuple(
        change
        for change in recipe.changes
        if not change.setting.startswith(STAGES)
        or stays(change.setting.removeprefix(STAGES).rpartition(".")[0])
    )
    return replace(
        recipe,
        network=network,
        augmentation=replace(recipe.augmentation, side=network.side),
        training=replace(recipe.training, stages=stages),
        changes=changes,
    )


def with_classes(network: Architecture, classes: int) -> Architecture:
    """Return a network that tells so many classes apart."""
    changed: Architecture = replace(network, classes=classes)  # type: ignore[type-var]  # always a dataclass
    return changed


def weighted_stages(stages: Iterable[Stage]) -> list[str]:
    """Return the names of the stages that have weights, in order."""
    return [stage.name for stage in stages if any(True for _ in stage.operation.parameters())]


def _weight_shapes(network: Architecture) -> dict[str, list[torch.Size]]:
    """Return the shapes of the weights and biases of each stage that has some."""
    with torch.device("meta"):  # nothing is drawn
        stages = network.stages()
    shapes = {stage.name: [value.shape for value in stage.operation.parameters()] for stage in stages}
    return {name: own for name, own in shapes.items() if own}


def _stage(name: str, stages: Collection[str]) -> str | None:
    """Return the stage that a name is of, its own or that of one matrix of it, `conv3.weight1`."""
    return next((stage for stage in (name, name.rpartition(".")[0]) if stage in stages), None)
