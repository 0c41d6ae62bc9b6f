"""Runs of several processes meet faults: a killed process, a signal, an error of one of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alexnet.data.dataset import Dataset
from alexnet.runs import journal
from alexnet.runs.checkpoints import checkpoints

SETTINGS = (
    "network.side=16",
    "augmentation.side=16",
    "training.batch_size=16",
    "training.rates.weight=0.0001",
)


def command(shapes: Dataset, run: Path, *options: str) -> list[str]:
    """Return the command of a run with eight steps an epoch."""
    settings = [text for setting in SETTINGS for text in ("--set", setting)]
    start = [sys.executable, "-m", "alexnet", "train", str(shapes.directory), "--network", "figure-1"]
    return [*start, "--run", str(run), "--recipe", "cifar-18pct", "--quiet", *settings, *options]


def begun(arguments: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        arguments, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for_step(run: Path, step: int, seconds: float = 300) -> None:
    """Wait until a checkpoint of this step or a later one is there; earlier ones are soon removed."""
    deadline = time.monotonic() + seconds
    while not (found := checkpoints(run)) or int(found[0].stem.removeprefix("step-")) < step:
        assert time.monotonic() < deadline, f"no checkpoint of step {step} in {run}"
        time.sleep(0.02)


def ranks(run: Path) -> dict[int, int]:
    """Return the process of each rank, of those that train into this directory."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            texts = (entry / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        variables = dict(text.split(b"=", 1) for text in texts if b"=" in text)
        if str(run).encode() in words and b"RANK" in variables:
            found[int(variables[b"RANK"])] = int(entry.name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_is_begun_again_from_the_last_checkpoint(
    shapes: Dataset, tmp_path: Path, rank: int
) -> None:
    run = tmp_path / "run"
    process = begun(command(shapes, run, "--epochs", "6", "--save-every", "5", "--processes", "2"))
    wait_for_step(run, 10)
    os.kill(ranks(run)[rank], signal.SIGKILL)
    _, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert "killed (SIGKILL); all begin again" in said
    assert "resumed at step" in said
    rows = journal.read(run)
    assert [row["epoch"] for row in rows] == list(range(1, 7))
    assert rows[-1]["step"] == 48


@pytest.mark.slow
def test_torchrun_begins_again_too(shapes: Dataset, tmp_path: Path) -> None:
    run = tmp_path / "run"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    rest = command(shapes, run, "--epochs", "6", "--save-every", "5")[1:]
    process = begun([*torchrun, "--max-restarts", "1", rest[0], "--", *rest[1:]])  # else --run is torchrun's
    wait_for_step(run, 10)
    os.kill(ranks(run)[1], signal.SIGKILL)
    _, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert journal.read(run)[-1]["step"] == 48


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("scheme", ["data", "hybrid"])
def test_a_signal_saves_once_and_leaves(
    shapes: Dataset, tmp_path: Path, number: int, code: int, scheme: str
) -> None:
    run = tmp_path / "run"
    options = ("--epochs", "4000", "--save-every", "5", "--processes", "2", "--scheme", scheme)
    process = begun(command(shapes, run, *options))
    wait_for_step(run, 10)
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=400)
    assert process.returncode == code, said
    assert time.monotonic() - began < 5 + 5  # the processes within five seconds, then torchrun's own leave
    assert said.count("stopped and saved at step") == 1
    assert not list(run.rglob("*.tmp"))


@pytest.mark.slow
def test_a_signal_to_one_process_is_heard_by_all(shapes: Dataset, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = begun(command(shapes, run, "--epochs", "4000", "--save-every", "5", "--processes", "2"))
    wait_for_step(run, 10)
    os.kill(ranks(run)[1], signal.SIGTERM)
    _, said = process.communicate(timeout=400)
    assert process.returncode == 143, said
    assert "stopped and saved at step" in said


@pytest.mark.slow
def test_a_process_that_is_stopped_is_named_and_all_begin_again(shapes: Dataset, tmp_path: Path) -> None:
    """After the silence that is allowed, and the half minute that torchrun gives a process to end."""
    run = tmp_path / "run"
    options = ("--epochs", "6", "--save-every", "5", "--processes", "2", "--silence", "10")
    process = begun(command(shapes, run, *options))
    wait_for_step(run, 10)
    os.kill(ranks(run)[1], signal.SIGSTOP)
    _, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert "no sign of life of process 1" in said
    assert "killed (SIGKILL); all begin again" in said
    assert journal.read(run)[-1]["step"] == 48


@pytest.mark.slow
def test_no_process_outlives_a_killed_start(shapes: Dataset, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = begun(command(shapes, run, "--epochs", "4000", "--save-every", "5", "--processes", "2"))
    wait_for_step(run, 10)
    started = ranks(run)
    process.kill()
    deadline = time.monotonic() + 10
    while ranks(run).keys() & started.keys():
        assert time.monotonic() < deadline, "a process goes on without the one that began it"
        time.sleep(0.1)
    process.communicate(timeout=10)


@pytest.mark.slow
def test_an_error_is_said_once_and_not_tried_again(shapes: Dataset, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = begun(command(shapes, run, "--set", "training.rates.weight=1e20", "--processes", "2"))
    _, said = process.communicate(timeout=400)
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert "begin again from" not in said


@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_processes_and_another_scheme(
    shapes: Dataset, tmp_path: Path
) -> None:
    """Checkpoints hold the whole network, however it was divided."""
    run = tmp_path / "run"
    for epochs, options in (
        (1, ("--processes", "2", "--scheme", "hybrid")),
        (2, ("--processes", "3")),
        (3, ()),
    ):
        resume = ("--resume",) if epochs > 1 else ()
        process = begun(command(shapes, run, "--epochs", str(epochs), *options, *resume))
        _, said = process.communicate(timeout=400)
        assert process.returncode == 0, said
    assert [row["step"] for row in journal.read(run)] == [8, 16, 24]
    assert json.loads((run / "environment.json").read_text())["processes"] == 1


@pytest.mark.slow
def test_evaluate_under_torchrun_judges_every_picture_once(shapes: Dataset, tmp_path: Path) -> None:
    """32 validation pictures over three processes; one report."""
    run = tmp_path / "run"
    begun(command(shapes, run, "--epochs", "1")).communicate(timeout=400)
    verb = [
        "alexnet",
        "evaluate",
        str(run),
        "--data",
        str(shapes.directory),
        "--split",
        "validation",
        "--json",
    ]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "3", "-m", "--"]
    reports = [
        json.loads(
            subprocess.run([sys.executable, *start, *rest], check=True, capture_output=True, text=True).stdout
        )
        for start, rest in ((["-m"], verb), (torchrun, verb))
    ]
    assert reports[0]["count"] == reports[1]["count"] == 32
    assert reports[0]["top1_error"] == reports[1]["top1_error"]
    assert reports[0]["per_class"] == reports[1]["per_class"]
