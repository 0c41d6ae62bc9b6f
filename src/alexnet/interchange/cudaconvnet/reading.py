"""A checkpoint of the program of 2012 to weights of this package."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from alexnet.errors import CheckpointError, RecipeError
from alexnet.interchange.classes import Classes, named
from alexnet.interchange.cudaconvnet import arrays
from alexnet.interchange.cudaconvnet.layers import (
    Table,
    definition_text,
    input_names,
    parameter_text,
    per_input,
    side_of,
    written_name,
)
from alexnet.interchange.cudaconvnet.meta import picture
from alexnet.interchange.cudaconvnet.states import layer_table, read_state
from alexnet.interchange.imported import ImportedWeights
from alexnet.interchange.opening import Opened
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.cudaconvnet.column_weights import merge_weights
from alexnet.networks.cudaconvnet.grammar import WEIGHTED
from alexnet.networks.cudaconvnet.layers import Layer
from alexnet.networks.cudaconvnet.weighted import weight_names
from alexnet.networks.network import Network

OURS: Final = "alexnet"  # the entry that this package adds to the files it writes


def from_state(source: Opened) -> ImportedWeights:
    """Take the weights of a checkpoint; columns are merged where that gives the same network.

    Raises:
        CheckpointError: it is damaged, hostile, or a network that cannot be built.
    """
    state = read_state(source)
    table = layer_table(state, source.name)
    try:
        _check_connections(table, source.name)
        definition = Definition(
            definition_text(table, source.name),
            name=Path(source.name).name,
            parameters=parameter_text(table, source.name),
            parameters_name=Path(source.name).name,
            side=side_of(table, source.name),
        )
        weights = merge_weights(_weights(definition, table, source.name), definition.merges())
    except (
        RecipeError,
        RuntimeError,
        TypeError,
        OverflowError,
    ) as error:  # of torch, for sizes beyond its own
        reason = " ".join(str(error).split())[:300]
        raise CheckpointError(f"{source.name} holds a network that cannot be built: {reason}") from error
    extras = state.get(OURS) if isinstance(state.get(OURS), dict) else {}
    mean = picture(extras["data_mean"], source.name) if "data_mean" in extras else None
    side = extras.get("picture_side", 0)
    return ImportedWeights(
        format="the program of 2012",
        architecture=definition,
        weights=weights,
        order="devkit",
        mean=mean,
        classes=_classes(extras, source.name),
        picture_side=side if type(side) is int and 0 < side < 10_000 else 0,
        notes=()
        if mean is not None
        else ("the file holds no mean picture: pass its batches.meta as --mean",),
    )


def _check_connections(table: Table, source: str) -> None:
    """Check that random connections are listed, before any are drawn to be replaced."""
    for name, layer in table.items():
        inputs = input_names(layer, table, source)
        sparse, groups, seen, listed = (
            per_input(layer.get(key), inputs)
            for key in ("randSparse", "groups", "filterChannels", "filterConns")
        )
        for entry in zip(sparse, groups, seen, listed, strict=False):
            if entry[0] and not (isinstance(entry[3], list) and len(entry[3]) == entry[1] * entry[2]):
                raise CheckpointError(
                    f"{source} does not say which channels the filters of {name[:60]!r} see"
                )


def _weights(definition: Definition, table: Table, source: str) -> dict[str, Tensor]:
    """Return the weights of the network that keeps its columns."""
    apart = replace(definition, merged=False)
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in Network.empty(apart).state_dict().items()}
    entries = {written_name(name): entry for name, entry in table.items()}
    weights: dict[str, Tensor] = {}
    for layer in apart.layers():
        if layer.kind in WEIGHTED:
            inputs = input_names(entries[layer.name], table, source)
            weights.update(_layer(layer, entries[layer.name], inputs, shapes, source))
    return weights


def _layer(
    layer: Layer,
    entry: Mapping[str, Any],
    inputs: list[str],
    shapes: Mapping[str, tuple[int, ...]],
    source: str,
) -> dict[str, Tensor]:
    if layer.kind == "treefc":
        raise CheckpointError(
            f"{source} has a tree of classes, which its checkpoint does not hold: not converted"
        )
    given, biases = entry.get("weights"), entry.get("biases")
    if not isinstance(given, list) or len(given) != len(inputs) or not isinstance(biases, np.ndarray):
        raise CheckpointError(f"{source} has no weights for the layer {layer.name[:60]!r}")
    connections = per_input(entry.get("filterConns"), inputs)
    found: dict[str, Tensor] = {}
    for index, name in enumerate(weight_names(layer)):
        key = f"{layer.name}.{name}"
        if key in shapes:  # a shared matrix belongs to its owner
            found[key] = _checked(arrays.weight, layer.kind, given[index], key, shapes[key], source)
        buffer = f"{layer.name}.connections{index}"
        if buffer in shapes:
            found[buffer] = _connections(connections[index], shapes[buffer], layer, source)
    key = f"{layer.name}.bias"
    found[key] = _checked(
        lambda _, array, shape: arrays.bias(array, shape), layer.kind, biases, key, shapes[key], source
    )
    return found


def _checked(convert: Any, kind: str, array: Any, key: str, shape: tuple[int, ...], source: str) -> Tensor:
    value = convert(kind, array, shape) if isinstance(array, np.ndarray) else None
    if value is None:
        there = "x".join(map(str, array.shape)) if isinstance(array, np.ndarray) else "no array"
        raise CheckpointError(
            f"{source}: {key} needs {'x'.join(map(str, shape))} numbers, and there is {there}"
        )
    tensor: Tensor = value
    return tensor


def _connections(listed: Any, shape: tuple[int, ...], layer: Layer, source: str) -> Tensor:
    channels = max(layer.options["channels"])
    if len(listed) != shape[0] or not all(
        type(channel) is int and 0 <= channel < channels for channel in listed
    ):
        raise CheckpointError(f"{source}: filters of {layer.name[:60]!r} see channels that are not there")
    return torch.tensor(listed)


def _classes(extras: Mapping[str, Any], source: str) -> Classes | None:
    """Return the classes that this package adds to the files it writes."""
    if "classes" not in extras:
        return None
    listed = [extras.get(key) for key in ("classes", "words")]
    for names in listed:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise CheckpointError(f"{source} is damaged: its class names are no names")
    names, words = (tuple(map(_text, names)) for names in listed if names is not None)
    return named(names, words)


def _text(stored: str) -> str:
    """Return a text of Python 2, which is kept as UTF-8."""
    return stored.encode("latin-1").decode("utf-8", "surrogateescape")
