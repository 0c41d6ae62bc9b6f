"""Under which names timm knows the networks, once `import alexnet.timm` has told it."""

from collections.abc import Mapping
from typing import Any, Final

from alexnet.networks.alexnet import AlexNet
from alexnet.networks.as_trained import AsTrained, SixLayer
from alexnet.networks.catalogue import NETWORKS, described
from alexnet.networks.stage import Architecture

ONE_COLUMN: Final = "alexnet_2012_one_column"
NAMES: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "alexnet_2012": (AlexNet.kind, {}),
    ONE_COLUMN: (AlexNet.kind, {"columns": 1}),
    "alexnet_2012_as_trained": (AsTrained.kind, {}),
    "alexnet_2012_six_layer": (SixLayer.kind, {}),
    **{
        f"alexnet_{kind.replace('-', '_')}": (kind, {})
        for kind in NETWORKS
        if kind not in (AlexNet.kind, AsTrained.kind, SixLayer.kind)
    },
}
"""For each name of timm's the network of the catalogue, and those of its fields that the name stands for."""


def timm_name(architecture: Architecture) -> str:
    """Return the name under which timm knows a network."""
    if isinstance(architecture, AlexNet) and architecture.columns == 1:
        return ONE_COLUMN
    return next(name for name, (kind, _) in NAMES.items() if kind == architecture.kind)


def timm_arguments(architecture: Architecture) -> dict[str, Any]:
    """Return what `timm.create_model` is given beside the name, the classes and the side, ready for JSON."""
    _, fixed = NAMES[timm_name(architecture)]
    left_out = {"network", "classes", "side", *fixed}
    return {name: value for name, value in described(architecture).items() if name not in left_out}
