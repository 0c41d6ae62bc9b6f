"""What one process has of a run: its network, or its part of it, and how its gradients meet those of the others."""

from dataclasses import dataclass
from typing import final

import torch

from alexnet.distributed.gradients import GradientSum
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.distributed.micro_batches import BatchDivision
from alexnet.networks.network import Network
from alexnet.networks.parallel.partition import Partition, partition
from alexnet.training.compute import CostInputs, compiled
from alexnet.training.recipe import Recipe


@final
@dataclass(frozen=True)
class Replica:
    """A process's share of the computation; what changes while training goes on is in the `State`."""

    network: Network
    """All of the network, or with the schemes columns and hybrid this process's part."""
    partition: Partition
    """Which part of it that is."""
    gradients: GradientSum
    """What sums the gradients of all processes."""
    cost_inputs: CostInputs
    """What computes the values that the network's costs take: `Network.cost_inputs`, compiled or not."""
    division: BatchDivision
    """How a batch is divided into micro-batches and shared."""

    @classmethod
    def of(
        cls,
        whole: Network,
        recipe: Recipe,
        group: ProcessGroup = ALONE,
        device: torch.device = torch.device("cpu"),  # noqa: B008  # a value, and never changed
    ) -> "Replica":
        """Take this process's part of a network to a device.

        Raises:
            RecipeError: the network cannot be divided as the group's scheme asks.
        """
        network, own = partition(whole, group)
        network.to(device)
        if device.type == "cuda":
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch documents it
        shared = [value for name, value in network.named_parameters() if not own.divides(name)]
        return cls(
            network=network,
            partition=own,
            gradients=GradientSum(group, shared),
            cost_inputs=compiled(network.cost_inputs) if recipe.training.compile else network.cost_inputs,
            division=BatchDivision(group, recipe.training.accumulate, recipe.group_size),
        )

    @property
    def group(self) -> ProcessGroup:
        """Who train together."""
        return self.partition.group

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.network.device

    @property
    def is_whole(self) -> bool:
        """Whether this process has the whole network."""
        return not self.partition.stages
