"""What a network is made of, layer by layer: shapes, parameters, units, multiplications, receptive fields.

And what it would be without its two ideas about pictures: with filters of each position's own (locality
alone), and with every unit connected to every value below it (neither locality nor shared weights).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import torch

from alexnet.networks.layers.contrast import ContrastNormalization
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import Layer, Shape
from alexnet.networks.layers.locally_connected import LocallyConnected
from alexnet.networks.layers.multi_input import Dense, MultiInputLayer
from alexnet.networks.layers.normalization import MapNormalization
from alexnet.networks.layers.pictures import Blur, Nailbed
from alexnet.networks.layers.pooling import Pool, WindowPool
from alexnet.networks.layers.tree import TreeConnected
from alexnet.networks.stage import IMAGES, Architecture, Stage, stage_shapes

WEIGHTED: Final = (Convolution, LocallyConnected, FullyConnected, MultiInputLayer, TreeConnected)


@final
@dataclass(frozen=True)
class StageSummary:
    """A stage in numbers."""

    name: str
    kind: str
    """What it does, in the words of the package: convolution, pool ..."""
    inputs: tuple[str, ...]
    shape: Shape
    """Of its output for one image: (C, H, W) or (U,)."""
    parameters: int
    """Weights and biases."""
    units: int
    """Neurons: values of a layer with weights; 0 for other stages."""
    multiply_adds: int
    """Multiplications of one image's forward pass, in layers with weights."""
    receptive_field: int
    """How many pixels along a side of the picture a value depends on."""
    unshared: int
    """Parameters if every position had filters of its own."""
    fully_connected: int
    """Parameters if every unit were connected to every value below."""


def summary(architecture: Architecture) -> list[StageSummary]:
    """Return a network's stages in numbers, in order; no weights are made."""
    with torch.device("meta"):
        stages = architecture.stages()
    return summary_of(stages, architecture.side)


def summary_of(stages: Sequence[Stage], side: int) -> list[StageSummary]:
    """Return stages in numbers, in order.

    Args:
        stages: of a network.
        side: height and width of its input, in pixels.
    """
    shapes = {IMAGES: (3, side, side), **stage_shapes(stages, side)}
    fields: dict[str, tuple[int, int]] = {IMAGES: (1, 1)}
    result = []
    for stage in stages:
        fields[stage.name] = _field(stage, fields, shapes)
        result.append(_summarise(stage, shapes, min(fields[stage.name][0], side)))
    return result


def totals(stages: Sequence[StageSummary]) -> dict[str, int]:
    """Return the sums over a network's stages."""
    return {
        "parameters": sum(stage.parameters for stage in stages),
        "units": sum(stage.units for stage in stages),
        "multiply_adds": sum(stage.multiply_adds for stage in stages),
        "unshared": sum(stage.unshared for stage in stages),
        "fully_connected": sum(stage.fully_connected for stage in stages),
    }


def _summarise(stage: Stage, shapes: Mapping[str, Shape], field: int) -> StageSummary:
    operation = stage.operation
    inputs = [shapes[name] for name in stage.inputs]
    shape = shapes[stage.name]
    parameters = sum(value.numel() for value in operation.parameters())
    units = math.prod(shape) if isinstance(operation, WEIGHTED) else 0
    return StageSummary(
        name=stage.name,
        kind=_kind(operation),
        inputs=stage.inputs,
        shape=shape,
        parameters=parameters,
        units=units,
        multiply_adds=operation.multiply_adds(*inputs),
        receptive_field=field,
        unshared=_unshared(operation, inputs, parameters, units),
        fully_connected=units * (sum(math.prod(given) for given in inputs) + 1),
    )


def _unshared(operation: Layer, inputs: Sequence[Shape], parameters: int, units: int) -> int:
    """Return the parameters with filters of each position's own, and a bias for each unit."""
    if isinstance(operation, Convolution) or (
        isinstance(operation, MultiInputLayer) and not isinstance(operation.connections[0], Dense)
    ):
        return operation.multiply_adds(*inputs) + units
    return parameters


def _kind(operation: Layer) -> str:
    """Return what a stage does: its class's name in words."""
    if isinstance(operation, MultiInputLayer):
        count = len(operation.connections)
        return operation.connections[0].kind + (f" of {count} inputs" if count > 1 else "")
    name = type(operation).__name__
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _field(
    stage: Stage, fields: Mapping[str, tuple[int, int]], shapes: Mapping[str, Shape]
) -> tuple[int, int]:
    """Return the pixels that a value depends on, and those between neighbouring values."""
    found = [
        (field + (window - 1) * step, step * stride)
        for (field, step), (window, stride) in zip(
            (fields[name] for name in stage.inputs),
            _windows(stage.operation, [shapes[name] for name in stage.inputs]),
            strict=True,
        )
    ]
    return max(field for field, _ in found), max(step for _, step in found)


def _windows(operation: Layer, inputs: Sequence[Shape]) -> list[tuple[int, int]]:
    """Return the window and stride through which a stage sees each of its inputs."""
    match operation:
        case MultiInputLayer():
            return [
                (max(given[1:], default=1), 1) if isinstance(part, Dense) else (part.size, part.stride)
                for part, given in zip(operation.connections, inputs, strict=True)
            ]
        case FullyConnected() | TreeConnected():
            return [(max(inputs[0][1:], default=1), 1)]
        case Convolution() | LocallyConnected() | Pool() | WindowPool():
            return [(operation.size, operation.stride)]
        case MapNormalization() | Blur():
            return [(operation.size, 1)]
        case ContrastNormalization():
            return [(2 * operation.size - 1, 1)]
        case Nailbed():
            return [(1, operation.stride)]
    return [(1, 1)] * len(inputs)
