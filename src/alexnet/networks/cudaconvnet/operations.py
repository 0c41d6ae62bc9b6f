"""Make the stage of each layer of a definition, and check what the file says about its inputs."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from alexnet.errors import RecipeError
from alexnet.networks.cudaconvnet import weighted
from alexnet.networks.cudaconvnet.layer_context import LayerContext, check_same, check_values
from alexnet.networks.cudaconvnet.layers import Layer
from alexnet.networks.layers.contrast import BlockNormalization, ContrastNormalization
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.joins import Column, Concatenation, Maximum, Softmax, Sum
from alexnet.networks.layers.layer import Layer as Operation
from alexnet.networks.layers.layer import Shape
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.layers.pictures import Blur, Lab, Mirror, Nailbed, RandomScale, Resize, Yuv
from alexnet.networks.layers.pooling import WindowPool


def operation(layer: Layer, context: LayerContext) -> Operation:
    """Make the operation of a layer.

    Raises:
        RecipeError: keys that contradict its inputs, or that call for what is not given.
    """
    _check_channels(layer, context.shapes)
    return OPERATIONS[layer.kind](layer, context)


def _pool(layer: Layer, context: LayerContext) -> Operation:
    options = layer.options
    kind = "max" if options["pool"] == "rand" and context.constants.of_pool(layer) else options["pool"]
    pool = WindowPool(
        options["sizeX"],
        options["stride"],
        kind=kind,
        start=options["start"],
        count=options["outputsX"],
    )
    try:
        channels, *counts = pool.shape(*context.shapes)
    except RecipeError as error:
        raise layer.wrong("sizeX", str(error)) from None
    check_values(layer, (channels, *((count - 1) * options["stride"] + options["sizeX"] for count in counts)))
    return pool


def _across_maps(layer: Layer, context: LayerContext) -> Operation:
    size, channels = layer.options["size"], layer.options["channels"] // layer.columns
    if not 2 <= size <= channels:
        raise layer.wrong("size", f"at least 2 and at most the {channels} channels expected")
    scale, power, least = context.constants.of_normalization(layer)
    if layer.options["blocked"]:
        return BlockNormalization(size, alpha=scale, beta=power, k=least)
    return ResponseNormalization(size, alpha=scale, beta=power, k=least, groups=layer.columns)


def _within_map(layer: Layer, context: LayerContext) -> Operation:
    size = layer.options["size"]
    if size > context.shapes[0][1]:
        raise layer.wrong("size", f"at most the {context.shapes[0][1]} pixels of a map expected")
    scale, power, _ = context.constants.of_normalization(layer)
    made = MapNormalization if layer.kind == "rnorm" else ContrastNormalization
    return made(size, scale=scale, power=power)


def _dropout(layer: Layer, context: LayerContext) -> Operation:
    keep = layer.options["keep"]
    if not keep:
        raise layer.wrong("keep", "a probability above 0 expected: nothing would be kept")
    if not context.constants.of_dropout(layer):
        return Sum((keep,))  # enable=false: the test's scaling in training too
    return Dropout(keep)


def _same_shapes(made: Callable[[Layer], Operation]) -> Callable[[Layer, LayerContext], Operation]:
    def checked(layer: Layer, context: LayerContext) -> Operation:
        check_same(layer, context.shapes)
        return made(layer)

    return checked


def _colours(made: Callable[[Layer], Operation]) -> Callable[[Layer, LayerContext], Operation]:
    def checked(layer: Layer, context: LayerContext) -> Operation:
        if context.shapes[0][0] != 3:
            raise layer.wrong("inputs", f"pictures of 3 channels expected, not {context.shapes[0][0]}")
        return made(layer)

    return checked


OPERATIONS: Final[dict[str, Callable[[Layer, LayerContext], Operation]]] = {
    "conv": weighted.convolution,
    "local": weighted.local,
    "fc": weighted.fully_connected,
    "treefc": weighted.tree_connected,
    "pool": _pool,
    "cmrnorm": _across_maps,
    "rnorm": _within_map,
    "cnorm": _within_map,
    "hs": _dropout,
    "neuron": lambda layer, context: Neuron(layer.options["neuron"]),
    "eltsum": _same_shapes(lambda layer: Sum(layer.options["coeffs"])),
    "eltmax": _same_shapes(lambda layer: Maximum()),
    "concat": lambda layer, context: Concatenation(),
    "softmax": lambda layer, context: Softmax(),
    "blur": lambda layer, context: Blur(layer.options["filterSize"], layer.options["stdev"]),
    "nailbed": lambda layer, context: Nailbed(layer.options["stride"]),
    "resize": lambda layer, context: Resize(layer.options["scale"]),
    "rscale": lambda layer, context: RandomScale(layer.options["maxScale"], layer.options["tgtSize"]),
    "rgb2yuv": _colours(lambda layer: Yuv()),
    "rgb2lab": _colours(lambda layer: Lab(centred=layer.options["center"])),
    "href": lambda layer, context: Mirror(),
    "column": lambda layer, context: Column(layer.options["index"], layer.options["count"]),
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
