"""The networks that have a name, and how a network is written down so that it can be built again."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from alexnet.errors import RecipeError, choices
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.as_trained import AsTrained, SixLayer
from alexnet.networks.network import Architecture, Network
from alexnet.networks.small import Cifar18, Cifar80Seconds, ConvLocal13, FigureOne
from alexnet.networks.variants import Caffe, CaffeNet, OneWeirdTrick, TorchVision

NETWORKS: Final[dict[str, type[Any]]] = {
    kind.kind: kind
    for kind in (
        AlexNet,
        AsTrained,
        SixLayer,
        OneWeirdTrick,
        TorchVision,
        Caffe,
        CaffeNet,
        Cifar18,
        Cifar80Seconds,
        ConvLocal13,
        FigureOne,
    )
}


def build(network: str = "alexnet", classes: int = 1000, *, seed: int = 0, **options: Any) -> Network:
    """Build a network by its name, with weights drawn as its source says.

    Args:
        network: a name of the catalogue, "alexnet" for the network of section 3.
        classes: how many classes the last layer tells apart.
        seed: of the initial weights.
        options: the fields of the network's architecture, for instance `columns=1` or `activation="tanh"`.
    Returns:
        the network, in training mode, its mean picture zero.
    Raises:
        RecipeError: a name, an option or a value that does not exist.
    Source: Krizhevsky et al. 2012, sections 3 and 5.
    """
    return Network(architecture(network, classes=classes, **options), seed=seed)


def architecture(network: str, **options: Any) -> Architecture:
    """Return the architecture of a named network with some of its fields chosen."""
    if network not in NETWORKS:
        raise RecipeError(f"`{network}` is not a network; {choices(network, NETWORKS)}")
    fields = [field.name for field in dataclasses.fields(NETWORKS[network])]
    for name in options:
        if name not in fields:
            raise RecipeError(f"`{name}` is not a choice of the network {network}; {choices(name, fields)}")
    value: Architecture = NETWORKS[network](**options)
    return value


def described(value: Architecture) -> dict[str, Any]:
    """Write an architecture down as plain values, ready for JSON; `from_description` builds it again."""
    return {"network": value.kind, **dataclasses.asdict(value)}  # type: ignore[call-overload]  # always a dataclass


def from_description(description: Mapping[str, Any]) -> Architecture:
    """Return the architecture that `described` wrote down.

    Raises:
        RecipeError: it names a network or a choice that this version does not know.
    """
    options = {name: tuple(v) if isinstance(v, list) else v for name, v in description.items()}
    return architecture(str(options.pop("network", "")), **options)
