"""Checkpoints that cannot be written: said, tried again, and never at the cost of the ones before."""

import errno
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.data.dataset import Dataset
from alexnet.errors import CheckpointError
from alexnet.runs.checkpoint_writer import CheckpointPolicy, CheckpointWriter
from alexnet.runs.checkpoints import BEST, checkpoint_path, checkpoints, digest
from alexnet.runs.directory import RunDirectory
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from alexnet.training.replica import Replica
from alexnet.training.starting import begin_training
from alexnet.training.state import State


class Disk:
    """Stands for `save_file`: fails at the calls whose numbers are in `fails`, from 0, and counts them all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.original: Any = checkpoint.__dict__["save_file"]
        self.calls, self.fails = 0, set[int]()
        self.hold = threading.Event()
        self.hold.set()
        monkeypatch.setattr(checkpoint, "save_file", self)

    def __call__(self, *arguments: Any, **named: Any) -> None:
        self.hold.wait(10)
        number, self.calls = self.calls, self.calls + 1
        if number in self.fails:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.original(*arguments, **named)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[RunDirectory]:
    with RunDirectory(tmp_path / "run", resume=False) as found:
        yield found


@pytest.fixture
def begun(shapes: Dataset, brief: Recipe) -> tuple[Replica, State]:
    return begin_training(shapes, brief)


def at(begun: tuple[Replica, State], shapes: Dataset, brief: Recipe, step: int) -> Checkpoint:
    replica, state = begun
    state.step = step
    return state.snapshot(replica, shapes, brief)


def test_training_does_not_wait_for_the_disk(
    disk: Disk, directory: RunDirectory, begun: tuple[Replica, State], shapes: Dataset, brief: Recipe
) -> None:
    """And what it does to the weights meanwhile is not in the checkpoint."""
    saver, before = CheckpointWriter(directory, 2, print), begun[1].network.state_dict()["fc4.weight"].clone()
    disk.hold.clear()
    began = time.monotonic()
    saver.submit(at(begun, shapes, brief, 1), best=False)
    assert time.monotonic() - began < 1.0
    with torch.no_grad():
        for parameter in begun[1].network.parameters():
            parameter.add_(1.0)
    disk.hold.set()
    saver.wait()
    assert torch.equal(checkpoint.load(checkpoint_path(directory.path, 1)).weights["fc4.weight"], before)


def test_an_error_that_passes_is_not_noticed(
    disk: Disk, directory: RunDirectory, begun: tuple[Replica, State], shapes: Dataset, brief: Recipe
) -> None:
    said: list[str] = []
    disk.fails = {0}
    saver = CheckpointWriter(directory, 2, said.append)
    saver.submit(at(begun, shapes, brief, 1), best=False)
    saver.wait()
    assert (disk.calls, said, saver.failure) == (2, [], None)
    assert checkpoint.load(checkpoint_path(directory.path, 1)).state["step"] == 1


def test_a_full_disk_is_said_once_and_the_checkpoint_before_stays(
    disk: Disk, directory: RunDirectory, begun: tuple[Replica, State], shapes: Dataset, brief: Recipe
) -> None:
    said: list[str] = []
    disk.fails = set(range(1, 5))
    saver = CheckpointWriter(directory, 2, said.append)
    for step in (1, 2, 3):
        saver.submit(at(begun, shapes, brief, step), best=False)
    saver.wait()
    assert "No space left on device" in str(saver.failure)
    assert len(said) == 1
    assert "No space left on device" in said[0]
    assert [path.name for path in checkpoints(directory.path)] == ["step-00000001.safetensors"]
    saver.submit(at(begun, shapes, brief, 4), best=False)
    saver.wait()
    assert said[1] == "checkpoints can be written again; the newest is of step 4"
    assert saver.failure is None
    assert not list(directory.path.rglob("*.tmp"))


def test_no_checkpoint_speaks_of_a_best_network_that_is_not_there(
    disk: Disk, directory: RunDirectory, begun: tuple[Replica, State], shapes: Dataset, brief: Recipe
) -> None:
    """The best network could not be written: it is written before the next checkpoint, which is no best one."""
    disk.fails = {0, 1}
    saver = CheckpointWriter(directory, 2, print)
    saver.submit(at(begun, shapes, brief, 1), best=True)
    saver.wait()
    assert checkpoints(directory.path) == []
    with torch.no_grad():
        begun[1].network.mean.add_(1.0)
    saver.submit(at(begun, shapes, brief, 2), best=False)
    saver.wait()
    best = checkpoint.load(directory.path / BEST)
    assert torch.equal(best.weights["mean"] + 1.0, begun[1].network.mean)


def test_a_mistake_of_ours_is_no_full_disk(
    disk: Disk,
    directory: RunDirectory,
    begun: tuple[Replica, State],
    shapes: Dataset,
    brief: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mistaken(*arguments: object) -> None:
        raise TypeError("ours")

    monkeypatch.setattr(checkpoint, "save", mistaken)
    saver = CheckpointWriter(directory, 2, print)
    saver.submit(at(begun, shapes, brief, 1), best=False)
    with pytest.raises(TypeError, match="ours"):
        saver.wait()


def test_a_checkpoint_that_is_there_is_not_written_again(
    disk: Disk, directory: RunDirectory, begun: tuple[Replica, State], shapes: Dataset, brief: Recipe
) -> None:
    """Unless a validation has added a row to the same step."""
    saver = CheckpointWriter(directory, 2, print)
    for rows, calls in ((0, 1), (0, 1), (1, 2), (1, 2)):
        begun[1].history = [{"step": 1}] * rows
        saver.submit(at(begun, shapes, brief, 1), best=False)
        saver.wait()
        assert disk.calls == calls


def test_at_every_moment_the_newest_checkpoints_are_kept(
    directory: RunDirectory, begun: tuple[Replica, State], shapes: Dataset, brief: Recipe
) -> None:
    saver = CheckpointWriter(directory, 3, print)
    for step in range(1, 7):
        saver.submit(at(begun, shapes, brief, step), best=False)
        saver.wait()
        found = [int(path.stem.removeprefix("step-")) for path in checkpoints(directory.path)]
        assert found == list(range(step, max(0, step - 3), -1))


def test_a_run_goes_on_over_a_full_disk_to_the_same_end(
    disk: Disk, shapes: Dataset, brief: Recipe, tmp_path: Path
) -> None:
    quiet, saving = ProgressDisplay(quiet=True), CheckpointPolicy(every_steps=4)
    run_training(shapes, brief, tmp_path / "one", policy=saving, display=quiet)
    disk.calls, disk.fails = 0, set(range(3, 9))
    run_training(shapes, brief, tmp_path / "two", policy=saving, display=quiet)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_a_run_whose_end_cannot_be_written_does_not_say_it_is_done(
    disk: Disk, shapes: Dataset, brief: Recipe, tmp_path: Path
) -> None:
    disk.fails = set(range(2, 1000))
    with pytest.raises(CheckpointError, match="No space left"):
        run_training(shapes, brief, tmp_path / "run", display=ProgressDisplay(quiet=True))
    disk.fails = set()
    run_training(shapes, brief, tmp_path / "run", resume=True, display=ProgressDisplay(quiet=True))
    run_training(shapes, brief, tmp_path / "straight", display=ProgressDisplay(quiet=True))
    assert digest(tmp_path / "run") == digest(tmp_path / "straight")
