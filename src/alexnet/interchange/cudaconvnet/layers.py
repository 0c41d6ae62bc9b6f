"""The layer table of a checkpoint, written as the definition and parameter files it was made from.

The program computed some entries from the files: the total of filters from those of a group, padding with a
minus sign, the scale of a normalisation divided by its window. They are taken back here.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from alexnet.errors import CheckpointError
from alexnet.networks.cudaconvnet.grammar import LAYERS, NORMALIZATIONS, REQUIRED, Key

Table = Mapping[str, Mapping[str, Any]]

_PARAMETERS: Final = {  # keys of the parameter file that belong to the network
    "hs": ("enable",),
    "cost.logreg": ("coeff", "topk"),
    "cost.msm": ("coeff", "setSize"),
}
_FROM_CODE: Final = ("initWFunc", "initBFunc", "initCFunc")  # how weights began no longer matters
_PLAIN: Final = re.compile(r"[\w\-.\[\]+]*")


def definition_text(table: Table, source: str) -> str:
    """Return the definition file of a layer table.

    Raises:
        CheckpointError: a layer of a type that does not exist, or an entry that is not what it should be.
    """
    sections = []
    for name, layer in table.items():
        inputs = input_names(layer, table, source)
        lines = [f"[{written_name(name)}]", f"type={_plain(layer['type'], source)}"]
        if inputs:
            lines.append(f"inputs={','.join(written_name(one) for one in inputs)}")
        if layer["type"] not in LAYERS:
            raise CheckpointError(
                f"{source} has a layer {name[:60]!r} of a type that is not known: {layer['type'][:60]!r}"
            )
        for key in LAYERS[layer["type"]]:
            value = _value(layer, key, len(inputs), source)
            if value is not None:
                lines.append(f"{key.name}={value}")
        if layer["type"] == "neuron":
            lines.append(f"neuron={_neuron(layer.get('neuron'), source)}")
        sections.append("\n".join(lines))
    return "\n\n".join([*sections, *_ending(table, source)]) + "\n"


def parameter_text(table: Table, source: str) -> str:
    """Return what of the parameter file of a layer table belongs to the network."""
    sections = []
    for name, layer in table.items():
        lines = [f"[{written_name(name)}]"]
        kind = layer["type"]
        if kind in NORMALIZATIONS and "scale" in layer:
            size = _number(layer.get("size"), source)
            lines.append(
                f"scale={_number(layer['scale'], source) * size ** (1 if kind == 'cmrnorm' else 2)!r}"
            )
            lines += [f"{key}={_number(layer[key], source)!r}" for key in ("pow", "minDiv") if key in layer]
        keys = _PARAMETERS.get(kind, ("coeff",) if kind.startswith("cost.") else ())
        lines += [f"{key}={_written(layer[key], source)}" for key in keys if key in layer]
        if len(lines) > 1:
            sections.append("\n".join(lines))
    return "\n\n".join(sections) + "\n" if sections else ""


def input_names(layer: Mapping[str, Any], table: Table, source: str) -> list[str]:
    """Return the names of a layer's inputs, which versions of the program kept as names, numbers or layers."""
    above = layer.get("inputLayers")
    if isinstance(above, list) and above and all(isinstance(one, dict) for one in above):
        names = [one.get("name") for one in above]
    else:
        order = list(table)
        names = layer.get("inputs", [])
        names = names if isinstance(names, list) else [names]
        names = [order[one] if isinstance(one, int) and 0 <= one < len(order) else one for one in names]
    for name in names:
        if not isinstance(name, str) or name not in table:
            raise CheckpointError(
                f"{source} is damaged: {layer['name'][:60]!r} reads a layer that is not there"
            )
    return [str(name) for name in names]


def side_of(table: Table, source: str) -> int:
    """Return the side of the pictures, in pixels, from the first layer that reads them; 0 if no layer says."""
    data = {name for name, layer in table.items() if layer["type"] == "data"}
    for layer in table.values():
        inputs = input_names(layer, table, source)
        size = layer.get("imgSize")
        if size is not None and inputs and inputs[0] in data:
            return int(_number(size[0] if isinstance(size, list) and size else size, source))
    for layer in table.values():
        outputs = layer.get("outputs")
        if layer["type"] == "data" and isinstance(outputs, int) and outputs > 3:
            return math.isqrt(outputs // 3)
    return 0


def written_name(name: str) -> str:
    """Return a layer's name as a definition has it here, where a dot parts a layer from its weights."""
    return name.replace(".", "_")


def _ending(table: Table, source: str) -> list[str]:
    """Return the layers that make a cost, for tables from which it was taken out."""
    if any(layer["type"].startswith("cost.") for layer in table.values()):
        return []
    read = {name for layer in table.values() for name in input_names(layer, table, source)}
    last = [name for name, layer in table.items() if name not in read and layer["type"] != "data"]
    if len(last) != 1:
        raise CheckpointError(f"{source} does not say which layer answers: {len(last)} are read by no other")
    answer, sections = written_name(last[0]), ["[labels_]\ntype=data\ndataIdx=1"]
    if table[last[0]]["type"] != "softmax":
        sections.append(f"[probs_]\ntype=softmax\ninputs={answer}")
        answer = "probs_"
    return [*sections, f"[logprob_]\ntype=cost.logreg\ninputs=labels_,{answer}\ngpu=0"]


def _value(layer: Mapping[str, Any], key: Key, inputs: int, source: str) -> str | None:
    """Return the value of a key as a file has it; None where it is left out."""
    if key.name in _FROM_CODE or (layer["type"] in NORMALIZATIONS and key.name in ("scale", "pow", "minDiv")):
        return None
    value = layer.get(key.name)
    if value is None and key.default is REQUIRED:
        value = {"dataIdx": 0, "initW": 0.01, "size": layer.get("sizeX")}.get(key.name)
    if value is None:
        return None
    if not key.each:
        return _written(value[0] if isinstance(value, list) and len(value) == 1 else value, source)
    values = list(value) if isinstance(value, list | tuple) else [value] * inputs
    if key.name == "padding":
        values = [abs(_number(one, source)) for one in values]
    if key.name == "filters":
        groups = layer.get("groups", 1)
        groups = groups if isinstance(groups, list) else [groups] * inputs
        values = [
            _whole(total, source) // max(1, _whole(g, source))
            for total, g in zip(values, groups, strict=False)
        ]
    if len(values) == 1 < inputs:
        values *= inputs
    return ",".join(_written(one, source) for one in values)


def _neuron(value: Any, source: str) -> str:
    if not isinstance(value, Mapping):
        return _plain(value, source)
    name = _plain(value.get("type"), source).partition("[")[0]
    numbers = value.get("params") or {}
    if not isinstance(numbers, Mapping):
        raise CheckpointError(f"{source} is damaged: the numbers of a neuron {name!r} are no table")
    listed = [repr(_number(numbers[letter], source)) for letter in "ab" if letter in numbers]
    return f"{name}[{','.join(listed)}]" if listed else name


def _written(value: Any, source: str) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    return _plain(value, source)


def _plain(value: Any, source: str) -> str:
    """Return a text that can stand in a definition file."""
    if not isinstance(value, str) or len(value) > 200 or not _PLAIN.fullmatch(value):
        raise CheckpointError(f"{source} is damaged: an entry of its layers is neither a number nor a name")
    return value


def _number(value: Any, source: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CheckpointError(f"{source} is damaged: an entry of its layers is not a number")
    return value


def _whole(value: Any, source: str) -> int:
    return int(_number(value, source))


def per_input(value: Any, inputs: Sequence[str]) -> list[Any]:
    """Return an entry that has one value for each input, for whichever version wrote it."""
    return list(value) if isinstance(value, list | tuple) else [value] * len(inputs)
