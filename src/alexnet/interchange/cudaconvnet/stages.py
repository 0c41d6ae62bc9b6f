"""A network of this package as the definition file that says the same, with its weights.

A normalisation that stays within its column has no layer of its own in such a file: the network is written as
two columns, conv1a and conv1b, as the program ran it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import torch
from torch import Tensor, nn

from alexnet.checkpoint import Checkpoint
from alexnet.errors import ExportError
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.cudaconvnet.column_weights import split_weights
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import Shape, positions
from alexnet.networks.layers.locally_connected import LocallyConnected
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.network import Network
from alexnet.networks.stage import IMAGES, Stage

_NEURONS: Final = {"identity": "", "relu": "relu", "tanh": "tanh[1,1]"}


def as_definition(checkpoint: Checkpoint) -> tuple[Definition, dict[str, Tensor], dict[str, Tensor]]:
    """Return a checkpoint's network as a definition that keeps its columns.

    Returns:
        the definition; the weights of its layers, and their velocities or nothing, by name.
    Raises:
        ExportError: the network has a stage for which the program of 2012 has no layer.
    """
    weights = {name: value for name, value in checkpoint.weights.items() if name != "mean"}
    velocity = dict(checkpoint.velocity)
    definition = checkpoint.architecture
    if not isinstance(definition, Definition):
        with torch.device("meta"):
            network = Network.empty(checkpoint.architecture)
        writing = _Writing(network)
        definition = writing.definition()
        weights = writing.weights(weights)
        velocity = writing.weights(velocity) if velocity else {}
    merges = definition.merges()
    apart = replace(definition, merged=False)
    return apart, split_weights(weights, merges), split_weights(velocity, merges) if velocity else {}


@dataclass
class _Writing:
    """A network's stages being written as sections."""

    network: Network
    sections: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    made: dict[str, list[str]] = field(default_factory=dict)  # the layers of each stage, one a column
    scaled: dict[str, float] = field(default_factory=dict)  # weights that take up what a dropout rescales

    def __post_init__(self) -> None:
        network = self.network
        side = network.architecture.side
        shapes: dict[str, Shape] = {IMAGES: (3, side, side), **network.shapes()}
        norms = [
            stage.operation for stage in network.stages if isinstance(stage.operation, ResponseNormalization)
        ]
        columns = {norm.groups for norm in norms} - {1}
        if columns - {2}:
            raise ExportError(
                f"a network of {max(columns)} columns is not written in the original format: 2 are"
            )
        self.columns = ["a", "b"] if columns else [""]
        self.made[IMAGES] = ["data"]
        self.sections += ["[data]\ntype=data\ndataIdx=0", "[labels]\ntype=data\ndataIdx=1"]
        for stage in network.stages:
            if len(stage.inputs) != 1:
                raise ExportError(
                    f"{stage.name} reads several stages, which is not written in the original format"
                )
            self._stage(stage, shapes[stage.inputs[0]])
        last = self.made[network.output][0]
        self.sections.append(f"[probs]\ntype=softmax\ninputs={last}")
        self.sections.append("[logprob]\ntype=cost.logreg\ninputs=labels,probs\ngpu=0")
        self.parameters.append("[logprob]\ncoeff=1")

    def definition(self) -> Definition:
        """Return the definition of all stages."""
        kind, architecture = self.network.architecture.kind, self.network.architecture
        return Definition(
            "\n\n".join(self.sections) + "\n",
            name=f"layers-{kind}.cfg",
            parameters="\n\n".join(self.parameters) + "\n",
            side=architecture.side,
        )

    def weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights (or velocities) under the names of the definition with its columns merged."""
        return {
            name: value * self.scaled[name.partition(".")[0]] if self._is_scaled(name) else value
            for name, value in weights.items()
        }

    def _is_scaled(self, name: str) -> bool:
        stage, _, kind = name.partition(".")
        return kind == "weight" and stage in self.scaled

    def _stage(self, stage: Stage, shape: Shape) -> None:
        before = self.made[stage.inputs[0]]
        last = stage.name == self.network.output
        columns = [""] if last else self.columns
        if stage.name in ("data", "labels", "probs", "logprob"):
            raise ExportError(f"a stage cannot be called {stage.name} in the original format")
        self.made[stage.name] = [f"{stage.name}{column}" for column in columns]
        for index, name in enumerate(self.made[stage.name]):
            lines = self._lines(stage, shape, index, len(columns), before)
            self.sections.append("\n".join([f"[{name}]", *lines]))
            if constants := _constants(stage.operation):
                self.parameters.append("\n".join([f"[{name}]", *constants]))
        operation = stage.operation
        if isinstance(operation, Dropout) and operation.rescaled:
            self._take_up(stage, 1.0 / operation.keep)

    def _take_up(self, dropout: Stage, factor: float) -> None:
        """Let the weights above a dropout that rescales take up the factor: that is the same network."""
        for stage in self.network.stages:
            if dropout.name in stage.inputs:
                if not isinstance(stage.operation, FullyConnected):
                    raise ExportError(
                        f"{dropout.name} rescales, and no fully-connected layer follows to take it up"
                    )
                self.scaled[stage.name] = factor

    def _lines(
        self, stage: Stage, shape: Shape, index: int, columns: int, before: Sequence[str]
    ) -> list[str]:
        """Return the keys of a stage's layer in one column."""
        operation: Any = stage.operation
        read = list(before)  # every column below, or the picture
        if columns == 2 and len(before) == 2 and not _sees_both(operation):
            read = [before[index]]
        parts = len(before)
        channels = shape[0] // parts if len(shape) == 3 else 0
        common = [f"inputs={','.join(read)}", f"gpu={index}"]
        if isinstance(operation, Convolution | LocallyConnected):
            kind = "conv" if isinstance(operation, Convolution) else "local"
            return [f"type={kind}", *common, *self._windows(stage, shape, channels, len(read), columns)]
        if isinstance(operation, FullyConnected):
            units = operation.weight.shape[0]
            if units % columns:
                raise ExportError(f"{stage.name} has {units} units, which do not fall into two columns")
            lines = [f"outputs={units // columns}", *_drawn(operation, len(read))]
            return ["type=fc", *common, *lines]
        if isinstance(operation, Pool):
            kind = {"max": "max", "average": "avg"}[operation.kind]
            lines = [
                f"pool={kind}",
                f"sizeX={operation.size}",
                f"stride={operation.stride}",
                f"channels={channels}",
            ]
            return ["type=pool", *common, *lines]
        if isinstance(operation, ResponseNormalization):
            return ["type=cmrnorm", *common, f"channels={channels}", f"size={operation.size}"]
        if isinstance(operation, MapNormalization):
            return ["type=rnorm", *common, f"channels={channels}", f"size={operation.size}"]
        if isinstance(operation, Dropout):
            return ["type=hs", *common, f"keep={operation.keep!r}"]
        if isinstance(operation, Neuron):
            function = operation.function
            numbers = f"[{','.join(map(repr, function.numbers))}]" if function.numbers else ""
            return ["type=neuron", *common, f"neuron={function.name}{numbers}"]
        raise ExportError(
            f"the program of 2012 has no layer for {stage.name} ({type(operation).__name__}): "
            "this network is not written in the original format"
        )

    def _windows(self, stage: Stage, shape: Shape, channels: int, inputs: int, columns: int) -> list[str]:
        operation: Any = stage.operation
        size, stride, padding = operation.size, operation.stride, operation.padding
        filters = operation.shape(shape)[0]
        if operation.shape(shape)[1] != positions(shape[1], size, stride, padding):
            raise ExportError(
                f"{stage.name} leaves out the window that hangs over the border, and the program of 2012 does not: "
                "this network is not written in the original format"
            )
        groups = operation.groups
        if columns == 2 and groups not in (1, 2):
            raise ExportError(f"{stage.name} has {groups} groups, which are no columns")
        groups = 1 if columns == 2 else groups
        each = {
            "channels": channels,
            "filters": filters // columns // groups,
            "filterSize": size,
            "stride": stride,
            "padding": padding,
            "groups": groups,
        }
        lines = [f"{key}={','.join([str(value)] * inputs)}" for key, value in each.items()]
        if isinstance(operation, Convolution):
            lines.append("partialSum=0")
        return [*lines, *_drawn(operation, inputs)]


def _sees_both(operation: nn.Module) -> bool:
    """Tell whether each column of a stage reads both columns below."""
    return isinstance(operation, FullyConnected) or (
        isinstance(operation, Convolution) and operation.groups == 1
    )


def _drawn(operation: Any, inputs: int) -> list[str]:
    """Return how weights begin, and the neurons above them."""
    lines = [
        f"initW={','.join([repr(float(operation.deviation))] * inputs)}",
        f"initB={operation.constant!r}",
    ]
    neuron = _NEURONS[operation.activation]
    return [*lines, f"neuron={neuron}"] if neuron else lines


def _constants(operation: nn.Module) -> list[str]:
    """Return the keys of a layer in the parameter file."""
    if isinstance(operation, ResponseNormalization):
        return [f"scale={operation.alpha!r}", f"pow={operation.beta!r}", f"minDiv={operation.k!r}"]
    if isinstance(operation, MapNormalization):
        return [f"scale={operation.scale!r}", f"pow={operation.power!r}"]
    if isinstance(operation, Dropout):
        return ["enable=1"]
    return []
