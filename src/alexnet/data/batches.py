"""A split in the order of an epoch, a batch at a time, read ahead while the network computes.

Shapes: N pictures of a micro-batch, S their side.
"""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from alexnet.data.split import Split
from alexnet.distributed.micro_batches import BatchDivision

_POLL_SECONDS: Final = 0.1  # between looks at whether the reader is still wanted
WHOLE: Final = BatchDivision()
"""A batch that is one micro-batch of one process."""


@final
@dataclass(frozen=True)
class MicroBatch:
    """The pictures that this process puts through its network at once."""

    images: Tensor
    """uint8 RGB, (N, 3, S, S)."""
    labels: Tensor
    """int64, (N,): numbers of the data set's classes."""
    indices: Tensor
    """int64, (N,): numbers of the pictures in the split."""
    rows: slice
    """Which rows of the whole batch these are."""
    loss_rows: slice
    """Which of the N this process answers for: all, but where every process sees every picture."""
    unreadable_rows: dict[int, str] = field(default_factory=dict)
    """Those of the N that could not be read, and why: they are black, and count in no loss and no error."""

    @cached_property
    def valid_rows(self) -> slice | Tensor:
        """Return which of the N count in loss and errors: this process's, but for those that could not be read."""
        rows = range(self.loss_rows.start, self.loss_rows.stop)
        if self.unreadable_rows.keys().isdisjoint(rows):
            return self.loss_rows
        return torch.tensor([row for row in rows if row not in self.unreadable_rows], dtype=torch.int64)


@final
@dataclass(frozen=True)
class Batch:
    """The pictures of one step: this process's share of them, in micro-batches."""

    micro_batches: tuple[MicroBatch, ...]
    """At least one; one of no pictures where this process has no share."""
    total: int
    """Pictures of the batch over all processes."""


def batches(
    split: Split,
    order: np.ndarray,
    size: int,
    *,
    start: int = 0,
    drop_last: bool = False,
    ahead: int = 2,
    pinned: bool = False,
    division: BatchDivision = WHOLE,
    skip_unreadable: bool = False,
) -> Iterator[Batch]:
    """Yield a split's pictures in an order, read ahead by a thread.

    What is yielded depends on the arguments alone, so an epoch can be taken up again anywhere. Closing the
    iterator, or dropping it, ends the thread.

    Args:
        split: where the pictures are.
        order: int64 numbers of pictures of the split, (M,); each is yielded once, in this order.
        size: pictures a batch, over all processes; the last one may be smaller.
        start: where in `order` to begin.
        drop_last: leave out a last batch that is smaller.
        ahead: batches that may lie ready.
        pinned: put the pictures where a CUDA device can fetch them while it computes.
        division: how each batch is cut into micro-batches and shared; what others have is not touched.
        skip_unreadable: where a picture cannot be read, say so in its micro-batch's `unreadable_rows`.
    Raises:
        ValueError: `size` or `ahead` is below 1, or `start` is outside the order.
        DataError: a picture cannot be read, and `skip_unreadable` is not set.
    """
    if size < 1 or ahead < 1 or not 0 <= start <= len(order):
        raise ValueError(
            f"size {size}, ahead {ahead}, start {start} of {len(order)}: expected 1 or more, within the order"
        )
    stop = len(order) - (len(order) - start) % size if drop_last else len(order)
    parts = [order[first : min(first + size, stop)] for first in range(start, stop, size)]
    return _read_ahead(_Reader(split, division, pinned, skip_unreadable), parts, ahead)


def _read_ahead(reader: "_Reader", parts: list[np.ndarray], ahead: int) -> Iterator[Batch]:
    ready: queue.Queue[Batch | BaseException] = queue.Queue(ahead)
    unwanted = threading.Event()

    def put(item: Batch | BaseException) -> None:
        while not unwanted.is_set():
            try:
                ready.put(item, timeout=_POLL_SECONDS)
                return
            except queue.Full:
                continue

    def read() -> None:
        try:
            for indices in parts:
                if unwanted.is_set():
                    return
                put(reader.batch(indices))
        except BaseException as error:  # handed to the one who waits
            put(error)

    thread = threading.Thread(target=read, name="batches", daemon=True)
    thread.start()
    try:
        for _ in parts:
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        unwanted.set()
        thread.join()


@final
@dataclass(frozen=True)
class _Reader:
    split: Split
    division: BatchDivision
    pinned: bool
    skip_unreadable: bool

    def batch(self, indices: np.ndarray) -> Batch:
        """Read this process's rows of a batch at once, and cut them into micro-batches."""
        division = list(self.division.micro_batches(len(indices)))
        own = np.concatenate([indices[part.rows] for part in division])
        images, failed = self.split.read(own) if self.skip_unreadable else (self.split.images(own), {})
        if self.pinned:
            images = images.pin_memory()
        labels, numbers = torch.from_numpy(self.split.labels[own]), torch.from_numpy(own.astype(np.int64))
        micro_batches, first = [], 0
        for part in division:
            here = slice(first, first + part.rows.stop - part.rows.start)
            micro_batches.append(
                MicroBatch(
                    images=images[here],
                    labels=labels[here],
                    indices=numbers[here],
                    rows=part.rows,
                    loss_rows=part.loss_rows,
                    unreadable_rows={
                        row - here.start: str(error)
                        for row, error in failed.items()
                        if here.start <= row < here.stop
                    },
                )
            )
            first = here.stop
        return Batch(tuple(micro_batches), len(indices))
