"""What a run begins with: weights drawn anew, or another's (section 6: pre-trained on more classes)."""

from collections.abc import Callable
from pathlib import Path

import torch

from alexnet import checkpoint
from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import CheckpointError
from alexnet.networks.network import Network
from alexnet.runs.checkpoints import best_checkpoint
from alexnet.training.recipe import Recipe
from alexnet.training.replica import Replica
from alexnet.training.stage_rates import check_stage_rates
from alexnet.training.state import State


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
        resumed: a checkpoint gives the weights: those of `training.start` are not looked for.
    Raises:
        RecipeError: rates for a layer that there is not, or a network that cannot be divided so.
        CheckpointError: as `starting_network`.
    """
    network = starting_network(recipe, dataset, say, resumed=resumed)
    check_stage_rates(recipe, network)
    replica = Replica.of(network, recipe, group, device)
    return replica, State.begin(replica)


def starting_network(
    recipe: Recipe, dataset: Dataset, say: Callable[[str], None], *, resumed: bool = False
) -> Network:
    """Build a recipe's network with its first weights, and the mean picture of the data.

    Args:
        recipe: what is trained. Weights are drawn anew, or layer by layer where they fit, of `training.start`.
        dataset: whose mean picture it subtracts.
        say: is told which layers begin with what.
        resumed: a checkpoint gives the weights: those of `training.start` are not looked for.
    Raises:
        CheckpointError: there is no such run or checkpoint, or no layer of it fits.
    """
    network = Network(recipe.network, seed=recipe.training.seed)
    if recipe.training.start and not resumed:
        _take_weights(network, recipe.training.start, say)
    network.set_mean(dataset.mean)
    return network


def _take_weights(network: Network, start: str, say: Callable[[str], None]) -> None:
    path = Path(start)
    found = checkpoint.load(best_checkpoint(path) if path.is_dir() else path)
    taken, left = network.load_matching(found.weights)
    if not taken:
        raise CheckpointError(
            f"no layer of {start} ({found.architecture.kind}) fits {network.architecture.kind}: "
            f"{', '.join(left)} differ in name or shape"
        )
    say(f"weights of {start}: {', '.join(taken)}" + (f"; new: {', '.join(left)}" if left else ""))
