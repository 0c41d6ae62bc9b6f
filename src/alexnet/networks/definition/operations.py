"""Make the stage of each layer of a definition, and check what the file says about its inputs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import torch
from torch import nn

from alexnet.errors import RecipeError
from alexnet.networks.contrast import BlockNormalization, ContrastNormalization
from alexnet.networks.definition.constants import Constants
from alexnet.networks.definition.layers import Layer, Notes
from alexnet.networks.joins import Column, Concatenation, Maximum, Softmax, Sum
from alexnet.networks.layers import Convolution, Dropout, FullyConnected, LocallyConnected, Shape
from alexnet.networks.neurons import Neuron
from alexnet.networks.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.pictures import Blur, Lab, Mirror, Nailbed, RandomScale, Resize, Yuv
from alexnet.networks.pooling import WindowPool
from alexnet.networks.summed import Connection, Dense, Filtered, Local, Summed
from alexnet.networks.tree import TreeConnected
from alexnet.randomness import generator


@final
@dataclass(frozen=True)
class Surroundings:
    """What a layer is made from beside its own keys."""

    shapes: tuple[Shape, ...]
    """Of its inputs."""
    constants: Constants
    """From the parameter file."""
    made: Mapping[str, nn.Module]
    """The layers above it, by name."""
    tree: tuple[tuple[int, ...], ...]
    """Children of each node of the tree of classes."""


def operation(layer: Layer, around: Surroundings) -> nn.Module:
    """Make the operation of a layer.

    Raises:
        RecipeError: keys that contradict its inputs, or that call for what is not given.
    """
    _check_channels(layer, around.shapes)
    return OPERATIONS[layer.kind](layer, around)


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


def _check_size(layer: Layer, connections: Sequence[Connection]) -> None:
    for part in connections:
        if (count := math.prod(part.weight)) > _MOST:
            raise layer.wrong("type", f"it would have {count:.0e} weights, more than any machine holds")


def _convolution(layer: Layer, around: Surroundings) -> nn.Module:
    options = layer.options
    connections = [_filtered(layer, i, shape) for i, shape in enumerate(around.shapes)]
    outputs = [part.shape(shape) for part, shape in zip(connections, around.shapes, strict=True)]
    _check_size(layer, connections)
    _check_same(layer, outputs)
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
    return _summed(layer, connections, bias, around)


def _local(layer: Layer, around: Surroundings) -> nn.Module:
    options = layer.options
    connections = []
    for i, shape in enumerate(around.shapes):
        part = _filtered(layer, i, shape)
        connections.append(
            Local(shape, part.filters, part.size, part.stride, part.padding, part.groups, part.connections)
        )
    outputs = [part.shape(shape) for part, shape in zip(connections, around.shapes, strict=True)]
    _check_size(layer, connections)
    _check_same(layer, outputs)
    if is_plain(layer):
        return LocallyConnected(
            around.shapes[0],
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
    return _summed(layer, connections, (filters, rows * columns), around)


def _fully_connected(layer: Layer, around: Surroundings) -> nn.Module:
    units = layer.options["outputs"]
    connections = [Dense(math.prod(shape), units) for shape in around.shapes]
    _check_size(layer, connections)
    if is_plain(layer):
        return FullyConnected(
            connections[0].inputs,
            units,
            deviation=layer.options["initW"][0],
            constant=layer.options["initB"],
            activation="identity",
        )
    return _summed(layer, connections, (units,), around)


def _tree_connected(layer: Layer, around: Surroundings) -> nn.Module:
    if not around.tree:
        raise layer.wrong("type", "a treefc needs the tree of classes: pass tree=, the children of each node")
    options = layer.options
    return TreeConnected(
        math.prod(around.shapes[0]), around.tree, deviation=options["initW"][0], constant=options["initB"]
    )


def _summed(layer: Layer, connections: Sequence[Connection], bias: Shape, around: Surroundings) -> nn.Module:
    owners = [_owner(layer, i, around) for i in range(len(connections))]
    try:
        return Summed(
            connections,
            bias,
            deviations=layer.options["initW"],
            constant=layer.options["initB"],
            owners=owners,
        )
    except RecipeError as error:
        raise layer.wrong("weightSource", str(error)) from None


def _owner(layer: Layer, index: int, around: Surroundings) -> tuple[nn.Module | None, str] | None:
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
    owner = around.made.get(name)
    if owner is None or not hasattr(owner, "initialize"):
        raise layer.wrong("weightSource", f"`{name}` is not a layer with weights above this one")
    if other >= (len(owner.connections) if isinstance(owner, Summed) else 1):
        raise layer.wrong("weightSource", f"`{name}` has no matrix {other}")
    return owner.source(other) if isinstance(owner, Summed) else (owner, "weight")


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
    return part


def _connections(layer: Layer, index: int, channels: int, groups: int) -> tuple[int, ...]:
    """Draw the channels that each group of filters sees: permutations of all channels, one after the other.

    Drawn from the layer's name alone, so that a network built again has the same ones.
    """
    seen = layer.options["filterChannels"][index] or channels // groups
    if groups < 2:
        raise layer.wrong("randSparse", "needs groups above 1")
    if channels % seen or groups * seen % channels:
        raise layer.wrong(
            "filterChannels", f"{channels} channels and {groups} groups of {seen}: one must divide the other"
        )
    source = generator("connections", layer.name, index)
    drawn = [
        torch.randperm(channels, generator=source, device="cpu") for _ in range(groups * seen // channels)
    ]
    return tuple(int(channel) for channel in torch.cat(drawn))


def _pool(layer: Layer, around: Surroundings) -> nn.Module:
    options = layer.options
    kind = "max" if options["pool"] == "rand" and around.constants.of_pool(layer) else options["pool"]
    pool = WindowPool(
        options["sizeX"],
        options["stride"],
        kind=kind,
        start=options["start"],
        count=options["outputsX"],
    )
    try:
        pool.shape(*around.shapes)
    except RecipeError as error:
        raise layer.wrong("sizeX", str(error)) from None
    return pool


def _across_maps(layer: Layer, around: Surroundings) -> nn.Module:
    size, channels = layer.options["size"], layer.options["channels"] // layer.columns
    if not 2 <= size <= channels:
        raise layer.wrong("size", f"at least 2 and at most the {channels} channels expected")
    scale, power, least = around.constants.of_normalization(layer)
    if layer.options["blocked"]:
        return BlockNormalization(size, alpha=scale, beta=power, k=least)
    return ResponseNormalization(size, alpha=scale, beta=power, k=least, groups=layer.columns)


def _within_map(layer: Layer, around: Surroundings) -> nn.Module:
    size = layer.options["size"]
    if size > around.shapes[0][1]:
        raise layer.wrong("size", f"at most the {around.shapes[0][1]} pixels of a map expected")
    scale, power, _ = around.constants.of_normalization(layer)
    made = MapNormalization if layer.kind == "rnorm" else ContrastNormalization
    return made(size, scale=scale, power=power)


def _dropout(layer: Layer, around: Surroundings) -> nn.Module:
    keep = layer.options["keep"]
    if not keep:
        raise layer.wrong("keep", "a probability above 0 expected: nothing would be kept")
    if not around.constants.of_dropout(layer):
        return Sum((keep,))  # enable=false: the test's scaling in training too
    return Dropout(keep)


def _same_shapes(made: Callable[[Layer], nn.Module]) -> Callable[[Layer, Surroundings], nn.Module]:
    def checked(layer: Layer, around: Surroundings) -> nn.Module:
        _check_same(layer, around.shapes)
        return made(layer)

    return checked


def _colours(made: Callable[[Layer], nn.Module]) -> Callable[[Layer, Surroundings], nn.Module]:
    def checked(layer: Layer, around: Surroundings) -> nn.Module:
        if around.shapes[0][0] != 3:
            raise layer.wrong("inputs", f"pictures of 3 channels expected, not {around.shapes[0][0]}")
        return made(layer)

    return checked


OPERATIONS: Final[dict[str, Callable[[Layer, Surroundings], nn.Module]]] = {
    "conv": _convolution,
    "local": _local,
    "fc": _fully_connected,
    "treefc": _tree_connected,
    "pool": _pool,
    "cmrnorm": _across_maps,
    "rnorm": _within_map,
    "cnorm": _within_map,
    "hs": _dropout,
    "neuron": lambda layer, around: Neuron(layer.options["neuron"]),
    "eltsum": _same_shapes(lambda layer: Sum(layer.options["coeffs"])),
    "eltmax": _same_shapes(lambda layer: Maximum()),
    "concat": lambda layer, around: Concatenation(),
    "softmax": lambda layer, around: Softmax(),
    "blur": lambda layer, around: Blur(layer.options["filterSize"], layer.options["stdev"]),
    "nailbed": lambda layer, around: Nailbed(layer.options["stride"]),
    "resize": lambda layer, around: Resize(layer.options["scale"]),
    "rscale": lambda layer, around: RandomScale(layer.options["maxScale"], layer.options["tgtSize"]),
    "rgb2yuv": _colours(lambda layer: Yuv()),
    "rgb2lab": _colours(lambda layer: Lab(centred=layer.options["center"])),
    "href": lambda layer, around: Mirror(),
    "column": lambda layer, around: Column(layer.options["index"], layer.options["count"]),
}


def _check_channels(layer: Layer, shapes: Sequence[Shape]) -> None:
    said: Any = layer.options.get("channels")
    if said is None:
        return
    for value, shape in zip(said if isinstance(said, tuple) else (said,), shapes, strict=False):
        if len(shape) != 3:
            raise layer.wrong("inputs", f"maps expected, not {shape[0]} units")
        if value != shape[0]:
            raise layer.wrong("channels", f"the input has {shape[0]} channels")


def _check_same(layer: Layer, shapes: Sequence[Shape]) -> None:
    if len(set(shapes)) > 1:
        written = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise layer.wrong("inputs", f"outputs of one size expected, not {written}")
