"""Stages by which the processes of a partitioned network gather values, or take their own of what all have."""

from dataclasses import replace
from typing import final

from torch import Tensor

from alexnet.distributed.group import ProcessGroup
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.layer import Layer, Shape
from alexnet.randomness import StepRandomness


@final
class GatheredRows(Layer):
    """Gather the pictures of every process."""

    def __init__(self, group: ProcessGroup) -> None:
        super().__init__()
        self.group = group
        self.own = slice(0, 0)
        """Which of the gathered pictures are this process's."""

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output from the shape of the input, of one picture."""
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        sizes = self.group.all_gather_sizes(len(x))
        start = sum(sizes[: self.group.rank])
        self.own = slice(start, start + len(x))
        return self.group.gather(x, 0, sizes)


@final
class Gathered(Layer):
    """Gather the channels or units of every process, `count` in all."""

    def __init__(self, group: ProcessGroup, count: int) -> None:
        super().__init__()
        self.group, self.count = group, count

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output from the shape of the input, of one picture."""
        return (self.count, *inputs[0][1:])

    def forward(self, x: Tensor) -> Tensor:
        return self.group.gather(x, 1, self.group.sizes(self.count))


@final
class OwnRows(Layer):
    """Take this process's pictures of those that were gathered."""

    def __init__(self, gathered: GatheredRows) -> None:
        super().__init__()
        self.gathered = [gathered]  # in a list: it is a stage of its own, not a part of this one

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output from the shape of the input, of one picture."""
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        return x[self.gathered[0].own]


@final
class OwnChannels(Layer):
    """Take this process's channels of whole maps."""

    def __init__(self, group: ProcessGroup) -> None:
        super().__init__()
        self.group = group

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output from the shape of the input, of one picture."""
        own = self.group.share(slice(0, inputs[0][0]))
        return (own.stop - own.start, *inputs[0][1:])

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.group.share(slice(0, x.shape[1]))]


@final
class WholeDropout(Layer):
    """Drop units of every process's pictures alike on all of them."""

    random = True

    def __init__(self, dropout: Dropout, gathered: GatheredRows | None) -> None:
        super().__init__()
        self.dropout, self.gathered = dropout, [gathered]

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output from the shape of the input, of one picture."""
        return inputs[0]

    def forward(self, x: Tensor, *, rng: StepRandomness | None = None, stage: str = "") -> Tensor:
        gathered = self.gathered[0]
        if rng is not None and gathered is not None:
            start = rng.start - gathered.own.start
            rng = replace(rng, start=start, stop=start + len(x))
        dropped: Tensor = self.dropout(x, rng=rng, stage=stage)
        return dropped
