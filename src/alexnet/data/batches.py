"""A split in the order of an epoch, a batch at a time, read ahead while the network computes."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from alexnet.data.dataset import Split

_PATIENCE = 0.1  # seconds between looks at whether the reader is still wanted


@dataclass(frozen=True)
class Batch:
    """Some pictures of a split."""

    images: Tensor
    """uint8 RGB, (N, 3, S, S)."""
    labels: Tensor
    """int64, (N,): places in the data set's classes."""
    indices: Tensor
    """int64, (N,): places in the split."""
    total: int
    """Pictures of the batch over all processes; N of them are here."""
    unread: dict[int, str] = field(default_factory=dict)
    """Rows of `images` that could not be read, and why: they are black, and nobody shall judge them."""

    def gaps(self, place: slice) -> set[int]:
        """Return which rows at a place could not be read, counted from its first."""
        return {row - place.start for row in self.unread if place.start <= row < place.stop}

    def kept(self, place: slice, judged: slice) -> slice | Tensor:
        """Return which rows are judged of those at a place: all that are asked for, but for the unread."""
        gaps = self.gaps(place)
        rows = range(judged.start, judged.stop)
        if gaps.isdisjoint(rows):
            return judged
        return torch.tensor([row for row in rows if row not in gaps], dtype=torch.int64)


def batches(
    split: Split,
    order: np.ndarray,
    size: int,
    *,
    start: int = 0,
    drop_last: bool = False,
    ahead: int = 2,
    pinned: bool = False,
    reads: Callable[[int], Iterable[slice]] = lambda total: [slice(0, total)],
    gaps: bool = False,
) -> Iterator[Batch]:
    """Yield a split's pictures in an order, read ahead by a thread.

    What is yielded depends on the arguments alone, so an epoch can be taken up again at any place. Closing
    the iterator, or dropping it, ends the thread.

    Args:
        split: where the pictures are.
        order: int64 places in the split, (M,); each is yielded once, in this order.
        size: pictures a batch; the last one may be smaller.
        start: the place in `order` to begin at.
        drop_last: leave out a last batch that is smaller.
        ahead: batches that may lie ready.
        pinned: put the pictures where a CUDA device can fetch them while it computes.
        reads: gives the rows of a batch of so many pictures that this process reads; the rest is not touched.
        gaps: where a picture cannot be read, leave a gap and say so in the batch's `unread`.
    Raises:
        ValueError: `size` or `ahead` is below 1, or `start` is outside the order.
        DataError: a picture cannot be read, and gaps are not allowed.
    """
    if size < 1 or ahead < 1 or not 0 <= start <= len(order):
        raise ValueError(
            f"size {size}, ahead {ahead}, start {start} of {len(order)}: expected 1 or more, within the order"
        )
    stop = len(order) - (len(order) - start) % size if drop_last else len(order)
    pieces = [order[place : min(place + size, stop)] for place in range(start, stop, size)]
    own = [(np.concatenate([piece[rows] for rows in reads(len(piece))]), len(piece)) for piece in pieces]
    return _read_ahead(split, own, ahead, pinned, gaps)


def _read_ahead(
    split: Split, pieces: list[tuple[np.ndarray, int]], ahead: int, pinned: bool, gaps: bool
) -> Iterator[Batch]:
    ready: queue.Queue[Batch | BaseException] = queue.Queue(ahead)
    unwanted = threading.Event()

    def put(item: Batch | BaseException) -> None:
        while not unwanted.is_set():
            try:
                ready.put(item, timeout=_PATIENCE)
                return
            except queue.Full:
                continue

    def read() -> None:
        try:
            for piece, total in pieces:
                if unwanted.is_set():
                    return
                put(_batch(split, piece, total, pinned, gaps))
        except BaseException as error:  # handed to the one who waits
            put(error)

    reader = threading.Thread(target=read, name="batches", daemon=True)
    reader.start()
    try:
        for _ in pieces:
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        unwanted.set()
        reader.join()


def _batch(split: Split, indices: np.ndarray, total: int, pinned: bool, gaps: bool) -> Batch:
    images, failed = split.read(indices) if gaps else (split.images(indices), {})
    labels, places = torch.from_numpy(split.labels[indices]), torch.from_numpy(indices.astype(np.int64))
    unread = {row: str(error) for row, error in failed.items()}
    return Batch(images.pin_memory() if pinned else images, labels, places, total, unread)
