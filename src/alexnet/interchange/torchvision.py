"""torchvision's alexnet: its names, its preprocessing, its state dict.

Its pixels are divided by 255, less a mean and divided by a deviation a colour; the network `torchvision` here
subtracts the mean and has the division as its first stage, so the weights are the same to the last bit.
"""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError, ExportError
from alexnet.interchange.imported import ImportedWeights, one_colour
from alexnet.networks.variants import TorchVision

NAMES: Final = {
    "conv1": "features.0",
    "conv2": "features.3",
    "conv3": "features.6",
    "conv4": "features.8",
    "conv5": "features.10",
    "fc6": "classifier.1",
    "fc7": "classifier.4",
    "fc8": "classifier.6",
}
MEAN: Final = (0.485, 0.456, 0.406)  # of red, green and blue, as parts of 255


def is_torchvision(names: Mapping[str, object]) -> bool:
    """Tell whether these are names of a state dict of torchvision's alexnet."""
    return "features.0.weight" in names and "classifier.6.weight" in names


def from_state_dict(tensors: Mapping[str, Tensor], source: str) -> ImportedWeights:
    """Take a state dict of torchvision's alexnet.

    Raises:
        CheckpointError: a name that alexnet does not have (torchvision's other networks have such names too).
    """
    ours = {
        f"{theirs}.{kind}": f"{stage}.{kind}"
        for stage, theirs in NAMES.items()
        for kind in ("weight", "bias")
    }
    for name in tensors:
        if name not in ours:
            raise CheckpointError(f"{source} is not torchvision's alexnet: it has no {name[:60]!r}")
    last = tensors["classifier.6.weight"]
    architecture = TorchVision(classes=max(1, last.shape[0] if last.dim() else 0))
    return ImportedWeights(
        format="torchvision",
        architecture=architecture,
        weights={ours[name]: value for name, value in tensors.items()},
        order="sorted",
        mean=one_colour([255 * part for part in MEAN], architecture.side),
        notes=("dropout comes before fc6 and fc7 and rescales in training, as torchvision has it",),
    )


def to_state_dict(checkpoint: Checkpoint) -> tuple[dict[str, Tensor], tuple[float, ...], tuple[float, ...]]:
    """Return the state dict that torchvision's alexnet takes, and the mean and deviation of its preprocessing.

    Returns:
        the tensors, float32; mean and deviation of red, green and blue as parts of 255.
    Raises:
        ExportError: torchvision's network is another one, or the mean picture is not of one colour.
    """
    architecture = checkpoint.architecture
    if not isinstance(architecture, TorchVision):
        raise ExportError(
            f"torchvision's alexnet has other layers than {architecture.kind}, which keeps its answers only in a "
            "checkpoint or, as a network of 2012, in the original format"
        )
    mean = checkpoint.weights["mean"]
    colour = mean.mean((1, 2), dtype=torch.float64)
    if float((mean - colour[:, None, None]).abs().max()) > 1e-3:
        raise ExportError(
            "torchvision subtracts one colour, and this network subtracts a mean picture: "
            "--mean R,G,B puts one in its place, and the answers change a little"
        )
    tensors = {
        f"{theirs}.{kind}": checkpoint.weights[f"{stage}.{kind}"].detach().clone()
        for stage, theirs in NAMES.items()
        for kind in ("weight", "bias")
    }
    return tensors, tuple(round(float(value) / 255, 6) for value in colour), architecture.deviations
