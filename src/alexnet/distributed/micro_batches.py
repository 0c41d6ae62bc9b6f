"""How a batch is divided: into micro-batches where gradients are accumulated, and each of them over the processes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import final

from alexnet.distributed.group import ALONE, ProcessGroup


@final
@dataclass(frozen=True)
class MicroBatchRows:
    """Which rows of a batch are one process's share of a micro-batch."""

    rows: slice
    """Those of the whole batch that it puts through its network."""
    loss_rows: slice
    """Those of them, counted from the first, whose loss it adds: all, but with columns, where every process sees
    every picture."""


@final
@dataclass(frozen=True)
class BatchDivision:
    """How every batch is divided: what is read, trained on and evaluated follows from it alone."""

    group: ProcessGroup = field(default=ALONE)
    """Who share the batch."""
    accumulate: int = 1
    """Micro-batches of a batch, at most."""
    group_size: int = 1
    """Micro-batches and shares begin at multiples of it, where neighbouring pictures have something in common."""

    def micro_batches(self, total: int) -> Iterator[MicroBatchRows]:
        """Yield this process's rows of each micro-batch of a batch of `total` pictures, over all processes."""
        blocks = -(-total // self.group_size)
        for number in range(self.accumulate):
            first, last = (
                blocks * edge // self.accumulate * self.group_size for edge in (number, number + 1)
            )
            part = slice(first, min(last, total))
            if part.start == part.stop:
                continue
            rows = self.group.reads(part, self.group_size)
            share = self.group.share(part, self.group_size)
            yield MicroBatchRows(rows, slice(share.start - rows.start, share.stop - rows.start))
