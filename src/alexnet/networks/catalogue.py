"""The networks that have a name, and how a network is written down so that it can be built again."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alexnet.errors import RecipeError, choices
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.as_trained import AsTrained, SixLayer
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18, Cifar80Seconds, ConvLocal13, FigureOne
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
        Definition,
    )
}

NAMES: Final = tuple(
    name for name in NETWORKS if name != Definition.kind
)  # a definition is named by its file


def build(network: str = "alexnet", classes: int | None = None, *, seed: int = 0, **options: Any) -> Network:
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


def architecture(network: str, **options: Any) -> Architecture:
    """Return the architecture of a named network, or of a definition file, with some of its fields chosen."""
    if network.endswith(".cfg"):
        return _defined(network, options)
    if network not in NETWORKS:
        raise RecipeError(f"`{network}` is not a network; {choices(network, NAMES)}, or a FILE.cfg")
    return _named(network, options)


def _named(network: str, options: Mapping[str, Any]) -> Architecture:
    """Make an architecture of the catalogue."""
    _check_options(network, options, NETWORKS[network])
    if NETWORKS[network] is Definition and "text" not in options:
        raise RecipeError("a definition is built from its file: give the path of a FILE.cfg")
    value: Architecture = NETWORKS[network](**options)
    return value


def _defined(path: str, options: Mapping[str, Any]) -> Definition:
    """Read a definition file; `parameters` is what a layer-parameter file says, in place of the one beside it."""
    _check_options(path, options, Definition)
    return Definition.read(Path(path), **options)


def _check_options(network: str, options: Mapping[str, Any], kind: type[Any]) -> None:
    fields = [field.name for field in dataclasses.fields(kind)]
    for name in options:
        if name not in fields:
            raise RecipeError(f"`{name}` is not a choice of the network {network}; {choices(name, fields)}")


def described(value: Architecture) -> dict[str, Any]:
    """Write an architecture down as plain values, ready for JSON; `from_description` builds it again."""
    fields = dataclasses.asdict(value)  # type: ignore[call-overload]  # always a dataclass
    plain = {name: list(entry) if isinstance(entry, tuple) else entry for name, entry in fields.items()}
    return {"network": value.kind, **plain}


def from_description(description: Mapping[str, Any]) -> Architecture:
    """Return the architecture that `described` wrote down.

    Nothing is opened: a description that comes with a checkpoint may be anybody's.

    Raises:
        RecipeError: it names a network or a choice that this version does not know.
    """
    options = {name: tuple(v) if isinstance(v, list) else v for name, v in description.items()}
    name = options.pop("network", "")
    if not isinstance(name, str) or name not in NETWORKS:
        raise RecipeError(f"{str(name)[:80]!r} is not a network; {choices(str(name)[:80], NAMES)}")
    return _named(name, options)
