"""The weights of a network of columns as those of the merged one, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from alexnet.networks.cudaconvnet.columns import Merged
from alexnet.networks.cudaconvnet.grammar import WEIGHTED
from alexnet.networks.cudaconvnet.layers import Layer
from alexnet.networks.cudaconvnet.weighted import weight_names


def merge_weights(weights: Mapping[str, Tensor], merged: Sequence[Merged]) -> dict[str, Tensor]:
    """Turn the weights (or velocities) of a network of columns into those of the merged one.

    Args:
        weights: by name, as in the state of the network that keeps its columns.
        merged: as `Definition.merges` says.
    Returns:
        by name, as in the state of the merged network; others as they are.
    """
    result = dict(weights)
    for entry in merged:
        layer = entry.twins[0]
        if layer.kind not in WEIGHTED:
            continue
        taken = [_take(result, twin) for twin in entry.twins]
        for name, merge in zip(_names(entry), entry.input_merges, strict=True):
            halves = [
                torch.cat([side[i] for i in indices], _input_axis(layer))
                for side, indices in zip(taken, (merge.first, merge.second), strict=False)
            ]
            result[f"{entry.name}.{name}"] = torch.cat(halves, _output_axis(layer))
        result[f"{entry.name}.bias"] = torch.cat([side[-1] for side in taken], 0)
    return result


def split_weights(weights: Mapping[str, Tensor], merged: Sequence[Merged]) -> dict[str, Tensor]:
    """Turn the weights (or velocities) of a merged network into those of the network of columns."""
    result = dict(weights)
    for entry in merged:
        layer, count = entry.twins[0], len(entry.twins)
        if layer.kind not in WEIGHTED:
            continue
        parts: list[dict[int, Tensor]] = [{} for _ in entry.twins]
        for name, merge in zip(_names(entry), entry.input_merges, strict=True):
            halves = result.pop(f"{entry.name}.{name}").chunk(count, _output_axis(layer))
            for half, indices, side in zip(halves, (merge.first, merge.second), parts, strict=False):
                side.update(zip(indices, half.chunk(len(indices), _input_axis(layer)), strict=True))
        biases = result.pop(f"{entry.name}.bias").chunk(count, 0)
        for twin, side, bias in zip(entry.twins, parts, biases, strict=True):
            for index, name in enumerate(weight_names(twin)):
                result[f"{twin.name}.{name}"] = side[index].contiguous()
            result[f"{twin.name}.bias"] = bias.contiguous()
    return result


def _take(weights: dict[str, Tensor], layer: Layer) -> list[Tensor]:
    """Take a layer's matrices, and last its biases, out of a network's weights."""
    return [weights.pop(f"{layer.name}.{name}") for name in (*weight_names(layer), "bias")]


def _names(entry: Merged) -> tuple[str, ...]:
    layer = entry.twins[0]
    one = {key: value[:1] if isinstance(value, tuple) else value for key, value in layer.options.items()}
    inputs = tuple(str(i) for i in range(len(entry.input_merges)))
    return weight_names(replace(layer, inputs=inputs, options=one))


def _output_axis(layer: Layer) -> int:
    return 1 if layer.kind == "local" else 0  # local: (P, F, K)


def _input_axis(layer: Layer) -> int:
    return 2 if layer.kind == "local" else 1
