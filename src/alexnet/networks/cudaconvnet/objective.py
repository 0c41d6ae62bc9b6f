"""Which stage answers, and for what a definition trains: its cost layers, fused with what feeds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from alexnet.errors import RecipeError
from alexnet.networks.costs import COSTS, Cost
from alexnet.networks.cudaconvnet.grammar import Key, integer, number
from alexnet.networks.cudaconvnet.layers import Layer, Notes, read_key
from alexnet.networks.cudaconvnet.sections import Section

_LABELLED = ("cost.logreg", "cost.crossent", "cost.crossent2", "cost.msm", "cost.rflickr")


def prediction(layers: Sequence[Layer]) -> str:
    """Return the layer whose values are the network's answer: those before the softmax of the first cost.

    Raises:
        RecipeError: the file has no cost, so that nothing says what it is for.
    """
    by_name = {layer.name: layer for layer in layers}
    costs = [layer for layer in layers if layer.kind.startswith("cost.")]
    if not costs:
        raise RecipeError(
            f"{layers[0].section.file} has no cost layer, such as [logprob] with type=cost.logreg: "
            "nothing says which layer answers"
        )
    first = next((layer for layer in costs if layer.kind in _LABELLED), costs[0])
    return _before(by_name[first.inputs[-1]], by_name, first)


def costs_of(layers: Sequence[Layer], parameters: Mapping[str, Section]) -> tuple[Cost, ...]:
    """Return the costs of a definition."""
    by_name = {layer.name: layer for layer in layers}
    made = []
    for layer in layers:
        if not layer.kind.startswith("cost."):
            continue
        kind = layer.kind.removeprefix("cost.")
        inputs = layer.inputs[1:] if layer.kind in _LABELLED else layer.inputs
        stages = tuple(_before(by_name[name], by_name, layer) for name in inputs)
        fused = kind != "crossent2" or stages != inputs
        made.append(
            Cost(
                layer.name,
                kind if fused else "crossent2-of-probabilities",
                stages,
                coefficient=_stated(layer, number("coeff", default=1.0), parameters),
                size=layer.options.get("sizeX", _stated(layer, integer("setSize", 1, default=1), parameters)),
                best=_stated(layer, integer("topk", 1, default=1), parameters),
            )
        )
        assert made[-1].kind in COSTS
    return tuple(made)


def _stated(layer: Layer, key: Key, parameters: Mapping[str, Section]) -> Any:
    section = parameters.get(layer.section.name)
    return key.default if section is None else read_key(section, key, 1, Notes(""))


def _before(layer: Layer, by_name: Mapping[str, Layer], cost: Layer) -> str:
    """Return the layer whose values a cost takes: softmax or logistic units become part of the cost."""
    if cost.kind in ("cost.logreg", "cost.crossent"):
        if layer.kind != "softmax":
            raise cost.wrong("inputs", f"{cost.kind} takes labels and a softmax layer, not a {layer.kind}")
        layer = by_name[layer.inputs[0]]
    elif cost.kind == "cost.crossent2" and layer.options.get("neuron") == "logistic":
        layer = by_name[layer.inputs[0]]
    while layer.options.get("neuron") == "ident":
        layer = by_name[layer.inputs[0]]
    return layer.name
