"""Weights of this package to a checkpoint of the program of 2012.

The file holds what the program's own loaders of weights read (`model_state`, `layers`, `weights`, `biases`).
Its options object is left out, so the program cannot go on with it as one of its runs; the entry `alexnet`, of
which the program takes no notice, holds the class names and the mean picture.
"""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from alexnet.checkpoint import Checkpoint
from alexnet.files import written_whole
from alexnet.interchange.cudaconvnet import arrays
from alexnet.interchange.cudaconvnet.reading import OURS
from alexnet.interchange.cudaconvnet.stages import as_definition
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.cudaconvnet.constants import Constants
from alexnet.networks.cudaconvnet.grammar import NORMALIZATIONS, WEIGHTED
from alexnet.networks.cudaconvnet.layers import Layer, Notes, read_layers
from alexnet.networks.cudaconvnet.sections import read_sections
from alexnet.networks.cudaconvnet.weighted import weight_names
from alexnet.networks.layers.layer import Shape
from alexnet.networks.layers.neurons import read_neuron
from alexnet.networks.network import Network
from alexnet.pickles.writer import Writer


def write_state(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint in the format of the program of 2012.

    Raises:
        ExportError: the network has a stage for which the program has no layer.
        OSError: the file cannot be written.
    """
    definition, weights, velocity = as_definition(checkpoint)
    model = {
        "epoch": 1,
        "batchnum": 1,
        "train_outputs": [],
        "test_outputs": [],
        "layers": layer_table(definition, weights, velocity),
    }
    extras = {
        "classes": [_text(name) for name in checkpoint.classes],
        "words": [_text(name) for name in checkpoint.words],
        "picture_side": int(checkpoint.data.get("side", 0)),
        "data_mean": checkpoint.weights["mean"].detach().cpu().to(torch.float32).numpy().reshape(-1, 1),
    }
    with written_whole(path) as temporary, open(temporary, "wb") as file:
        Writer(file).write({"model_state": model, "op": None, OURS: extras})


def layer_table(
    definition: Definition, weights: Mapping[str, Tensor], velocity: Mapping[str, Tensor]
) -> OrderedDict[str, dict[str, Any]]:
    """Return the layer table of a definition that keeps its columns, with these weights."""
    with torch.device("meta"):
        network = Network.empty(definition)
    shapes: dict[str, Shape] = network.shapes()
    layers = read_layers(definition.text, definition.name, Notes(definition.name))
    sections = read_sections(definition.parameters, definition.name) if definition.parameters else {}
    constants = Constants(sections, Notes(definition.name))
    table: OrderedDict[str, dict[str, Any]] = OrderedDict()
    for layer in layers:
        if layer.kind == "data":
            shapes[layer.name] = (
                (3, definition.side, definition.side) if not layer.options["dataIdx"] else (1,)
            )
        shapes.setdefault(layer.name, shapes[layer.inputs[0]] if layer.inputs else (1,))
        inputs = [shapes[name] for name in layer.inputs]
        table[layer.name] = {
            "name": layer.name,
            "type": layer.kind,
            "inputs": list(layer.inputs),
            "inputLayers": [table[name] for name in layer.inputs],
            "numInputs": [int(torch.Size(shape).numel()) for shape in inputs],
            "outputs": int(torch.Size(shapes[layer.name]).numel()),
            "gpu": layer.gpu,
            **_options(layer, constants),
        }
        if layer.kind in ("conv", "local", "pool", *NORMALIZATIONS):
            table[layer.name].update(_sizes(layer, inputs, shapes[layer.name]))
        if layer.kind in WEIGHTED:
            table[layer.name].update(_weights(layer, weights, velocity, table))
    return table


def _options(layer: Layer, constants: Constants) -> dict[str, Any]:
    """Return the entries that the program computed from a layer's keys."""
    found: dict[str, Any] = {
        name: _plain(value) for name, value in layer.options.items() if value is not None
    }
    if layer.kind == "neuron":
        function = read_neuron(layer.options["neuron"])
        numbers = dict(zip("ab", function.numbers, strict=False))
        found.update(neuron={"type": function.name, "params": numbers}, src_layer=layer.inputs[0])
    if layer.kind in ("conv", "local"):
        groups = layer.options["groups"]
        found["filters"] = [f * g for f, g in zip(layer.options["filters"], groups, strict=True)]
        found["padding"] = [-p for p in layer.options["padding"]]
        if not any(layer.options["randSparse"]):
            seen = zip(layer.options["channels"], groups, strict=True)
            found["filterChannels"] = [channels // g for channels, g in seen]
    if layer.kind in NORMALIZATIONS:
        scale, power, least = constants.of_normalization(layer)
        divisor = layer.options["size"] ** (1 if layer.kind == "cmrnorm" else 2)
        found.update(scale=scale / divisor, pow=power)
        if layer.kind == "cmrnorm":
            found["minDiv"] = least
    if layer.kind == "hs":
        found["enable"] = constants.of_dropout(layer)
    if layer.kind.startswith("cost."):
        found["coeff"] = 1.0
    return found


def _sizes(layer: Layer, inputs: list[Shape], output: Shape) -> dict[str, Any]:
    sides = [shape[1] for shape in inputs]
    if layer.kind in ("conv", "local"):
        return {"imgSize": sides, "modulesX": output[1], "modules": output[1] ** 2}
    return {"imgSize": sides[0], **({"outputsX": output[1]} if layer.kind == "pool" else {})}


def _weights(
    layer: Layer,
    weights: Mapping[str, Tensor],
    velocity: Mapping[str, Tensor],
    table: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    """Return the matrices of a layer: its own, and those that it shares with a layer above."""
    found: dict[str, Any] = {"weights": [], "weightsInc": []}
    connections: list[list[int]] = []
    for index, name in enumerate(weight_names(layer)):
        key = f"{layer.name}.{name}"
        source = layer.options["weightSource"][index]
        if source:
            owner, _, other = source.partition("[")
            entry = found if owner == layer.name else table[owner]
            for kind in ("weights", "weightsInc"):
                found[kind].append(entry[kind][int(other.rstrip("] ") or 0)])
            connections.append([])
            continue
        own = arrays.matrix(layer.kind, weights[key])
        found["weights"].append(own)
        moved = arrays.matrix(layer.kind, velocity[key]) if key in velocity else np.zeros_like(own)
        found["weightsInc"].append(moved)
        buffer = weights.get(f"{layer.name}.connections{index}")
        connections.append([] if buffer is None else buffer.tolist())
    if any(connections):
        found["filterConns"] = connections
    key = f"{layer.name}.bias"
    found["biases"] = arrays.biases(layer.kind, weights[key])
    zeros = np.zeros_like(found["biases"])
    found["biasesInc"] = arrays.biases(layer.kind, velocity[key]) if key in velocity else zeros
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _text(name: str) -> str:
    """Return a text as Python 2 kept it: UTF-8, one character a byte."""
    return name.encode("utf-8", "surrogateescape").decode("latin-1")
