"""Batches: each picture once, in the order given, and no thread left behind."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from alexnet import randomness
from alexnet.data.batches import Batch, MicroBatch, batches
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.data.split import Split
from alexnet.distributed.group import ProcessGroup
from alexnet.distributed.micro_batches import BatchDivision
from alexnet.distributed.rank import ProcessRank
from alexnet.errors import DataError


@pytest.fixture
def split(tmp_path: Path) -> Split:
    return prepare(Shapes(53, side=16), tmp_path / "set", side=16).split("train")


def readers() -> int:
    return sum(thread.name == "batches" for thread in threading.enumerate())


def whole(batch: Batch) -> MicroBatch:
    """Return the only micro-batch of a batch that one process takes at once."""
    (found,) = batch.micro_batches
    assert batch.total == len(found.images)
    return found


def test_an_epoch_shows_each_picture_once_in_the_order_given(split: Split) -> None:
    order = randomness.order(1, 0, len(split))
    seen = [whole(batch) for batch in batches(split, order, 10)]
    assert [len(batch.indices) for batch in seen] == [10, 10, 10, 10, 10, 3]
    assert torch.cat([batch.indices for batch in seen]).tolist() == order.tolist()
    for batch in seen:
        assert torch.equal(batch.images, split.images(batch.indices.numpy()))
        assert batch.labels.tolist() == split.labels[batch.indices.numpy()].tolist()


@pytest.mark.parametrize("start", [0, 7, 50, 53])
def test_starting_late_is_the_rest_of_the_whole(split: Split, start: int) -> None:
    order = randomness.order(1, 0, len(split))
    late = [whole(batch).indices for batch in batches(split, order, 10, start=start)]
    assert torch.cat([*late, torch.zeros(0, dtype=torch.int64)]).tolist() == order[start:].tolist()


def test_a_smaller_last_batch_can_be_left_out(split: Split) -> None:
    sizes = [
        len(whole(batch).indices) for batch in batches(split, np.arange(53), 10, start=10, drop_last=True)
    ]
    assert sizes == [10, 10, 10, 10]
    assert list(batches(split, np.arange(5), 10, drop_last=True)) == []


def test_closing_early_ends_the_thread(split: Split) -> None:
    stream = batches(split, np.arange(53), 2)
    next(stream)
    assert readers() == 1
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert readers() == 0
    for _ in batches(split, np.arange(53), 2):
        break
    assert readers() == 0


def test_a_reader_that_fails_tells_the_one_who_waits(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(indices: np.ndarray) -> torch.Tensor:
        raise DataError("shard gone")

    monkeypatch.setattr(split, "images", broken)
    with pytest.raises(DataError, match="shard gone"):
        list(batches(split, np.arange(53), 10))
    assert readers() == 0


def test_impossible_arguments_are_refused(split: Split) -> None:
    with pytest.raises(ValueError, match="size 0"):
        batches(split, np.arange(53), 0)
    with pytest.raises(ValueError, match="start 54"):
        batches(split, np.arange(53), 10, start=54)


@pytest.mark.parametrize("accumulate", [1, 3, 20])
@pytest.mark.parametrize("group_size", [1, 4])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_micro_batches_of_all_processes_are_the_batch(
    split: Split, accumulate: int, group_size: int, world_size: int
) -> None:
    """Every row once, in one place, with its own picture; shares and parts begin at multiples of the group."""
    order = randomness.order(2, 0, len(split))
    found: dict[int, int] = {}
    for rank in range(world_size):
        division = BatchDivision(ProcessGroup(ProcessRank(rank, world_size)), accumulate, group_size)
        (batch,) = batches(split, order, len(split), division=division)
        assert batch.total == len(split)
        for part in batch.micro_batches:
            assert part.rows.start % group_size == 0
            assert torch.equal(part.images, split.images(part.indices.numpy()))
            rows = range(part.rows.start, part.rows.stop)
            found.update(zip(rows, part.indices.tolist(), strict=True))
            assert part.valid_rows == slice(0, len(rows))
    assert [found[row] for row in range(len(split))] == order.tolist()
