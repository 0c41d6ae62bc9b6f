"""What became of runs, and one number for where one stands, as a person asks."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from alexnet.cli import alexnet
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.networks.small import Cifar18
from alexnet.runs.checkpoints import checkpoints, digest
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe, Training


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
