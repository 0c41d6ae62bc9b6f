"""What a layer is made from beside its own keys, and what its inputs have to agree on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from alexnet.networks.cudaconvnet.constants import Constants
from alexnet.networks.cudaconvnet.layers import Layer
from alexnet.networks.layers.layer import Layer as Operation
from alexnet.networks.layers.layer import Shape

MOST_VALUES: Final = 2**30


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


def check_values(layer: Layer, shape: Shape) -> None:
    """Check that values of one picture are no more than a machine holds.

    Args:
        layer: which gives them, or works on them.
        shape: of the values, with their borders.
    Raises:
        RecipeError: they are more than 2^30, 4 GB of float32.
    """
    if math.prod(shape) > MOST_VALUES:
        raise layer.wrong("type", f"it would take more than {MOST_VALUES:.0e} values for one picture")


def check_same(layer: Layer, shapes: Sequence[Shape]) -> None:
    """Check that values which are added or compared are of one shape.

    Raises:
        RecipeError: they are not; layer, line and shapes are named.
    """
    if len(set(shapes)) > 1:
        written = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise layer.wrong("inputs", f"outputs of one size expected, not {written}")
