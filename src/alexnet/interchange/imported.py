"""What a file of another program says, in the words of this one, and the checkpoint that is made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError
from alexnet.interchange.classes import Classes
from alexnet.networks.mean import central_crop
from alexnet.networks.network import Network
from alexnet.networks.stage import Architecture


@dataclass(frozen=True)
class ImportedWeights:
    """Weights of another program."""

    format: str
    """What kind of file it was, for people."""
    architecture: Architecture
    """The network whose weights they are."""
    weights: Mapping[str, Tensor]
    """By the names of the network's parameters and buffers, but for its mean; float32."""
    order: str
    """In which order this format lists ImageNet's thousand classes: "sorted" or "devkit"."""
    mean: Tensor | None = None
    """The picture to subtract, RGB in 0-255, (3, H, W); None where the file does not say."""
    classes: Classes | None = None
    """The names of the classes, where the file holds them."""
    picture_side: int = 0
    """Height and width to which pictures are squared before the crop, in pixels; 0 where it does not say."""
    notes: tuple[str, ...] = ()
    """What a user should know of the conversion."""


def to_checkpoint(
    imported: ImportedWeights, source: str, classes: Classes, mean: Tensor | None
) -> Checkpoint:
    """Make a checkpoint that answers a picture alone.

    Args:
        imported: the weights.
        source: the file's name, for messages and for the checkpoint.
        classes: what the logits stand for.
        mean: the picture to subtract, RGB in 0-255, (3, H, W); None subtracts nothing.
    Raises:
        CheckpointError: weights are missing, unknown, of the wrong shape or not finite; the mean is too
            small; the classes are not as many as the logits.
    """
    architecture, notes = imported.architecture, list(imported.notes)
    picture = torch.zeros(3, architecture.side, architecture.side) if mean is None else mean
    try:
        weights = {"mean": central_crop(picture, architecture.side), **imported.weights}
    except ValueError as error:
        raise CheckpointError(f"{source} is not converted: {error}") from error
    with torch.device("meta"):  # shapes alone: nothing is allocated before they are known to be right
        network = Network.empty(architecture)
    network.check_weights(weights, source)
    for name, value in weights.items():
        if value.is_complex():
            raise CheckpointError(f"{source} is not converted: the numbers of {name} are complex")
    weights = {name: weights[name].to(own.dtype).contiguous() for name, own in network.state_dict().items()}
    check_finite(weights, source)
    for name, value in weights.items():
        if name.endswith("weight") and not bool(value.any()):
            notes.append(f"{name} is zero everywhere")
    if len(classes.names) != architecture.classes:
        raise CheckpointError(
            f"{len(classes.names)} classes are named, and {source} tells {architecture.classes} apart"
        )
    return Checkpoint(
        architecture=architecture,
        weights=weights,
        classes=classes.names,
        words=classes.words,
        data={
            "name": f"the pictures of {imported.format}",
            "side": max(imported.picture_side or _usual_side(architecture.side), architecture.side),
            "converted from": imported.format,
            "class order": classes.order,
            "notes": notes,
        },
    )


def check_finite(values: Mapping[str, Tensor], source: str) -> None:
    """Check that weights or velocities are numbers.

    Raises:
        CheckpointError: one is infinite or no number; the message names it.
    """
    for name, value in values.items():
        if not bool(value.isfinite().all()):
            raise CheckpointError(f"{source} is not converted: {name} is not finite everywhere")


def _usual_side(side: int) -> int:
    """Return what pictures are squared to where a network of this input was trained: 256 for 224 and 227."""
    return 256 if 200 <= side < 256 else side


def one_colour(colour: Sequence[float], side: int) -> Tensor:
    """Return a mean picture of one colour: float32, (3, side, side)."""
    return torch.tensor(colour, dtype=torch.float32)[:, None, None].expand(3, side, side)
