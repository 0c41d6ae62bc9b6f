"""The layers of a definition file, read and checked one by one, before any weight is made."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

from alexnet.errors import RecipeError, choices
from alexnet.networks.cudaconvnet.grammar import INPUTS, LAYERS, REQUIRED, WEIGHTED, Key
from alexnet.networks.cudaconvnet.sections import Section, read_sections
from alexnet.networks.layers.neurons import read_neuron


class DefinitionWarning(UserWarning):
    """Warns that a file of the 2012 program was read with tolerance, and where."""


@final
@dataclass(frozen=True)
class Layer:
    """A layer of a definition: its type, the layers it reads, and what its keys say."""

    name: str
    kind: str
    """conv, fc, pool ...: one of `grammar.LAYERS`."""
    inputs: tuple[str, ...]
    options: Mapping[str, Any]
    """Values by the grammar's keys; a tuple with one value an input where the grammar says so."""
    section: Section
    """Where it is written, for messages."""
    gpu: int = 0
    """On which of the program's GPUs it ran; no longer of consequence."""
    columns: int = 1
    """Of how many columns it is made: 2 for twins that were merged."""

    def wrong(self, key: str, message: str) -> RecipeError:
        """Return the error about one of its keys."""
        return self.section.wrong(key, message)


@final
@dataclass
class Notes:
    """What was read with tolerance, gathered so that a file is warned about once."""

    file: str
    lines: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, section: Section, key: str, said: str) -> None:
        """Note a key and the line where it is, or where it is missing."""
        entry = section.entries.get(key.lower())
        line = entry.line if entry else section.line
        self.lines.setdefault((key, said), []).append(f"line {line} [{section.name}]")

    def warn(self) -> None:
        """Give the one warning, if there is anything to say."""
        if not self.lines:
            return
        said = [f"`{key}` {what}: {_some(lines)}" for (key, what), lines in self.lines.items()]
        warnings.warn(f"{self.file}: read with tolerance: {'; '.join(said)}", DefinitionWarning, stacklevel=2)


def _some(lines: list[str]) -> str:
    """Return the lines that a note is about; of many the first three."""
    more = f" and {len(lines) - 3} more" if len(lines) > 4 else ""
    return ", ".join(lines[:3] if more else lines) + more


def read_layers(text: str, file: str, notes: Notes) -> tuple[Layer, ...]:
    """Read a definition file: its layers in order, `neuron=` written out as layers of their own.

    Args:
        text: the file's content.
        file: its name, for messages.
        notes: gathers what was read with tolerance.
    Raises:
        RecipeError: what cannot be read; file, line, section, key and what is allowed are named.
    """
    sections = read_sections(text, file)
    if not sections:
        raise RecipeError(f"{file} defines no layers: sections such as [conv1] with a type= are expected")
    layers: dict[str, Layer] = {}
    stands_for: dict[str, str] = {}  # a layer with neuron=, and the neuron that its readers read
    for section in sections.values():
        layer = _read_layer(section, layers, notes)
        layers[layer.name] = replace(layer, inputs=tuple(stands_for.get(name, name) for name in layer.inputs))
        if layer.kind != "neuron" and section.entries.get("neuron"):
            neuron = _detached_neuron(layer, {*layers, *sections})
            layers[neuron.name] = neuron
            stands_for[layer.name] = neuron.name
    _check_use(layers)
    return tuple(layers.values())


def _read_layer(section: Section, layers: Mapping[str, Layer], notes: Notes) -> Layer:
    kind = _required(section, "type").strip()
    if kind not in LAYERS:
        raise section.wrong("type", f"not a type of layer; {choices(kind, LAYERS)}")
    inputs = _inputs(section, kind, layers)
    options = {key.name: read_key(section, key, len(inputs), notes) for key in LAYERS[kind]}
    if kind == "neuron":
        options["neuron"] = _neuron(section, _required(section, "neuron"))
    elif kind.startswith("cost.") and "neuron" in section.entries:
        raise section.wrong("neuron", "a cost has no neurons; leave it out")
    if kind in ("conv", "local"):
        for size in options["filterSize"], options["stride"]:
            if any(value < 1 for value in size):
                raise section.wrong("filterSize", "windows have a size and a stride of at least 1")
    if kind in ("conv", "local") and any(options["filterChannels"]) and not any(options["randSparse"]):
        options["filterChannels"] = (0,) * len(inputs)  # the key counts only beside randSparse
    if kind == "pool" and options["stride"] > options["sizeX"]:
        raise section.wrong("stride", f"at most sizeX={options['sizeX']}")
    if kind == "conv" and options["partialSum"] is None:
        notes.add(section, "partialSum", "is missing and has no effect here")
    if kind in WEIGHTED and (options["initWFunc"] or options["initBFunc"]):
        notes.add(section, "initWFunc", "is not run: weights are drawn as initW and initB say")
    return Layer(section.name, kind, inputs, options, section, _gpu(section, inputs, layers, notes))


def read_key(section: Section, key: Key, inputs: int, notes: Notes) -> Any:
    """Return a key's value, or its default: a tuple for a key with a value for each input.

    Raises:
        RecipeError: it is required and missing, not of its kind, or a list of the wrong length.
    """
    name = key.name
    if key.old and name.lower() not in section.entries and key.old.lower() in section.entries:
        name = key.old
        notes.add(section, name, f"is an old spelling of {key.name}")
    entry = section.entries.get(name.lower())
    if entry is None:
        if key.default is REQUIRED:
            raise section.wrong(key.name, f"missing; {key.allowed} expected")
        return (key.default,) * inputs if key.each else key.default
    if not key.each:
        return _value(section, key, name, entry.value)
    parts = [part.strip() for part in entry.value.split(",")]
    if len(parts) != inputs:
        raise section.wrong(name, f"{inputs} values expected, one for each input, not {len(parts)}")
    return tuple(_value(section, key, name, part) for part in parts)


def _value(section: Section, key: Key, name: str, part: str) -> Any:
    try:
        return key.read(part)
    except ValueError:
        raise section.wrong(name, f"{key.allowed} expected") from None


def _required(section: Section, key: str) -> str:
    entry = section.entries.get(key)
    if entry is None or not entry.value:
        raise section.wrong(key, f"missing; every layer needs {key}=")
    return entry.value


def _inputs(section: Section, kind: str, layers: Mapping[str, Layer]) -> tuple[str, ...]:
    if kind == "data":
        return ()
    names = tuple(name.strip() for name in _required(section, "inputs").split(","))
    for name in names:
        if name not in layers:
            raise section.wrong("inputs", f"`{name}` is not a layer above this one; {choices(name, layers)}")
        if layers[name].kind.startswith("cost."):
            raise section.wrong("inputs", f"`{name}` is a cost, which no layer can read")
    least, most = INPUTS.get(kind, (1, 1))
    if len(names) < least or (most is not None and len(names) > most):
        expected = f"{least} inputs" if most == least else f"at least {least} inputs"
        raise section.wrong("inputs", f"{kind} takes {expected}, not {len(names)}")
    return names


def _gpu(section: Section, inputs: tuple[str, ...], layers: Mapping[str, Layer], notes: Notes) -> int:
    if not inputs:
        return -1
    inherited = layers[inputs[0]].gpu
    entry = section.entries.get("gpu")
    if entry is None:
        if inherited < 0:
            notes.add(section, "gpu", "is missing and taken as 0")
        return max(inherited, 0)
    try:
        value = int(entry.value)
    except ValueError:
        value = -1
    if value < 0:
        raise section.wrong("gpu", "a whole number, at least 0, expected")
    return value


def _neuron(section: Section, text: str) -> str:
    try:
        read_neuron(text)
    except RecipeError as error:
        raise section.wrong("neuron", str(error)) from None
    return text.strip()


def _detached_neuron(layer: Layer, taken: set[str]) -> Layer:
    """Return the neuron layer for which `neuron=` of another layer is short."""
    text = _neuron(layer.section, layer.section.entries["neuron"].value)
    name, number = f"{layer.name}_neuron", 0
    while name in taken:
        number += 1
        name = f"{layer.name}_neuron_{number}"  # the program wrote .1; a dot parts a weight's name from its layer
    return Layer(name, "neuron", (layer.name,), {"neuron": text}, layer.section, layer.gpu)


def _check_use(layers: Mapping[str, Layer]) -> None:
    read = {name for layer in layers.values() for name in layer.inputs}
    for layer in layers.values():
        if layer.name not in read and not layer.kind.startswith("cost."):
            raise layer.wrong(
                "type", "no layer reads this one; take it out, or name it in the inputs of another"
            )
