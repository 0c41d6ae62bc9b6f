"""Signals: a run saves and leaves, wherever it is, and goes on as if nothing had been."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alexnet import checkpoint
from alexnet.data.dataset import Dataset
from alexnet.errors import Interrupted
from alexnet.runs.checkpoints import checkpoints, digest
from alexnet.training import step, validation
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from alexnet.training.signals import SignalGuard, StepAborted

QUIET = ProgressDisplay(quiet=True)


@pytest.fixture(scope="module")
def undisturbed(shapes: Dataset, brief: Recipe, tmp_path_factory: pytest.TempPathFactory) -> str:
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    run_training(shapes, brief, run, display=QUIET)
    return digest(run)


def sent(number: int, module: Any, name: str, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send ourselves a signal in the `call`-th call of a function."""
    original, calls = getattr(module, name), 0

    def wrapped(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), number)
        return original(*arguments, **named)

    monkeypatch.setattr(module, name, wrapped)


@pytest.mark.parametrize(
    ("module", "name", "call", "stands"),
    [
        (step, "objective", 1, 0),  # in the first step, before anything was learned
        (step, "objective", 20, 19),  # in the middle of a step
        (step, "raise_if_not_finite", 20, 20),  # when the step is past giving up
        (validation, "probabilities", 2, 32),  # in a validation
        (checkpoint, "save_file", 1, 17),  # while a checkpoint is written
    ],
)
def test_a_signal_anywhere_leaves_a_state_that_goes_on_to_the_same_end(
    shapes: Dataset,
    brief: Recipe,
    undisturbed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    call: int,
    stands: int,
) -> None:
    with monkeypatch.context() as patch:
        sent(signal.SIGTERM, module, name, call, patch)
        with pytest.raises(Interrupted) as stop:
            run_training(shapes, brief, tmp_path / "run", display=QUIET)
    assert stop.value.exit_code == 143
    step_saved = checkpoint.load(checkpoints(tmp_path / "run")[0]).state["step"]
    assert step_saved == stands or (name == "save_file" and step_saved >= 16)  # another thread's moment
    run_training(shapes, brief, tmp_path / "run", resume=True, display=QUIET)
    assert digest(tmp_path / "run") == undisturbed


def test_a_step_is_given_up_at_once() -> None:
    def work(signals: SignalGuard) -> None:
        with signals.aborting_steps():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)

    with SignalGuard() as signals:
        with pytest.raises(StepAborted):
            work(signals)
        assert signals.code == 130


def test_outside_of_a_step_a_signal_is_only_noted() -> None:
    with SignalGuard() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.code == 143


def test_a_signal_to_save_does_not_end_the_run(
    shapes: Dataset, brief: Recipe, undisturbed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint of step 7 is there besides those of the epochs."""
    saved: list[int] = []
    original = checkpoint.save

    def noted(made: checkpoint.Checkpoint, path: Path) -> None:
        saved.append(made.state.get("step", 0))
        original(made, path)

    monkeypatch.setattr(checkpoint, "save", noted)
    sent(signal.SIGUSR1, step, "raise_if_not_finite", 7, monkeypatch)
    run_training(shapes, brief, tmp_path / "run", display=QUIET)
    assert 7 in saved
    assert digest(tmp_path / "run") == undisturbed


def test_handlers_are_put_back() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    with SignalGuard():
        assert signal.getsignal(signal.SIGTERM) != before[signal.SIGTERM]
    assert {number: signal.getsignal(number) for number in before} == before


def test_under_nohup_the_terminal_may_go() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalGuard() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signals.code is None
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.fixture
def training(shapes: Dataset, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A long run of the command line, once it has said its first epoch."""
    settings = ["--set", "network.side=12", "--set", "augmentation.side=12", "--epochs", "100000"]
    command = [sys.executable, "-m", "alexnet", "train", str(shapes.directory), "--recipe", "digits"]
    process = subprocess.Popen(
        [*command, *settings, "--run", str(tmp_path / "run")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # the tests may run under nohup
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 1:"):
            break
    yield process
    process.kill()
    process.stderr.close()
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_the_command_saves_leaves_and_says_how_to_go_on(
    training: subprocess.Popen[str], tmp_path: Path, number: int, code: int
) -> None:
    began = time.monotonic()
    training.send_signal(number)
    assert training.wait(30) == code
    assert time.monotonic() - began < 5
    assert training.stderr is not None
    assert "--resume" in training.stderr.read()
    rows = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    assert checkpoint.load(checkpoints(tmp_path / "run")[0]).state["step"] >= rows[-1]["step"]
