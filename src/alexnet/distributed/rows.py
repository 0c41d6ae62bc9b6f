"""Which rows of a batch each process reads and judges."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from alexnet.distributed.processes import Processes


@final
@dataclass(frozen=True)
class Piece:
    """What one process does of one part of a batch; a batch has several where gradients are accumulated."""

    reads: slice
    """The rows of the batch that it puts through its network."""
    place: slice
    """Where they are among the rows that it reads of the whole batch."""
    judged: slice
    """Which of them it judges: the rows read, but with columns, where all see every picture."""


def pieces(processes: Processes, total: int, count: int = 1, multiple: int = 1) -> Iterator[Piece]:
    """Yield this process's pieces of a batch.

    Args:
        processes: who share the batch.
        total: pictures of the batch, over all processes.
        count: parts into which the batch is cut before it is shared, at most.
        multiple: parts and shares begin at multiples of it, where neighbouring pictures have something in common.
    """
    place, blocks = 0, -(-total // multiple)
    for number in range(count):
        first, last = (blocks * edge // count * multiple for edge in (number, number + 1))
        part = slice(first, min(last, total))
        if part.start == part.stop:
            continue
        reads, share = processes.reads(part, multiple), processes.share(part, multiple)
        stop = place + reads.stop - reads.start
        judged = slice(share.start - reads.start, share.stop - reads.start)
        yield Piece(reads, slice(place, stop), judged)
        place = stop
