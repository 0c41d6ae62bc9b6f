"""How many bytes each scheme of several processes sends in a training step, and how many weights each holds.

Shapes: N images of a batch, over all P processes. A gather, or the sum that is its gradient, sends a process's
part to each other process: (P - 1) / P of the gathered values. A sum of gradients that all need, done in a ring,
sends every value twice but for one part: 2 (P - 1) / P of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final

from alexnet.distributed.group import SCHEMES, ProcessGroup
from alexnet.distributed.rank import ProcessRank
from alexnet.errors import RecipeError
from alexnet.networks.layers.layer import Shape
from alexnet.networks.parallel.collectives import Gathered, GatheredRows
from alexnet.networks.parallel.partition import PartitionedArchitecture
from alexnet.networks.stage import IMAGES, Architecture, Stage

VALUE: Final = 4  # bytes of a float32


@final
@dataclass(frozen=True)
class CommunicationCost:
    """What a process sends in a training step, in bytes, and what it holds."""

    scheme: str
    processes: int
    gradients: float
    """Sums of gradients, in a ring."""
    activations: float
    """Values that layers need of other processes, and their gradients on the way back."""
    parameters: int
    """Weights and biases of the largest part."""

    @property
    def bytes(self) -> float:
        """All that a process sends in a step."""
        return self.gradients + self.activations


def communication_cost(
    architecture: Architecture, scheme: str, processes: int, batch_size: int
) -> CommunicationCost:
    """Count what a process sends in a training step.

    Args:
        architecture: of the undivided network.
        scheme: data, columns or hybrid.
        processes: how many train together.
        batch_size: pictures of a step, over all processes.
    Raises:
        RecipeError: the network cannot be divided so.
    """
    if processes == 1 or scheme == "data":
        stages = architecture.stages()
    else:
        last = ProcessRank(processes - 1, processes)  # of uneven shares the last one is the largest
        stages = PartitionedArchitecture(architecture, ProcessGroup(last, scheme)).stages()
    whole = {stage.name: _parameters([stage]) for stage in architecture.stages()}
    shared = sum(_parameters([stage]) for stage in stages if _parameters([stage]) == whole.get(stage.name, 0))
    others = (processes - 1) / processes
    gathered = _gathered(stages, architecture.side) * batch_size
    return CommunicationCost(
        scheme=scheme,
        processes=processes,
        gradients=2 * others * shared * VALUE,
        activations=2 * others * gathered * VALUE,  # there, and the gradients back
        parameters=_parameters(stages),
    )


def possible(architecture: Architecture, processes: int, batch_size: int) -> list[CommunicationCost]:
    """Return what each scheme sends, of those that divide this network over so many processes."""
    found = []
    for scheme in SCHEMES:
        try:
            found.append(communication_cost(architecture, scheme, processes, batch_size))
        except RecipeError:
            continue
    return found


def _gathered(stages: Iterable[Stage], side: int) -> int:
    """Return how many values of one image are gathered, over all stages that gather."""
    shapes: dict[str, Shape] = {IMAGES: (3, side, side)}
    total = 0
    for stage in stages:
        shapes[stage.name] = stage.operation.shape(*(shapes[name] for name in stage.inputs))
        if isinstance(stage.operation, Gathered | GatheredRows):
            values = 1
            for size in shapes[stage.name]:
                values *= size
            total += values
    return total


def _parameters(stages: Iterable[Stage]) -> int:
    return sum(value.numel() for stage in stages for value in stage.operation.parameters())
