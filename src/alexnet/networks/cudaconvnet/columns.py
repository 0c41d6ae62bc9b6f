"""Merge the twin columns of a definition into grouped stages; column_weights does so with their weights.

The program kept each column's layers on a GPU of its own: conv1a and conv1b. Where twins say the same but for
the column that they read, one stage does the work of both: maps of the first column, then those of
the second. A layer's input is merged with its twin's in one of three ways:

    shared  both read the same one (conv1 reads the picture): the filters of one, then those of the other
    own     each reads its own column (conv2): the same, in two groups
    both    both read both columns (conv3, fc): the inputs joined as well

A layer without a twin that reads both columns (the last, fc1000) reads them as one. What cannot be merged (a
fully-connected layer that sees only its column) is kept, and reads its column of what was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

from alexnet.networks.cudaconvnet.grammar import LAYERS, WEIGHTED
from alexnet.networks.cudaconvnet.layers import Layer
from alexnet.networks.cudaconvnet.sections import Section

_TWIN: Final = {"a": "b", "c": "d"}
_ELEMENTWISE: Final = ("pool", "cmrnorm", "rnorm", "cnorm", "hs", "neuron", "nailbed", "blur")


@final
@dataclass(frozen=True)
class InputMerge:
    """How one input of a merged layer meets those of the twins: which of the twins' inputs it joins."""

    how: str
    """shared, own or both."""
    first: tuple[int, ...]
    """Of the twin of the first column; two where both columns are read."""
    second: tuple[int, ...]


@final
@dataclass(frozen=True)
class Merged:
    """A stage that does the work of twins, or of a single layer that reads both columns."""

    name: str
    twins: tuple[Layer, ...]
    """Two, or one."""
    input_merges: tuple[InputMerge, ...]


def merge_columns(
    layers: Sequence[Layer], parameters: Mapping[str, Section]
) -> tuple[tuple[Layer, ...], tuple[Merged, ...]]:
    """Merge the twins of a definition where the two forms are equal.

    Args:
        layers: as read; names that differ by a last letter of a and b, or c and d, are twins.
        parameters: sections of the parameter file; twins must be trained alike to be merged.
    Returns:
        the layers in an order that can be run, and what was merged.
    """
    merger = _Merger(layers, parameters)
    return merger.layers(), tuple(merger.merged.values())


class _Merger:
    def __init__(self, layers: Sequence[Layer], parameters: Mapping[str, Section]) -> None:
        self.by_name = {layer.name: layer for layer in layers}
        self.parameters = parameters
        self.shared = {text.partition("[")[0] for layer in layers for text in _sources(layer)}
        self.merged: dict[str, Merged] = {}  # by the name of the stage
        self.column: dict[str, tuple[str, int]] = {}  # a twin's merged stage, and which column of it
        for layer in layers:
            twin = self.by_name.get(_twin(layer))
            if twin and (input_merges := self._input_merges(layer, twin)):
                name = self._name(layer)
                self.merged[name] = Merged(name, (layer, twin), input_merges)
                self.column[layer.name], self.column[twin.name] = (name, 0), (name, 1)
        for layer in layers:
            if layer.name not in self.column and (input_merges := self._alone(layer)):
                self.merged[layer.name] = Merged(layer.name, (layer,), input_merges)

    def layers(self) -> tuple[Layer, ...]:
        """Return the merged definition: every layer after those that it reads."""
        made: dict[str, Layer] = {}
        for layer in self.by_name.values():
            self._emit(layer.name, made, whole=layer.name in self.column)
        return tuple(made.values())

    def _emit(self, name: str, made: dict[str, Layer], *, whole: bool) -> None:
        """Add a layer, or with `whole` the stage that it is merged into, and first what it reads."""
        layer = self.by_name[name]
        stage, index = self.column.get(name, (name, 0))
        if stage not in made and stage not in self.merged:
            for other in layer.inputs:
                self._emit(other, made, whole=False)
            made[stage] = layer
        elif stage not in made:
            merged = self.merged[stage]
            for merge in merged.input_merges:
                read = merged.twins[0].inputs[merge.first[0]]
                self._emit(read, made, whole=merge.how != "shared")
            made[stage] = self._layer(merged)
        if name in self.column and not whole and name not in made:
            made[name] = Layer(name, "column", (stage,), {"index": index, "count": 2}, layer.section)

    def _input_merges(self, layer: Layer, twin: Layer) -> tuple[InputMerge, ...] | None:
        """Return how the inputs of twins are merged, or None where they cannot be merged."""
        if layer.kind != twin.kind or len(layer.inputs) != len(twin.inputs) or layer.kind.startswith("cost."):
            return None
        if layer.kind in WEIGHTED:
            return self._weighted(layer, twin)
        if layer.kind not in _ELEMENTWISE or not self._alike(layer, twin) or layer.options.get("blocked"):
            return None
        return (InputMerge("own", (0,), (0,)),) if self._own(layer.inputs[0], twin.inputs[0]) else None

    def _alone(self, layer: Layer) -> tuple[InputMerge, ...] | None:
        """Return how a layer without a twin reads both columns, or None where it does not."""
        input_merges = self._weighted(layer, layer) if layer.kind in WEIGHTED else None
        return input_merges if input_merges and any(merge.how == "both" for merge in input_merges) else None

    def _weighted(self, layer: Layer, twin: Layer) -> tuple[InputMerge, ...] | None:
        if layer.kind == "treefc" or any(_sources(layer)) or any(_sources(twin)):
            return None
        if {layer.name, twin.name} & self.shared or any(layer.options.get("randSparse", ())):
            return None
        input_merges: list[InputMerge] = []
        for index, name in enumerate(layer.inputs):
            if any(index in merge.first for merge in input_merges):
                continue
            merge = self._input_merge(layer, twin, index, name)
            if merge is None:
                return None
            input_merges.append(merge)
        alike = all(self._alike(layer, twin, merge) for merge in input_merges)
        return tuple(input_merges) if alike else None

    def _input_merge(self, layer: Layer, twin: Layer, index: int, name: str) -> InputMerge | None:
        groups = layer.options.get("groups", (1,) * len(layer.inputs))
        if name not in self.column:
            if twin.inputs.count(name) != 1 or groups[index] > 1:
                return None
            return InputMerge("shared", (index,), (twin.inputs.index(name),))
        columns = [other for other, at in self.column.items() if at[0] == self.column[name][0]]
        columns.sort(key=lambda other: self.column[other][1])
        if all(layer.inputs.count(c) == 1 and twin.inputs.count(c) == 1 for c in columns):
            first, second = (tuple(side.inputs.index(c) for c in columns) for side in (layer, twin))
            return InputMerge("both", first, second) if groups[index] == 1 else None
        if name != columns[0] or twin.inputs.count(columns[1]) != 1 or layer.kind == "fc":
            return None
        if columns[1] in layer.inputs or columns[0] in twin.inputs:
            return None
        return InputMerge("own", (index,), (twin.inputs.index(columns[1]),))

    def _own(self, name: str, other: str) -> bool:
        """Tell whether two layers are the columns, in order, of one merged stage."""
        pair = self.column.get(name), self.column.get(other)
        return (
            pair[0] is not None
            and pair[1] is not None
            and pair[0][0] == pair[1][0]
            and pair[0][1] < pair[1][1]
        )

    def _alike(self, layer: Layer, twin: Layer, merge: InputMerge | None = None) -> bool:
        """Tell whether twins say the same, in the definition and in the parameter file."""
        if merge is None:
            if dict(layer.options) != dict(twin.options):
                return False
        elif not _options_alike(layer, twin, merge):
            return False
        return self._trained_alike(layer, twin, merge)

    def _trained_alike(self, layer: Layer, twin: Layer, merge: InputMerge | None) -> bool:
        mine, other = (self.parameters.get(side.section.name) for side in (layer, twin))
        if mine is None or other is None:
            return mine is other
        if mine.entries.keys() != other.entries.keys():
            return False
        for key, entry in mine.entries.items():
            values = [
                [part.strip() for part in value.split(",")]
                for value in (entry.value, other.entries[key].value)
            ]
            if "[" in entry.value or merge is None or len(values[0]) != len(layer.inputs):
                if values[0] != values[1]:
                    return False
                continue
            picked = {values[0][i] for i in merge.first} | {values[1][i] for i in merge.second}
            if len(picked) > 1:
                return False
            norm = key in ("wball", "wcnormmin", "wcnormmax") and float(next(iter(picked)) or 0) > 0
            if norm and merge.how == "both":  # the program held the norm of each input's part by itself
                return False
        return True

    def _layer(self, merged: Merged) -> Layer:
        first = merged.twins[0]
        inputs = []
        for merge in merged.input_merges:
            name = first.inputs[merge.first[0]]
            inputs.append(name if merge.how == "shared" else self.column[name][0])
        options = dict(first.options)
        if first.kind in WEIGHTED:
            options.update(_joined(merged))
        elif isinstance(options.get("channels"), int):
            options["channels"] *= 2
        return replace(first, name=merged.name, inputs=tuple(inputs), options=options, columns=2)

    def _name(self, layer: Layer) -> str:
        stem, neuron, rest = layer.name.partition("_neuron")
        name = stem[:-1] + neuron + rest
        if name and name not in self.by_name and name not in self.merged:
            return name
        return f"{stem[:-1]}_{stem[-1]}{_TWIN[stem[-1]]}{neuron}{rest}"


def _twin(layer: Layer) -> str:
    """Return what a layer's twin would be called; nothing for a second twin."""
    stem, neuron, rest = layer.name.partition("_neuron")
    return stem[:-1] + _TWIN[stem[-1]] + neuron + rest if stem[-1:] in _TWIN else ""


def _sources(layer: Layer) -> tuple[str, ...]:
    return tuple(text for text in layer.options.get("weightSource", ()) if text)


def _options_alike(layer: Layer, twin: Layer, merge: InputMerge) -> bool:
    each = {key.name for key in LAYERS[layer.kind] if key.each}
    for name, value in layer.options.items():
        other = twin.options[name]
        if name in ("initWFunc", "initBFunc"):  # names of the layers that they copy; not run here
            continue
        if name in each:
            if len({value[i] for i in merge.first} | {other[i] for i in merge.second}) > 1:
                return False
        elif value != other:
            return False
    return True


def _joined(merged: Merged) -> dict[str, Any]:
    """Return the keys of a merged weight layer that differ from those of its twins."""
    layer, input_merges, count = merged.twins[0], merged.input_merges, len(merged.twins)
    each = [key.name for key in LAYERS[layer.kind] if key.each]
    joined = {name: tuple(layer.options[name][m.first[0]] for m in input_merges) for name in each}
    if layer.kind == "fc":
        return {**joined, "outputs": count * layer.options["outputs"]}
    own = [2 if merge.how == "own" else 1 for merge in input_merges]
    wide = [1 if merge.how == "shared" else 2 for merge in input_merges]
    joined["groups"] = tuple(g * n for g, n in zip(joined["groups"], own, strict=True))
    joined["channels"] = tuple(c * n for c, n in zip(joined["channels"], wide, strict=True))
    joined["filters"] = tuple(f * count // n for f, n in zip(joined["filters"], own, strict=True))
    return joined
