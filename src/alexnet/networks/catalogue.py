"""The networks that have a name, and how a network is written down so that it can be built again."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, SupportsIndex

from alexnet.errors import RecipeError, choices
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.alexnet_small import AlexNetSmall
from alexnet.networks.as_trained import AsTrained, SixLayer
from alexnet.networks.connectivity import MLP, FourLayer
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.fields import shown, typed_fields
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18, Cifar80Seconds, ConvLocal13, FigureOne
from alexnet.networks.small_photos import SmallPhotos
from alexnet.networks.small_thumbnails import SmallThumbnails
from alexnet.networks.stage import Architecture
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
        SmallPhotos,
        SmallThumbnails,
        AlexNetSmall,
        FourLayer,
        MLP,
        Definition,
    )
}

NAMES: Final = tuple(
    name for name in NETWORKS if name != Definition.kind
)  # a definition is named by its file


def build(
    network: str | Path = "alexnet", classes: SupportsIndex | None = None, *, seed: int = 0, **options: Any
) -> Network:
    """Build a network by its name or from a definition file, with weights drawn as its source says.

    Args:
        network: a name of the catalogue, "alexnet" for the network of section 3; or the path of a definition
            file of the 2012 program, such as "layers-145.cfg".
        classes: how many classes the last layer tells apart; without it, as many as its source says.
        seed: of the initial weights.
        options: the fields of the network's architecture, for instance `columns=1` or `activation="tanh"`.
    Returns:
        the network, in training mode, its mean picture zero.
    Raises:
        RecipeError: a name, an option or a value that does not exist.
    Source: Krizhevsky et al. 2012, sections 3 and 5.
    """
    if classes is not None:
        options["classes"] = classes
    return Network(architecture(network, **options), seed=seed)


def architecture(network: str | Path, **options: Any) -> Architecture:
    """Return the architecture of a named network, or of a definition file, with some of its fields chosen.

    Args:
        network: a name of the catalogue, or the path of a definition file, which ends in .cfg.
        options: fields of the architecture; of a definition, `parameters` is what a layer-parameter file says,
            in place of the one beside it.
    Raises:
        RecipeError: a name, an option or a value that does not exist.
    """
    if not isinstance(network, str | Path):
        raise RecipeError(
            f"`{shown(network)}` is not a network: its name, or the path of a FILE.cfg, is taken"
        )
    name = os.fspath(network)
    if name.endswith(".cfg"):
        return Definition.read(Path(name), **typed_fields(Definition, options))
    return _named(name, options)


def described(value: Architecture) -> dict[str, Any]:
    """Write an architecture down as plain values, ready for JSON; `from_description` builds it again."""
    fields = dataclasses.asdict(value)  # type: ignore[call-overload]  # always a dataclass
    plain = {name: list(entry) if isinstance(entry, tuple) else entry for name, entry in fields.items()}
    return {"network": value.kind, **plain}


def from_description(description: Mapping[str, Any]) -> Architecture:
    """Return the architecture that `described` wrote down.

    Nothing is opened: a description that comes with a checkpoint may be anybody's.

    Raises:
        RecipeError: it names a network or a choice that this version does not know, or a value of another type.
    """
    options = dict(description)
    return _named(options.pop("network", ""), options)


def _named(network: object, options: Mapping[str, Any]) -> Architecture:
    """Make an architecture of the catalogue."""
    if not isinstance(network, str) or network not in NETWORKS:
        raise RecipeError(
            f"`{shown(network)}` is not a network; {choices(str(network), NAMES)}, or a FILE.cfg"
        )
    kind = NETWORKS[network]
    if kind is Definition and "text" not in options:
        raise RecipeError("a definition is built from its file: give the path of a FILE.cfg")
    value: Architecture = kind(**typed_fields(kind, options))
    return value
