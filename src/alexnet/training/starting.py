"""Where a run begins that goes on from another's weights (section 6: pre-trained on more classes)."""

from collections.abc import Callable
from pathlib import Path

from alexnet import checkpoint
from alexnet.errors import CheckpointError
from alexnet.evaluation.classifier import checkpoint_of
from alexnet.networks.network import Network
from alexnet.training.recipe import Recipe


def starting_network(recipe: Recipe, say: Callable[[str], None]) -> Network:
    """Build a recipe's network, with weights drawn anew or, layer by layer where they fit, of `training.start`.

    Args:
        recipe: what is trained.
        say: is told which layers begin with what.
    Raises:
        CheckpointError: there is no such run or checkpoint, or no layer of it fits.
    """
    network, start = Network(recipe.network, seed=recipe.training.seed), recipe.training.start
    if not start:
        return network
    path = Path(start)
    found = checkpoint.load(checkpoint_of(path) if path.is_dir() else path)
    taken, left = network.adopt(found.weights)
    if not taken:
        raise CheckpointError(
            f"no layer of {start} ({found.architecture.kind}) fits {recipe.network.kind}: "
            f"{', '.join(left)} differ in name or shape"
        )
    say(f"weights of {start}: {', '.join(taken)}" + (f"; new: {', '.join(left)}" if left else ""))
    return network
