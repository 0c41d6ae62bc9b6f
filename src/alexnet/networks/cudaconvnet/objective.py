"""Which stage answers, and for what a definition trains: its cost layers, fused with what feeds them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    labelled = (layer for layer in costs if layer.kind in _LABELLED or _compared(layer, by_name))
    first = next(labelled, costs[0])
    compared = _compared(first, by_name)
    return compared[0] if compared else _before(by_name[first.inputs[-1]], by_name, first)


def costs_of(layers: Sequence[Layer], parameters: Mapping[str, Section]) -> tuple[Cost, ...]:
    """Return the costs of a definition.

    Args:
        layers: as read, `neuron=` written out.
        parameters: sections of the parameter file, with coeff, setSize and topk.
    Raises:
        RecipeError: a cost whose inputs are not what it takes.
    """
    by_name = {layer.name: layer for layer in layers}
    made = []
    for layer in layers:
        if not layer.kind.startswith("cost."):
            continue
        kind, inputs = layer.kind.removeprefix("cost."), layer.inputs
        if layer.kind in _LABELLED:
            if not _is_labels(by_name[inputs[0]]):
                raise layer.wrong(
                    "inputs", f"{layer.kind} takes labels first, a data layer of dataIdx=1 or more"
                )
            inputs = inputs[1:]
        compared = _compared(layer, by_name)
        stages: tuple[str, ...]
        if compared:
            kind, stages = "sum2-of-labels", (compared[0],)  # labels take no gradient
        else:
            stages = tuple(_before(by_name[name], by_name, layer) for name in inputs)
        if kind == "crossent2" and stages == inputs:  # no logistic units below it that it could take in
            kind = "crossent2-of-probabilities"
        cost = Cost(
            layer.name,
            kind,
            stages,
            coefficient=_stated(layer, number("coeff", default=1.0), parameters),
            size=layer.options.get("sizeX", _stated(layer, integer("setSize", 1, default=1), parameters)),
            best=_stated(layer, integer("topk", 1, default=1), parameters),
        )
        made.append(replace(cost, compared=compared[1]) if compared else cost)
        assert cost.kind in COSTS
    return tuple(made)


def _is_labels(layer: Layer) -> bool:
    return layer.kind == "data" and layer.options["dataIdx"] > 0


def _compared(cost: Layer, by_name: Mapping[str, Layer]) -> tuple[str, tuple[float, float]] | None:
    """Return what a cost of squares compares with the labels, if it does, and the coefficients of both.

    Such a cost reads an eltsum of the labels, zeros and ones, and of what the network gives: labels - y.
    """
    if cost.kind != "cost.sum2":
        return None
    layer = _without_identities(by_name[cost.inputs[0]], by_name)
    if layer.kind != "eltsum" or not any(_is_labels(by_name[name]) for name in layer.inputs):
        return None
    parts = list(zip(layer.inputs, layer.options["coeffs"], strict=True))
    labels = sum(coefficient for name, coefficient in parts if _is_labels(by_name[name]))
    values = [(name, coefficient) for name, coefficient in parts if not _is_labels(by_name[name])]
    if len(values) != 1:
        raise layer.wrong("inputs", "labels and the one layer that is compared with them expected")
    stage = _given(_without_identities(by_name[values[0][0]], by_name), cost)
    return stage, (labels, values[0][1])


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
    return _given(_without_identities(layer, by_name), cost)


def _without_identities(layer: Layer, by_name: Mapping[str, Layer]) -> Layer:
    """Return the layer below neurons that change nothing."""
    while layer.options.get("neuron") == "ident":
        layer = by_name[layer.inputs[0]]
    return layer


def _given(layer: Layer, cost: Layer) -> str:
    """Return the name of a layer that gives values of the network's own."""
    if layer.kind == "data":
        raise cost.wrong("inputs", f"values of the network expected, and `{layer.name}` is data")
    return layer.name
