"""Make the stage of each layer with weights of a definition: conv, local, fc and treefc."""

import math
from collections.abc import Sequence
from typing import Final

import torch

from alexnet.errors import RecipeError
from alexnet.networks.cudaconvnet.layer_context import LayerContext, check_same, check_values
from alexnet.networks.cudaconvnet.layers import Layer, Notes
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import Layer as Operation
from alexnet.networks.layers.layer import Shape
from alexnet.networks.layers.locally_connected import LocallyConnected
from alexnet.networks.layers.multi_input import Connection, Dense, Filtered, Local, MultiInputLayer
from alexnet.networks.layers.tree import TreeConnected
from alexnet.randomness import generator


def is_plain(layer: Layer) -> bool:
    """Tell whether a weight layer is the ordinary one: one input, all its own, biases shared over positions."""
    options = layer.options
    return (
        len(layer.inputs) == 1
        and not any(options["weightSource"])
        and not any(options.get("randSparse", ()))
        and (layer.kind != "conv" or options["sharedBiases"])
    )


def weight_names(layer: Layer) -> tuple[str, ...]:
    """Return the names of a weight layer's matrices, in the order of its inputs."""
    if layer.kind == "treefc" or is_plain(layer):
        return ("weight",)
    return tuple(f"weight{i}" for i in range(len(layer.inputs)))


def hints(layer: Layer, shapes: Sequence[Shape], notes: Notes) -> None:
    """Note keys that only mattered to the program's kernels and do not fit."""
    if layer.kind == "conv" and layer.options["partialSum"]:
        side = _filtered(layer, 0, shapes[0]).shape(shapes[0])[1]
        if side**2 % layer.options["partialSum"]:
            notes.add(
                layer.section, "partialSum", "does not divide the output positions and has no effect here"
            )


_MOST: Final = 2**34  # weights of a matrix: 64 GB
_NODES: Final = 20_000  # of a tree of classes; ImageNet's thousand have 1,860, its ten thousand 14,000
_STEPS: Final = 500_000  # from the leaves of a tree to its root: ten thousand leaves, 50 deep
_SEEN: Final = 1_000_000  # channels that all groups of filters see, where they are drawn at random


def _check_size(layer: Layer, connections: Sequence[Connection]) -> None:
    for part in connections:
        if (count := math.prod(part.weight)) > _MOST:
            raise layer.wrong("type", f"it would have {count:.0e} weights, more than any machine holds")


def convolution(layer: Layer, context: LayerContext) -> Operation:
    """Make the stage of a conv layer: the ordinary one where it has one input, all its own.

    Raises:
        RecipeError: keys that contradict its inputs, or far too many weights.
    """
    options = layer.options
    connections = [_filtered(layer, i, shape) for i, shape in enumerate(context.shapes)]
    outputs = [part.shape(shape) for part, shape in zip(connections, context.shapes, strict=True)]
    _check_size(layer, connections)
    check_same(layer, outputs)
    if is_plain(layer):
        part = connections[0]
        return Convolution(
            part.channels,
            part.filters,
            part.size,
            stride=part.stride,
            padding=part.padding,
            groups=part.groups,
            deviation=options["initW"][0],
            constant=options["initB"],
            activation="identity",
        )
    filters, rows, columns = outputs[0]
    bias = (filters,) if options["sharedBiases"] else (filters, rows * columns)
    return _summed(layer, connections, bias, context)


def local(layer: Layer, context: LayerContext) -> Operation:
    """Make the stage of a local layer: filters of their own for each position.

    Raises:
        RecipeError: keys that contradict its inputs, or far too many weights.
    """
    options = layer.options
    connections = []
    for i, shape in enumerate(context.shapes):
        part = _filtered(layer, i, shape)
        connections.append(
            Local(shape, part.filters, part.size, part.stride, part.padding, part.groups, part.connections)
        )
    outputs = [part.shape(shape) for part, shape in zip(connections, context.shapes, strict=True)]
    _check_size(layer, connections)
    check_same(layer, outputs)
    if is_plain(layer):
        return LocallyConnected(
            context.shapes[0],
            connections[0].filters,
            connections[0].size,
            stride=connections[0].stride,
            padding=connections[0].padding,
            groups=connections[0].groups,
            deviation=options["initW"][0],
            constant=options["initB"],
            activation="identity",
        )
    filters, rows, columns = outputs[0]
    return _summed(layer, connections, (filters, rows * columns), context)


def fully_connected(layer: Layer, context: LayerContext) -> Operation:
    """Make the stage of an fc layer, of any number of inputs of any size.

    Raises:
        RecipeError: weights that cannot be shared, or far too many.
    """
    units = layer.options["outputs"]
    connections = [Dense(math.prod(shape), units) for shape in context.shapes]
    _check_size(layer, connections)
    if is_plain(layer):
        return FullyConnected(
            connections[0].inputs,
            units,
            deviation=layer.options["initW"][0],
            constant=layer.options["initB"],
            activation="identity",
        )
    return _summed(layer, connections, (units,), context)


def _steps_up(tree: Sequence[Sequence[int]]) -> int:
    """Count the steps from all leaves of a tree to its root, as far as they are allowed; circles are walked so far."""
    parent = {child: node for node, own in enumerate(tree) for child in own}
    steps = 0
    for leaf in range(len(tree)):
        node = leaf
        while node in parent and not tree[leaf] and steps <= _STEPS:
            node, steps = parent[node], steps + 1
    return steps


def tree_connected(layer: Layer, context: LayerContext) -> Operation:
    """Make the stage of a treefc layer, over the tree of classes.

    Raises:
        RecipeError: there is no tree, or it is none.
    """
    if not context.tree:
        raise layer.wrong("type", "a treefc needs the tree of classes: pass tree=, the children of each node")
    if len(context.tree) > _NODES or _steps_up(context.tree) > _STEPS:
        allowed = f"{_NODES:,} nodes, and {_STEPS:,} steps from its leaves up to its root"
        raise layer.wrong("type", f"its tree is too large: at most {allowed} are read")
    options = layer.options
    return TreeConnected(
        math.prod(context.shapes[0]), context.tree, deviation=options["initW"][0], constant=options["initB"]
    )


def _summed(layer: Layer, connections: Sequence[Connection], bias: Shape, context: LayerContext) -> Operation:
    owners = [_owner(layer, i, context) for i in range(len(connections))]
    try:
        return MultiInputLayer(
            connections,
            bias,
            deviations=layer.options["initW"],
            constant=layer.options["initB"],
            owners=owners,
        )
    except RecipeError as error:
        raise layer.wrong("weightSource", str(error)) from None


def _owner(layer: Layer, index: int, context: LayerContext) -> tuple[Operation | None, str] | None:
    """Return the layer and the name of the weight that an input shares, or None for one of its own."""
    text = layer.options["weightSource"][index]
    if not text:
        return None
    name, _, rest = text.partition("[")
    digits = rest.rstrip("] ")
    if rest and not digits.isdigit():
        raise layer.wrong("weightSource", "layer or layer[i] expected")
    other = int(digits) if rest else 0
    if name == layer.name:
        if other >= index or layer.options["weightSource"][other]:
            raise layer.wrong("weightSource", f"input {other} is not an earlier one with weights of its own")
        return None, f"weight{other}"
    owner = context.made.get(name)
    if owner is None or next(owner.parameters(), None) is None:
        raise layer.wrong("weightSource", f"`{name}` is not a layer with weights above this one")
    if other >= (len(owner.connections) if isinstance(owner, MultiInputLayer) else 1):
        raise layer.wrong("weightSource", f"`{name}` has no matrix {other}")
    return owner.source(other) if isinstance(owner, MultiInputLayer) else (owner, "weight")


def _filtered(layer: Layer, index: int, shape: Shape) -> Filtered:
    """Return how an input of a conv or local layer meets its filters."""
    options = layer.options
    channels, groups = options["channels"][index], options["groups"][index]
    filters = options["filters"][index] * groups
    connections: tuple[int, ...] = ()
    if channels % groups and not options["randSparse"][index]:
        raise layer.wrong("groups", f"{channels} channels do not fall into {groups} groups")
    if options["randSparse"][index]:
        connections = _connections(layer, index, channels, groups)
    size, stride = options["filterSize"][index], options["stride"][index]
    part = Filtered(channels, filters, size, stride, options["padding"][index], groups, connections)
    if min(part.shape(shape)[1:]) < 1:
        raise layer.wrong("filterSize", f"a filter of {size} pixels does not fit into maps of {shape[1]}")
    check_values(layer, (channels, *(side + 2 * part.padding + stride for side in shape[1:])))
    return part


def _connections(layer: Layer, index: int, channels: int, groups: int) -> tuple[int, ...]:
    """Draw the channels that each group of filters sees: permutations of all channels, one after the other.

    Drawn from the layer's name alone, so that a network built again has the same ones.
    """
    seen = layer.options["filterChannels"][index] or channels // groups
    if groups < 2:
        raise layer.wrong("randSparse", "needs groups above 1")
    if groups * seen > _SEEN:
        raise layer.wrong("groups", f"{groups} groups of {seen} channels: at most {_SEEN:,} in all")
    if channels % seen or groups * seen % channels:
        raise layer.wrong(
            "filterChannels", f"{channels} channels and {groups} groups of {seen}: one must divide the other"
        )
    source = generator("connections", layer.name, index)
    drawn = [
        torch.randperm(channels, generator=source, device="cpu") for _ in range(groups * seen // channels)
    ]
    return tuple(int(channel) for channel in torch.cat(drawn))
