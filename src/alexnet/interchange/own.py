"""State dicts with this package's own names, conv1.weight ... fc8.bias, that say nothing of their network."""

from collections.abc import Mapping

import torch
from torch import Tensor

from alexnet.errors import CheckpointError
from alexnet.interchange.imported import ImportedWeights
from alexnet.networks.catalogue import NETWORKS, architecture
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.network import Network
from alexnet.networks.stage import Architecture


def is_own(names: Mapping[str, object]) -> bool:
    """Tell whether these are names of this package's own."""
    return "conv1.weight" in names


def from_own(tensors: Mapping[str, Tensor], source: str, network: str | None) -> ImportedWeights:
    """Take a state dict of a network of the catalogue.

    Args:
        tensors: by name, the mean among them or not.
        source: the file's name, for messages.
        network: its name in the catalogue; left out, the one whose weights have these names and shapes.
    Raises:
        CheckpointError: it fits no network, or several and none is named.
        RecipeError: the catalogue has no network of that name.
    """
    weights = {name: value for name, value in tensors.items() if name != "mean"}
    last = max((name for name in weights if name.startswith("fc") and name.endswith(".bias")), default="")
    classes = max(1, weights[last].numel()) if last else 1
    if network is not None:
        found = architecture(network, classes=classes)
    else:
        kinds = [kind for kind, made in NETWORKS.items() if made is not Definition]  # which needs a file
        fitting = [kind for kind in kinds if _fits(architecture(kind, classes=classes), weights)]
        if len(fitting) != 1:
            which = f"several networks: pass --network {', '.join(fitting)}" if fitting else "no network here"
            raise CheckpointError(f"the weights of {source} fit {which}")
        found = architecture(fitting[0], classes=classes)
    return ImportedWeights("a state dict", found, weights, order="sorted", mean=tensors.get("mean"))


def _fits(value: Architecture, weights: Mapping[str, Tensor]) -> bool:
    with torch.device("meta"):
        network = Network.empty(value)
    expected = {name: tensor.shape for name, tensor in network.state_dict().items() if name != "mean"}
    return expected == {name: tensor.shape for name, tensor in weights.items()}
