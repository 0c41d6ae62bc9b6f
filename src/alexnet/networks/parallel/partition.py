"""A network divided over processes: its columns (section 3.2), or its fully-connected layers (Krizhevsky 2014).

A divided network is an ordinary one whose layers have this process's filters or units only, with stages
between them that gather what a layer needs to see of the others. Values have one of three layouts:

* rows: this process's pictures, every channel (hybrid, up to the first fully-connected layer);
* whole: every picture, every channel;
* part: every picture, this process's channels or units.

columns: each process has one column of conv1, conv2, conv4 and conv5, and its share of every other layer's
filters or units; values are gathered before conv3 and the fully-connected layers, where the paper's two GPUs
spoke, and before a normalisation whose window crosses the columns.
hybrid: convolutions are whole on every process, for its own pictures; fully-connected layers are divided.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

import torch
from torch import Tensor

from alexnet.distributed.group import ProcessGroup
from alexnet.errors import RecipeError
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import Layer
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.network import Network
from alexnet.networks.parallel.collectives import Gathered, GatheredRows, OwnChannels, OwnRows, WholeDropout
from alexnet.networks.stage import IMAGES, Architecture, Stage

ROWS, WHOLE, PART = "rows", "whole", "part"
EACH_MAP: Final = (Pool, MapNormalization, Neuron)  # what these give for a channel depends on it alone


@final
@dataclass(frozen=True)
class PartitionedArchitecture:
    """This process's part of an architecture.

    Raises:
        RecipeError: a stage that cannot be divided, or a number of processes that does not fit the columns.
    """

    whole: Architecture
    """What all processes together compute."""
    group: ProcessGroup
    """Who share it, this process among them."""

    @property
    def kind(self) -> str:
        """The name of the network that is partitioned."""
        return self.whole.kind

    @property
    def classes(self) -> int:
        """How many classes the whole network tells apart."""
        return self.whole.classes

    @property
    def side(self) -> int:
        """Height and width of the input, in pixels."""
        return self.whole.side

    def stages(self) -> tuple[Stage, ...]:
        """Make this process's stages, those that gather among them; the last gives whole logits.

        With columns they are the logits of every picture, with hybrid of this process's.
        """
        partitioner = _Partitioner(self.group)
        for stage in self.whole.stages():
            partitioner.add(stage)
        return partitioner.ended()


@final
@dataclass(frozen=True)
class Partition:
    """Which values of a divided network are this process's: a share of the filters or units of some layers."""

    group: ProcessGroup
    stages: Mapping[str, int] = field(default_factory=dict)
    """How many filters or units each divided layer has in all, by the name of the stage."""

    def own(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return this process's part of values by the names of parameters and buffers."""
        return {name: value[self._share(name)] for name, value in values.items()}

    def whole(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Gather the values of every process, in all of them; what is not divided is copied."""
        found = {}
        for name, value in values.items():
            count = self._count(name)
            sizes = self.group.sizes(count or 0)
            found[name] = self.group.gather(value.detach(), 0, sizes) if count else value.detach().clone()
        return found

    def norm(self, name: str, value: Tensor) -> float:
        """Return the norm of a parameter, or of what belongs to it: of all of it."""
        squares = value.square().sum(dtype=torch.float64)
        return math.sqrt(float(self.group.add(squares) if self.divides(name) else squares))

    def divides(self, name: str) -> bool:
        """Whether a parameter of this name is divided."""
        return self._count(name) is not None

    def _count(self, name: str) -> int | None:
        return self.stages.get(name.rpartition(".")[0])

    def _share(self, name: str) -> slice:
        count = self._count(name)
        return slice(None) if count is None else self.group.share(slice(0, count))


def partition(network: Network, group: ProcessGroup) -> tuple[Network, Partition]:
    """Return this process's part of a network, with its weights and mean, and which values they are.

    The network itself comes back where every process holds all of it: alone, or with the data scheme.

    Raises:
        RecipeError: a stage that cannot be divided, or a number of processes that does not fit the columns.
    """
    if not group.is_distributed or group.scheme == "data":
        return network, Partition(group)
    if any(cost.kind != "logreg" or cost.stages != (network.output,) for cost in network.costs):
        raise RecipeError(
            f"a {network.architecture.kind} with costs of its own is not divided: --scheme data"
        )
    part = Network.empty(PartitionedArchitecture(network.architecture, group))
    lengths = {stage.name: _outputs(stage) for stage in part.stages}
    counts = {stage.name: _outputs(stage) for stage in network.stages}
    share = Partition(group, {name: count for name, count in counts.items() if lengths[name] != count})
    part.load_weights(share.own(network.state_dict()), "the undivided network")
    return part, share


def _outputs(stage: Stage) -> int:
    """Return how many filters or units a layer has; 0 for stages without weights."""
    bias = getattr(stage.operation, "bias", None)
    return 0 if bias is None else len(bias)


class _Partitioner:
    """Stages being divided one after the other, and the layout of the last one's values."""

    def __init__(self, group: ProcessGroup) -> None:
        self.group = group
        self.layout = WHOLE if group.scheme == "columns" else ROWS
        self.stages: list[Stage] = []
        self.before = self.whole_before = IMAGES
        self.outputs = 0
        self.rows: GatheredRows | None = None

    def add(self, stage: Stage) -> None:
        """Append a stage, divided, and before it what it needs."""
        operation, name = stage.operation, stage.name
        if stage.inputs != (self.whole_before,):
            raise RecipeError(
                f"{name} reads {', '.join(stage.inputs)}: only a chain of stages can be divided"
            )
        self.whole_before = name
        match operation:
            case FullyConnected():
                self.gather(name)
                self.append(name, self._units(name, operation), PART)
                self.outputs = len(operation.bias)
            case Convolution() if self.layout != ROWS:
                self.append(name, self._filters(name, operation), PART)
                self.outputs = len(operation.bias)
            case ResponseNormalization() if self.layout == PART and operation.groups % self.group.size == 0:
                groups = operation.groups // self.group.size
                self.append(name, _normalization(operation, groups), PART)
            case ResponseNormalization() if self.layout == PART:
                self.gather(name)
                self.append(name, operation, WHOLE)
            case Dropout() if self.layout != ROWS:
                self.gather(name)
                self.append(name, WholeDropout(operation, self.rows), WHOLE)
            case _ if self.layout == ROWS or not operation.random:
                if self.layout == PART and not isinstance(operation, EACH_MAP):
                    self.gather(name)
                self.append(name, operation, self.layout)
            case _:
                raise RecipeError(f"{name} ({type(operation).__name__}) cannot be divided over processes")

    def append(self, name: str, operation: Layer, layout: str) -> None:
        """Append a stage that reads the one before it."""
        self.stages.append(Stage(name, operation, (self.before,)))
        self.before, self.layout = name, layout

    def gather(self, reader: str) -> None:
        """Append what gathers the values for a stage that must see them whole."""
        if self.layout == ROWS:
            self.rows = GatheredRows(self.group)
            self.append(f"{reader}.pictures", self.rows, WHOLE)
        elif self.layout == PART:
            self.append(f"{reader}.gathered", Gathered(self.group, self.outputs), WHOLE)

    def ended(self) -> tuple[Stage, ...]:
        """Return the stages, the last of which gives whole logits."""
        last = self.stages[-1].name
        self.gather(last)
        if self.rows is not None:
            self.append(f"{last}.own", OwnRows(self.rows), ROWS)
        return tuple(self.stages)

    def _units(self, name: str, layer: FullyConnected) -> FullyConnected:
        units, inputs = layer.weight.shape
        if units < self.group.size:
            raise RecipeError(f"{name} has {units} units, too few for {self.group.size} processes")
        own = self.group.share(slice(0, units))
        return FullyConnected(inputs, own.stop - own.start, activation=layer.activation)

    def _filters(self, name: str, layer: Convolution) -> Convolution:
        """Return a convolution with this process's filters; its input becomes what they see."""
        count, groups = self.group.size, layer.groups
        filters, seen = layer.weight.shape[:2]
        if filters % count or (groups > 1 and groups % count):
            columns = f"{groups} columns" if groups > 1 else "one column"
            raise RecipeError(
                f"{name} has {filters} filters in {columns}, which {count} processes cannot divide: the columns "
                f"scheme takes as many processes as there are columns"
            )
        if groups == 1:
            self.gather(name)
        elif self.layout == WHOLE:
            self.append(f"{name}.column", OwnChannels(self.group), PART)
        own_groups = max(1, groups // count)
        return Convolution(
            seen * own_groups,
            filters // count,
            layer.size,
            stride=layer.stride,
            padding=layer.padding,
            groups=own_groups,
            whole=layer.whole,
            activation=layer.activation,
        )


def _normalization(layer: ResponseNormalization, groups: int) -> ResponseNormalization:
    return ResponseNormalization(layer.size, alpha=layer.alpha, beta=layer.beta, k=layer.k, groups=groups)
