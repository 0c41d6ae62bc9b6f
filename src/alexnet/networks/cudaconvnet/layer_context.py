"""What a layer is made from beside its own keys, and what its inputs have to agree on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from alexnet.networks.cudaconvnet.constants import Constants
from alexnet.networks.cudaconvnet.layers import Layer
from alexnet.networks.layers.layer import Layer as Operation
from alexnet.networks.layers.layer import Shape


@final
@dataclass(frozen=True)
class LayerContext:
    """What a layer is made from beside its own keys."""

    shapes: tuple[Shape, ...]
    """Of its inputs."""
    constants: Constants
    """From the parameter file."""
    made: Mapping[str, Operation]
    """The layers above it, by name."""
    tree: tuple[tuple[int, ...], ...]
    """Children of each node of the tree of classes."""


def check_same(layer: Layer, shapes: Sequence[Shape]) -> None:
    if len(set(shapes)) > 1:
        written = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise layer.wrong("inputs", f"outputs of one size expected, not {written}")
