"""A real disk that is too small, and a wall clock that jumps: neither changes what a run ends with."""

import datetime
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alexnet import checkpoint
from alexnet.data.dataset import Dataset
from alexnet.errors import AlexNetError, CheckpointError
from alexnet.runs.checkpoint_writer import CheckpointPolicy
from alexnet.runs.checkpoints import checkpoints, digest
from alexnet.training import display as progress_module
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import Schedule

SAVING = CheckpointPolicy(every_steps=4)  # of 0.64 MB each


class Disk:
    """A file system in memory whose size is changed while it is in use."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def resize(self, kilobytes: int) -> None:
        options = f"remount,size={kilobytes}k"
        subprocess.run(["mount", "-o", options, str(self.path)], check=True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    """1,200 KB: room for one checkpoint and what else a run writes."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root of a Linux machine can mount a file system")
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(path)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system cannot be mounted here")
    yield Disk(path)
    subprocess.run(["umount", str(path)], check=True)


class Room(ProgressDisplay):
    """Make room on the disk once the run says that it is full."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(quiet=True)
        self.disk, self.said = disk, list[str]()

    def say(self, line: str) -> None:
        self.said.append(line)
        if "could not be written" in line:
            self.disk.resize(64_000)


@pytest.fixture(scope="module")
def undisturbed(shapes: Dataset, brief: Recipe, tmp_path_factory: pytest.TempPathFactory) -> str:
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    run_training(shapes, brief, run, policy=SAVING, display=ProgressDisplay(quiet=True))
    return digest(run)


def test_a_run_goes_on_when_a_full_disk_has_room_again(
    shapes: Dataset,
    brief: Recipe,
    undisturbed: str,
    small: Disk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next checkpoint after the room was made is written, and the end is the same bit for bit."""
    monkeypatch.setattr("alexnet.training.loop.RETRY_SECONDS", 0.0)
    room = Room(small)
    run_training(shapes, brief, small.path / "run", policy=SAVING, display=room)
    said = " ".join(room.said)
    assert "MB free and the checkpoints need" in said  # before the first step
    assert "No space left on device" in said
    assert "MB are free; earlier checkpoints are intact. Training goes on" in said
    assert "checkpoints can be written again" in said
    assert digest(small.path / "run") == undisturbed
    assert not list(small.path.rglob("*.tmp"))


def test_a_disk_that_stays_full_costs_no_checkpoint(
    shapes: Dataset, brief: Recipe, undisturbed: str, small: Disk
) -> None:
    run = small.path / "run"
    with pytest.raises(CheckpointError, match="No space left on device"):
        run_training(shapes, brief, run, policy=SAVING, display=ProgressDisplay(quiet=True))
    assert [checkpoint.load(path).state["step"] for path in checkpoints(run)]
    assert not list(small.path.rglob("*.tmp"))
    small.resize(64_000)
    run_training(shapes, brief, run, resume=True, policy=SAVING, display=ProgressDisplay(quiet=True))
    assert digest(run) == undisturbed


def test_a_disk_without_room_for_a_run_is_refused_in_a_line(
    shapes: Dataset, brief: Recipe, small: Disk
) -> None:
    with open(small.path / "ballast", "wb") as ballast:
        ballast.write(bytes(1200 * 1024))
    with pytest.raises(AlexNetError, match=r"No space left on device.*--run"):
        run_training(shapes, brief, small.path / "run", display=ProgressDisplay(quiet=True))
    assert [path.name for path in small.path.iterdir()] == ["ballast"]


def test_a_clock_that_jumps_changes_nothing(
    shapes: Dataset,
    brief: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A day back, a day forth, at every look at it: durations, what is left and the plateau do not ask it."""
    plateau = replace(
        brief, training=replace(brief.training, schedule=Schedule(kind="plateau", patience=1, drops=2))
    )
    run_training(shapes, plateau, tmp_path / "steady", policy=SAVING, display=ProgressDisplay(quiet=True))
    real, jumps = time.time, itertools.cycle((-86_400.0, 86_400.0, 0.0))

    class Jumping(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Jumping":
            return cls.fromtimestamp(real() + next(jumps), tz)

    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: real() + next(jumps))
        patch.setattr(time, "time_ns", lambda: int((real() + next(jumps)) * 1e9))
        patch.setattr(datetime, "datetime", Jumping)
        patch.setattr(progress_module, "LINE_SECONDS", 0.0)
        rows = run_training(shapes, plateau, tmp_path / "jumping", policy=SAVING, display=ProgressDisplay())
    assert digest(tmp_path / "jumping") == digest(tmp_path / "steady")
    assert all(0 < row["seconds"] < 600 and row["images_per_second"] > 0 for row in rows)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.endswith(" left")]
    assert len(lines) > 20
    assert not any("-" in line.partition("loss")[2] for line in lines)
