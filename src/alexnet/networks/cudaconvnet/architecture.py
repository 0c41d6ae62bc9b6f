"""A definition file as an architecture: everything about a network but its weights, as text."""

import functools
import glob
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Self, final

import torch

from alexnet.errors import RecipeError
from alexnet.networks.costs import Cost
from alexnet.networks.cudaconvnet.columns import Merged, merge_columns
from alexnet.networks.cudaconvnet.constants import Constants
from alexnet.networks.cudaconvnet.grammar import WEIGHTED
from alexnet.networks.cudaconvnet.layer_context import LayerContext, check_values
from alexnet.networks.cudaconvnet.layers import Layer, Notes, read_layers
from alexnet.networks.cudaconvnet.objective import costs_of, prediction
from alexnet.networks.cudaconvnet.operations import operation
from alexnet.networks.cudaconvnet.sections import Section, read_sections, read_text
from alexnet.networks.cudaconvnet.weighted import hints
from alexnet.networks.layers.layer import Layer as Operation
from alexnet.networks.layers.layer import Shape
from alexnet.networks.network import Network
from alexnet.networks.stage import IMAGES, LARGEST_SIDE, Stage

_PICTURE_ONLY: Final = ("resize", "rscale", "rgb2yuv", "rgb2lab")
_SIDES: Final = {True: 32, False: 224}  # CIFAR-10's 10 classes, and all others
_TAKEN: Final = {
    *dir(Operation()),
    *dir(Network),
    "architecture",
    "stages",
    "output",
    "mean",
    "costs",
    IMAGES,
}
"""Names that a network has for other things than its stages."""


@final
@dataclass(frozen=True)
class Definition:
    """A network as a layer-definition file of the 2012 program says it.

    Its stages bear the names of the file: conv1a, conv1a_neuron ... Twin columns are merged where that gives
    the same network: conv1a and conv1b become conv1. The softmax at the end belongs to the cost, not to the
    network, whose last stage gives the logits.

    Raises:
        RecipeError: a text that cannot be read; file, line, section, key and what is allowed are named.
    """

    kind: ClassVar[str] = "definition"

    text: str
    """The content of the layer-definition file."""
    name: str = "definition"
    """The file's name, for messages."""
    parameters: str = ""
    """The content of the layer-parameter file; the network takes constants and dropout switches from it."""
    parameters_name: str = "layer-params"
    """That file's name, for messages."""
    classes: int = 0
    """How many classes the last layer tells apart; 0 for as many as the file says."""
    side: int = 0
    """Height and width of the input, in pixels, which no file says; 0 for 32 where there are 10 classes
    (CIFAR-10), and 224 for all others."""
    merged: bool = True
    """Merge twin columns into grouped stages where the two forms are equal: the same network in fewer stages."""
    tree: tuple[tuple[int, ...], ...] = ()
    """For treefc: the children of each node of the tree of classes, the classes first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", tuple(tuple(own) for own in self.tree))
        if not 0 <= self.side <= LARGEST_SIDE:
            raise RecipeError(
                f"{self.name}: an input of {self.side} pixels; at most {LARGEST_SIDE:,}, or 0 for the usual one"
            )
        with torch.device("meta"):
            shapes, _ = self._reading.made(self._reading.notes)
        object.__setattr__(self, "classes", math.prod(shapes[self._reading.output]))
        object.__setattr__(self, "side", self._reading.side)

    @functools.cached_property
    def _reading(self) -> "_Reading":
        """What the text says, read once; of its layers, stages are made anew each time."""
        return _Reading(self)

    @classmethod
    def read(cls, path: Path, parameters: str | None = None, **options: Any) -> Self:
        """Read a layer-definition file.

        Args:
            path: of the definition, such as layers-145.cfg.
            parameters: what the layer-parameter file says; without it, the file of that name beside it is read:
                layer-params-145.cfg, or if it is the only one, layer-params-145-anything.cfg.
            options: other fields.
        Raises:
            RecipeError: a file that cannot be read.
        Warns:
            DefinitionWarning: once, where old spellings were read with tolerance.
        """
        beside = _parameters_beside(path) if parameters is None else None
        if beside is not None:
            options |= {"parameters": read_text(beside), "parameters_name": beside.name}
        elif parameters is not None:
            options |= {"parameters": parameters}
        value = cls(read_text(path), path.name, **options)
        value._reading.notes.warn()
        return value

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages of the file's layers, in an order that can be run; the last gives the logits."""
        return self._reading.made(Notes(self.name))[1]

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers of which the network is made: merged, costs and data aside."""
        return self._reading.layers

    def merges(self) -> tuple[Merged, ...]:
        """Return which twins were merged, for `merge_weights` and `split_weights`; none with merged=False."""
        return self._reading.merges

    def costs(self) -> tuple[Cost, ...]:
        """Return the costs that the file trains for, over the stages of the network."""
        return self._reading.costs


class _Reading:
    """What a definition's text says: its layers and its costs; stages are made of it."""

    def __init__(self, definition: Definition) -> None:
        self.name, self.tree, self.asked = definition.name, definition.tree, definition.classes
        self.notes = Notes(definition.name)
        self.sections = _parameter_sections(definition)
        every = read_layers(definition.text, definition.name, self.notes)
        self.pictures = {
            layer.name for layer in every if layer.kind == "data" and not layer.options["dataIdx"]
        }
        self.output = prediction(every)
        last = _last_connected(every, self.output)
        self.side = definition.side or _SIDES[last.options.get("outputs") == 10]
        if self.asked:
            every = _with_classes(every, last, self.asked)
        self.costs = costs_of(every, self.sections)
        layers = [layer for layer in every if not layer.kind.startswith("cost.")]
        self.merges: tuple[Merged, ...] = ()
        merged: Sequence[Layer] = layers
        if definition.merged:
            merged, self.merges = merge_columns(layers, self.sections)
        self.layers = self._ordered(merged)

    def made(self, notes: Notes) -> tuple[dict[str, Shape], tuple[Stage, ...]]:
        """Make the stages, and the shapes of what they give; `notes` gathers what is read with tolerance.

        Raises:
            RecipeError: a layer that does not fit its inputs, or sizes beyond what numbers hold.
        """
        shapes: dict[str, Shape] = dict.fromkeys(self.pictures, (3, self.side, self.side))
        constants = Constants(self.sections, notes)
        made: dict[str, Operation] = {}
        stages: list[Stage] = []
        for layer in self.layers:
            context = LayerContext(tuple(shapes[name] for name in layer.inputs), constants, made, self.tree)
            stage = operation(layer, context)
            hints(layer, context.shapes, notes)
            made[layer.name] = stage
            shapes[layer.name] = stage.shape(*context.shapes)
            check_values(layer, shapes[layer.name])
            inputs = tuple(IMAGES if name in self.pictures else name for name in layer.inputs)
            stages.append(Stage(layer.name, stage, inputs))
        given = math.prod(shapes[self.output])
        if self.asked and given != self.asked:
            raise RecipeError(
                f"{self.name} tells {given} classes apart in [{self.output}], which is no single fc: "
                f"it cannot be given {self.asked}"
            )
        return shapes, tuple(stages)

    def _ordered(self, layers: Sequence[Layer]) -> tuple[Layer, ...]:
        """Return the layers that give stages, the output last."""
        by_name = {layer.name: layer for layer in layers}
        needed: set[str] = set()
        for name in (self.output, *(name for cost in self.costs for name in cost.stages)):
            _add_needed(name, by_name, needed)
        kept = [layer for layer in layers if layer.name in needed and layer.kind != "data"]
        for layer in kept:
            self._check(layer, by_name)
        if any(self.output in layer.inputs for layer in kept):
            raise by_name[self.output].wrong(
                "type", "its output is the network's answer; no other layer may read it"
            )
        kept.sort(key=lambda layer: layer.name == self.output)
        return tuple(kept)

    def _check(self, layer: Layer, by_name: Mapping[str, Layer]) -> None:
        for name in layer.inputs:
            if by_name[name].kind == "data" and name not in self.pictures:
                raise layer.wrong("inputs", f"`{name}` holds labels; only costs read them")
        if layer.kind in _PICTURE_ONLY:
            above: set[str] = set()
            for name in layer.inputs:
                _add_needed(name, by_name, above)
            weighted = next((name for name in above if by_name[name].kind in WEIGHTED), None)
            if weighted is not None:
                raise layer.wrong(
                    "inputs", f"{layer.kind} works on pictures only, not above weights ({weighted})"
                )
        if layer.name in _TAKEN:
            raise layer.wrong("type", f"`{layer.name}` cannot be a layer's name here; give it another")
        if "." in layer.name:
            raise layer.wrong("type", "a layer's name has no dots, which part it from its weights")


def _parameters_beside(path: Path) -> Path | None:
    """Return the layer-parameter file of a definition file: layers-145.cfg has layer-params-145.cfg."""
    if not path.name.startswith(("layers-", "layers.")):
        return None
    exact = path.with_name(path.name.replace("layers", "layer-params", 1))
    others = sorted(path.parent.glob(f"{glob.escape(exact.stem)}-*.cfg"))
    return exact if exact.is_file() else others[0] if len(others) == 1 else None


def _add_needed(name: str, layers: Mapping[str, Layer], found: set[str]) -> None:
    """Add a layer and all that it depends on."""
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(layers[name].inputs)


def _last_connected(layers: Sequence[Layer], output: str) -> Layer:
    """Return the layer with weights that gives the answer, below its neurons."""
    by_name = {layer.name: layer for layer in layers}
    layer = by_name[output]
    while layer.kind == "neuron":
        layer = by_name[layer.inputs[0]]
    return layer


def _with_classes(layers: Sequence[Layer], last: Layer, classes: int) -> tuple[Layer, ...]:
    """Give the last layer another number of outputs."""
    if last.kind != "fc":
        return tuple(layers)
    changed = replace(last, options={**last.options, "outputs": classes})
    return tuple(changed if layer is last else layer for layer in layers)


def _parameter_sections(definition: Definition) -> dict[str, Section]:
    if not definition.parameters:
        return {}
    return read_sections(definition.parameters, definition.parameters_name)
