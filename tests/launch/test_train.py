"""`alexnet.train`: the command's run from Python, and nothing else of the caller's process."""

import logging
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import alexnet
from alexnet.cli import alexnet as command_line
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.launch import resolve
from alexnet.networks.small import Cifar18
from alexnet.runs.checkpoints import digest
from alexnet.training import loop
from alexnet.training.recipe import Recipe
from alexnet.training.replica import Replica
from alexnet.training.step import train_step

FAST = {
    "network.side": 12,
    "augmentation.side": 12,
    "augmentation.crop": True,
    "training.batch_size": 32,
    "training.rates.weight": 0.001,
    "training.schedule.kind": "constant",
}
OPTIONS: dict[str, Any] = {"recipe": "cifar-18pct", "network": "figure-1", "set": FAST, "quiet": True}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def interrupting(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Let Ctrl-C be pressed in a step."""
    taken: list[int] = []

    def step(*arguments: Any, **named: Any) -> Any:
        taken.append(1)
        if len(taken) == steps:
            os.kill(os.getpid(), signal.SIGINT)
        return train_step(*arguments, **named)

    monkeypatch.setattr(loop, "train_step", step)


def test_the_command_and_python_make_the_same_run(shapes: Dataset, tmp_path: Path) -> None:
    run = alexnet.train(shapes, epochs=2, run="python", **OPTIONS)
    settings = [word for path, value in FAST.items() for word in ("--set", f"{path}={value}")]
    words = ["train", str(shapes.directory), "--run", "command", "--epochs", "2", "--quiet"]
    words += ["--recipe", "cifar-18pct", "--network", "figure-1", *settings]
    done = CliRunner().invoke(command_line, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert digest(tmp_path / "command") == digest(run.path)
    assert (run.state, run.epoch, len(run.history)) == ("finished", 2.0, 2)


def test_a_dry_run_leaves_nothing_and_measures_the_device_asked_for(
    shapes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[torch.device] = []

    def step(state: Any, replica: Replica, *rest: Any) -> None:
        asked.append(replica.device)
        train_step(state, replica, *rest)

    monkeypatch.setattr("alexnet.training.dry_run.train_step", step)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # a machine whose auto is another device
    found = alexnet.train(shapes, dry_run=True, epochs=1, device="cpu", **OPTIONS)
    assert found.images_per_second > 0
    assert set(asked) == {torch.device("cpu")}
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_a_directory_goes_below_runs_and_one_that_does_not_begin_leaves_none(
    shapes: Dataset, tmp_path: Path
) -> None:
    assert alexnet.train(shapes, epochs=0.2, **OPTIONS).path == Path("runs/cifar-18pct")
    with pytest.raises(alexnet.RecipeError):
        alexnet.train(shapes, epochs=0.2, **{**OPTIONS, "set": {**FAST, "training.rates.conv9.weight": 1}})
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["cifar-18pct"]


@pytest.mark.slow
def test_two_processes_train_a_named_recipe_on_a_prepared_dataset(shapes: Dataset) -> None:
    """And the caller's signal handlers and environment are as they were."""
    before = process_facts()
    run = alexnet.train(shapes, epochs=1, run="two", processes=2, **OPTIONS)
    assert process_facts() == before
    assert run.state == "finished"
    assert '"processes": 2' in (run.path / "environment.json").read_text()


def test_a_recipe_object_cannot_be_told_to_processes_which_is_said_before_anything_is_made(
    shapes: Dataset, tmp_path: Path
) -> None:
    mine = Recipe("mine", network=Cifar18(classes=4, side=12), augmentation=Augmentation(side=12))
    with pytest.raises(alexnet.RecipeError, match="give a name") as refused:
        alexnet.train(shapes, mine, processes=2)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def process_facts() -> dict[str, object]:
    """Return what of a process belongs to whoever runs it."""
    flags = [
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.allow_tf32,
    ]
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT]
    return {
        "threads": torch.get_num_threads(),
        "flags": flags,
        "random": torch.get_rng_state().tolist(),
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "environment": dict(os.environ),
        "signals": [signal.getsignal(number) for number in numbers],
        "directory": os.getcwd(),
        "root logger": (logging.getLogger().handlers[:], logging.getLogger().level),
    }


def test_training_changes_nothing_of_the_callers_process(
    shapes: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: object) -> None:
        raise AssertionError("the allocator was told something")

    monkeypatch.setattr(resolve, "tune_allocator", refused)
    before = process_facts()
    alexnet.train(shapes, epochs=0.2, run="plain", **OPTIONS)
    alexnet.train(shapes, epochs=0.2, dry_run=True, **OPTIONS)
    assert process_facts() == before


def test_the_process_is_given_over_to_training_where_that_is_asked_for(
    shapes: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alexnet.launch import train

    tuned: list[str] = []
    monkeypatch.setattr(train, "tune_process", tuned.append)
    alexnet.train(shapes, epochs=0.2, run="tuned", tune=True, device="cpu", **OPTIONS)
    assert tuned == ["cpu"]


def test_an_interrupted_run_says_once_how_to_go_on_and_ends_as_one_that_never_stopped(
    shapes: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = alexnet.train(shapes, epochs=2, run="whole", **OPTIONS)
    with monkeypatch.context() as patch:
        interrupting(patch, 6)
        with pytest.raises(alexnet.Interrupted) as stopped:
            alexnet.train(shapes, epochs=2, run="cut", device="cpu", **OPTIONS)
    assert stopped.value.exit_code == 130
    said = str(stopped.value)
    assert re.match(r"stopped and saved at step [56] of 8; go on with: alexnet train ", said)
    assert said.count("--resume") == said.count("go on") == 1
    assert said.endswith("--run cut --resume --device cpu --quiet")
    (cut,) = alexnet.runs("cut")
    assert (cut.state, cut.epoch) == ("stopped", 1.0)
    again = alexnet.train(shapes, run="cut", resume=True, quiet=True)
    assert again.state == "finished"
    assert digest(again.path) == digest(whole.path)


def test_the_logger_hears_what_a_quiet_run_does_not_print(
    shapes: Dataset, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, logger="alexnet"):
        alexnet.train(shapes, epochs=1, run="heard", **OPTIONS)
    assert any(record.getMessage().startswith("epoch 1: loss") for record in caplog.records)
    assert "epoch" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "error", "says"), [(143, alexnet.Interrupted, "--resume"), (3, alexnet.PeerError, "code 3")]
)
def test_what_becomes_of_processes_is_raised_with_their_exit_code(
    shapes: Dataset, monkeypatch: pytest.MonkeyPatch, code: int, error: type[alexnet.AlexNetError], says: str
) -> None:
    told: list[list[str]] = []

    def start(count: int, arguments: list[str], *, threads: int) -> int:
        told.append(arguments)
        return code

    monkeypatch.setattr("alexnet.launch.launch.start", start)
    with pytest.raises(error, match=says) as raised:
        alexnet.train(shapes, processes=2, run="r", **OPTIONS)
    assert raised.value.exit_code == code
    assert told[0][:2] == ["train", str(shapes.directory)]
    assert "--processes" in told[0]
    assert str(raised.value).count("go on with") == (code == 143)
