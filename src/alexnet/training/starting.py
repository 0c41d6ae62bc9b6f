"""What a run begins with: weights drawn anew, or another's (section 6: pre-trained on more classes)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch

from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import CheckpointError
from alexnet.networks.network import Network
from alexnet.training.linear_probe import fit_last_layer, set_last_layer
from alexnet.training.recipe import Recipe
from alexnet.training.replica import Replica
from alexnet.training.stage_rates import check_stage_rates, weighted_stages
from alexnet.training.state import EpochCounts, State
from alexnet.weights.loading import load_checkpoint


@final
@dataclass(frozen=True)
class StartingWeights:
    """Which layers of a network begin with whose weights."""

    source: str
    """The run or checkpoint; empty where all are drawn anew."""
    taken: tuple[str, ...]
    """Layers that have its weights."""
    new: tuple[str, ...]
    """Layers whose weights are drawn anew."""

    def __str__(self) -> str:
        taken, new = ", ".join(self.taken), ", ".join(self.new)
        return taken + (f"; new: {new}" if new else "") if taken else f"new: {new}"


def begin_training(
    dataset: Dataset,
    recipe: Recipe,
    group: ProcessGroup = ALONE,
    device: torch.device = torch.device("cpu"),  # noqa: B008  # a value, and never changed
    *,
    say: Callable[[str], None] = lambda line: None,
    resumed: bool = False,
) -> tuple[Replica, State]:
    """Return this process's share of the computation, and the state before the first step.

    Args:
        dataset: whose mean picture the network subtracts.
        recipe: what is trained.
        group: the processes that train together.
        device: where to compute.
        say: is told which layers begin with what.
        resumed: a checkpoint gives the weights: those of `training.start` are not looked for, and no layer is fitted.
    Raises:
        RecipeError: rates for a layer that there is not, a network that cannot be divided so, or one whose last
            layer cannot be fitted.
        CheckpointError: as `starting_network`.
    """
    network, weights = starting_network(recipe, dataset, resumed=resumed)
    if weights.source:
        say(f"weights of {weights.source}: {weights}")
    counts = EpochCounts()
    if recipe.training.linear_probe and not resumed:
        split = dataset.split("train")
        probe = group.from_first(lambda: fit_last_layer(network.to(device), split))
        set_last_layer(network, probe.fitted)
        pictures = len(probe.labels)
        counts = EpochCounts(probe.loss * pictures, round(probe.error * pictures), pictures)
        say(str(probe))
    replica = Replica.of(network, recipe, group, device)
    return replica, State.begin(replica, counts)


def starting_network(
    recipe: Recipe, dataset: Dataset, *, resumed: bool = False
) -> tuple[Network, StartingWeights]:
    """Build a recipe's network with its first weights, and the mean picture of the data.

    Args:
        recipe: what is trained. Weights are drawn anew, or layer by layer where they fit, of `training.start`.
        dataset: whose mean picture it subtracts.
        resumed: a checkpoint gives the weights: those of `training.start` are not looked for.
    Returns:
        the network, and which of its layers have whose weights.
    Raises:
        RecipeError: rates for a layer that there is not.
        CheckpointError: there is no such run or checkpoint, no layer of it fits, or one that does would stand on
            one that does not.
    """
    network = Network(recipe.network, seed=recipe.training.seed)
    check_stage_rates(recipe, network)
    taken: list[str] = []
    new = weighted_stages(network.stages)
    if recipe.training.start and not resumed:
        taken, new = _take_weights(network, recipe.training.start)
    if not (taken and recipe.training.linear_probe):  # whose features are those of the mean that they know
        network.set_mean(dataset.mean)
    return network, StartingWeights(recipe.training.start if taken else "", tuple(taken), tuple(new))


def _take_weights(network: Network, start: str) -> tuple[list[str], list[str]]:
    """Give a network the weights that fit; return the names of the layers that took some, and of the others."""
    found = load_checkpoint(start)
    own, theirs = network.architecture.kind, found.architecture.kind
    taken, new = network.load_matching(found.weights)
    if found.weights["mean"].shape == network.mean.shape:
        network.mean.copy_(found.weights["mean"])
    if not taken:
        raise CheckpointError(
            f"no layer of {start} ({theirs}) fits {own}: {', '.join(new)} differ in name or shape"
        )
    if unfounded := [name for name in taken if _below(network, name) & set(new)]:
        below = [name for name in new if any(name in _below(network, upper) for upper in unfounded)]
        raise CheckpointError(
            f"of {start} ({theirs}) {', '.join(unfounded)} would stand on layers of {own} that begin anew, "
            f"{', '.join(below)}, as these differ in name or shape: leave out --network to train {theirs}"
        )
    return taken, new


def _below(network: Network, name: str) -> set[str]:
    """Return the stages whose outputs a stage sees, directly or through others."""
    found: set[str] = {name}
    for stage in reversed(network.stages):
        if stage.name in found:
            found.update(stage.inputs)
    return found - {name}
