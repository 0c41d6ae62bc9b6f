"""What became of runs, and one number for where one stands, as a person asks."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from alexnet.cli import alexnet
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.errors import RunError
from alexnet.networks.small import Cifar18
from alexnet.runs.checkpoints import checkpoints, digest
from alexnet.runs.listing import runs
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe, Training
from alexnet.weights.loading import load


@pytest.fixture(scope="module")
def folder(shapes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("runs")
    recipe = Recipe(
        "brief",
        network=Cifar18(classes=4, side=12),
        augmentation=Augmentation(side=12),
        training=Training(epochs=1.0, batch_size=32, rates=LayerHyperparameters(weight=0.002)),
    )
    for name in ("one", "two"):
        run_training(shapes, recipe, found / name, display=ProgressDisplay(quiet=True))
    return found


def test_runs_are_listed_as_a_table_and_as_json(folder: Path) -> None:
    table = CliRunner().invoke(alexnet, ["runs", str(folder)])
    assert table.exit_code == 0
    assert all(word in table.output for word in ("one", "two", "brief", "finished", "1 of 1"))
    lines = CliRunner().invoke(alexnet, ["runs", str(folder), "--json"]).output.splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["finished", "finished"]


def test_two_runs_that_are_the_same_have_one_digest(folder: Path) -> None:
    said = [
        CliRunner().invoke(alexnet, ["digest", str(folder / name)]).output.strip() for name in ("one", "two")
    ]
    assert said == [digest(folder / "one")] * 2
    assert len(said[0]) == 64
    of_a_file = CliRunner().invoke(alexnet, ["digest", str(checkpoints(folder / "one")[0])]).output.strip()
    assert len(of_a_file) == 64
    assert of_a_file != said[0]


def copied(folder: Path, tmp_path: Path) -> Path:
    """Return a folder of the two runs that a test may spoil."""
    return Path(shutil.copytree(folder, tmp_path / "runs"))


def test_tidying_frees_the_checkpoints_of_finished_runs_and_says_how_much(
    folder: Path, tmp_path: Path
) -> None:
    spoilt = copied(folder, tmp_path)
    held = sum(path.stat().st_size for path in checkpoints(spoilt / "one"))
    said = CliRunner().invoke(alexnet, ["runs", str(spoilt), "--tidy"]).stdout.splitlines()
    assert [line.split(": ")[0] for line in said] == [str(spoilt / "one"), str(spoilt / "two")]
    assert float(said[0].split(": ")[1].removesuffix(" MB freed")) == pytest.approx(held / 1e6, abs=0.1)
    assert list(checkpoints(spoilt / "one")) == []
    assert load(spoilt / "one").classes
    again = CliRunner().invoke(alexnet, ["runs", str(spoilt), "--tidy"])
    assert (again.exit_code, again.stdout.count(" 0.0 MB freed")) == (0, 2)


def test_a_run_that_cannot_be_tidied_does_not_keep_the_others(folder: Path, tmp_path: Path) -> None:
    spoilt = copied(folder, tmp_path)
    (spoilt / "one" / "best.safetensors").unlink()
    for path in checkpoints(spoilt / "one"):
        path.write_bytes(b"nothing of a checkpoint")
    done = CliRunner().invoke(alexnet, ["runs", str(spoilt), "--tidy"])
    assert str(spoilt / "two") in done.stdout
    assert list(checkpoints(spoilt / "two")) == []


def test_only_a_run_is_deleted_and_only_where_that_is_said(folder: Path, tmp_path: Path) -> None:
    """Nobody can be asked here: standard input is no terminal."""
    spoilt = copied(folder, tmp_path)
    of_all = CliRunner().invoke(alexnet, ["runs", str(spoilt), "--delete", "--yes"])
    assert isinstance(of_all.exception, RunError)
    assert "is no run" in str(of_all.exception)
    unasked = CliRunner().invoke(alexnet, ["runs", str(spoilt / "one"), "--delete"], input="y\n")
    assert "with --yes" in str(unasked.exception)
    assert [run.path.name for run in runs(spoilt)] == ["one", "two"]
    assert CliRunner().invoke(alexnet, ["runs", str(spoilt / "one"), "--delete", "--yes"]).exit_code == 0
    assert [path.name for path in spoilt.iterdir()] == ["two"]


@pytest.mark.parametrize(("typed", "left"), [("n\n", ["one", "two"]), ("y\n", ["two"])])
def test_on_a_terminal_it_is_asked_before_a_run_is_deleted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, left: list[str]
) -> None:
    spoilt = copied(folder, tmp_path)
    monkeypatch.setattr("alexnet.cli.runs.is_terminal", lambda: True)
    done = CliRunner().invoke(alexnet, ["runs", str(spoilt / "one"), "--delete"], input=typed)
    assert "Delete Run(" in done.stderr
    assert sorted(path.name for path in spoilt.iterdir()) == left
