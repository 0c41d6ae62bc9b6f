"""Who may write a run directory, and what its checkpoints say."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

import alexnet
from alexnet import checkpoint
from alexnet.data.dataset import Dataset
from alexnet.errors import AlexNetError, CheckpointError, RunError
from alexnet.runs.checkpoints import BEST, checkpoints, digest, newest_whole
from alexnet.runs.directory import RunDirectory, check_free
from alexnet.runs.listing import runs
from alexnet.runs.origin import Origin
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe

QUIET = ProgressDisplay(quiet=True)
CPU = torch.device("cpu")
NOWHERE = Origin("none", "", "")


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "finished"))


def test_one_of_two_processes_has_a_directory(tmp_path: Path) -> None:
    with RunDirectory(tmp_path / "run", resume=False):
        with pytest.raises(RunError, match=rf"in use by process {os.getpid()} on"):
            RunDirectory(tmp_path / "run", resume=False)
        assert runs(tmp_path) == []
    with RunDirectory(tmp_path / "run", resume=False):
        pass


def test_a_look_at_the_list_of_runs_keeps_none_from_going_on(run: Path) -> None:
    """`alexnet runs` takes the lock for a moment, to see whether it is free."""
    with open(run / ".lock", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        threading.Timer(0.05, fcntl.flock, (lock, fcntl.LOCK_UN)).start()
        with RunDirectory(run, resume=True):
            pass


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from alexnet.runs.directory import RunDirectory\n"
        "held = RunDirectory(Path(sys.argv[1]), resume=False); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "run")])
    assert done.returncode == -9
    with RunDirectory(tmp_path / "run", resume=False):
        pass


def test_a_directory_of_something_else_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    for resume in (False, True):
        with pytest.raises(RunError, match="not empty and holds no run"):
            RunDirectory(tmp_path, resume=resume)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
    with pytest.raises(RunError, match="is a file"):
        check_free(tmp_path / "letters.txt", resume=False)
    with pytest.raises(RunError, match="not a name in UTF-8"):
        check_free(tmp_path / os.fsdecode(b"caf\xe9"), resume=False)


def test_a_directory_that_is_not_ours_is_said_before_anything_is_done(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write everywhere")
        with pytest.raises(RunError, match="read-only for us"):
            check_free(tmp_path / "below" / "run", resume=False)
    finally:
        tmp_path.chmod(0o700)


def test_the_newest_is_the_highest_step_whatever_the_clock_says(run: Path) -> None:
    """Steps of more digits than the name has, files touched in the wrong order, strangers beside them."""
    for path in checkpoints(run):
        path.unlink()
    folder = run / "checkpoints"
    for step in (900, 1000, 99999, 100000, 123456789):
        (folder / f"step-{step:08d}.safetensors").write_bytes(b"")
        os.utime(folder / f"step-{step:08d}.safetensors", (2e9 - step, 2e9 - step))
    for stranger in ("step-old.safetensors", "step-00000900 (copy).safetensors", "notes.txt"):
        (folder / stranger).write_bytes(b"")
    steps = [int(path.stem.removeprefix("step-")) for path in checkpoints(run)]
    assert steps == [123456789, 100000, 99999, 1000, 900]


def test_a_checkpoint_under_the_name_of_another_step_is_not_used(run: Path) -> None:
    newest, second = checkpoints(run)[:2]
    shutil.copy(second, newest)
    found, damaged = newest_whole(run)
    assert found is not None
    assert found.state["step"] == int(second.stem.removeprefix("step-"))
    assert "not what its name says" in damaged[0]


def test_a_newer_version_is_not_passed_over(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going on from the one before would throw away what a newer program has done."""
    monkeypatch.setattr(checkpoint, "VERSION", 0)
    with pytest.raises(CheckpointError, match="update alexnet"):
        newest_whole(run)


def test_temporary_files_of_a_killed_process_are_removed(run: Path) -> None:
    left = [run / ".journal.csv.abc.tmp", run / "checkpoints" / ".step-00000001.safetensors.abc.tmp"]
    for path in left:
        path.write_bytes(b"half")
    with RunDirectory(run, resume=True):
        assert not any(path.exists() for path in left)


def test_a_finished_run_that_goes_on_is_not_touched(shapes: Dataset, brief: Recipe, run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    run_training(shapes, brief, run, resume=True, display=QUIET)
    after = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    del before[run / ".lock"], after[run / ".lock"]
    assert after == before


def test_the_digest_of_a_run_covers_its_best_network(run: Path, finished: Path) -> None:
    assert digest(run) == digest(finished)
    (run / BEST).unlink()
    assert digest(run) != digest(finished)
    for path in checkpoints(run):
        path.unlink()
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        digest(run)


def test_runs_are_listed_with_their_states(
    shapes: Dataset, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(finished, tmp_path / "a-finished")
    shutil.copytree(finished, tmp_path / "b-stopped")
    stopped = (tmp_path / "b-stopped" / "journal.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "b-stopped" / "journal.jsonl").write_text(stopped[0])
    shutil.copytree(finished, tmp_path / "c-running")

    def fail() -> None:
        with RunDirectory(tmp_path / "d-failed", resume=False) as directory:
            directory.begin({"name": "test", "training": {"epochs": 3.0}}, CPU, NOWHERE)
            raise AlexNetError("the network\nforgot")

    with pytest.raises(AlexNetError):
        fail()
    with RunDirectory(tmp_path / "c-running", resume=True):
        found = {run.path.name: run for run in runs(tmp_path)}
    assert [run.state for run in found.values()] == ["finished", "stopped", "running", "failed"]
    assert found["d-failed"].reason == "the network forgot"
    one = found["a-finished"]
    assert (one.epoch, one.epochs, one.recipe) == (3.0, 3.0, "brief")
    assert one.best_error is not None
    assert one.validation_error is not None
    assert one.best_error <= one.validation_error
    with pytest.raises(RunError, match="no folder"):
        runs(tmp_path / "nowhere")


def test_a_failed_run_that_goes_on_has_not_failed(tmp_path: Path) -> None:
    (tmp_path / "failure.txt").write_text("before")
    (tmp_path / "recipe.json").write_text("{}")
    with RunDirectory(tmp_path, resume=True) as directory:
        directory.begin({}, CPU, NOWHERE)
    assert not (tmp_path / "failure.txt").exists()


@pytest.mark.parametrize("length", [300, 5000])
def test_a_name_that_is_too_long_is_refused_wherever_one_is_taken(length: int, tmp_path: Path) -> None:
    """More than a file system's 255 bytes, and more than a path's 4,096."""
    name = "a" * length
    for call in (
        lambda: alexnet.load(name),
        lambda: alexnet.runs(name),
        lambda: alexnet.convert(name, tmp_path / "x.safetensors"),
        lambda: alexnet.evaluate(name, "digits"),
        lambda: alexnet.open_dataset(name),
        lambda: alexnet.train("digits", run=name, quiet=True),
        lambda: alexnet.train("digits", run=tmp_path / "run", weights=name, quiet=True),
        lambda: digest(Path(name)),
    ):
        with pytest.raises(alexnet.AlexNetError):
            call()
