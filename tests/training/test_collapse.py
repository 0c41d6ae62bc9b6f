"""Runs that learn nothing are noticed early, and said to have learned nothing at the end."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import alexnet
from alexnet.checkpoint import Checkpoint, save
from alexnet.cli.train import command
from alexnet.data.dataset import Dataset
from alexnet.networks.costs import Cost
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18, Cifar80Seconds, ConvLocal13, FigureOne
from alexnet.networks.stage import Architecture
from alexnet.training.collapse import CollapseCheck, label_entropy, same_for_all
from alexnet.training.recipe import Recipe

LOGREG = (Cost("logprob", "logreg", ("fc4",)),)
PICTURES = torch.randint(0, 256, (8, 3, 32, 32), generator=torch.Generator().manual_seed(1)).float()


def dead(architecture: Architecture) -> Network:
    """Return a network of which no unit of conv2 is above 0 for any picture."""
    network = Network(architecture)
    with torch.no_grad():
        network.get_parameter("conv2.bias").fill_(-1e9)
    return network


@pytest.fixture
def start(shapes: Dataset, tmp_path: Path) -> Path:
    """A checkpoint of such a network."""
    network = dead(Cifar18(classes=4))
    value = Checkpoint(network.architecture, network.state_dict(), classes=shapes.classes, words=shapes.words)
    save(value, tmp_path / "dead.safetensors")
    return tmp_path / "dead.safetensors"


@pytest.mark.parametrize("kind", [Cifar18, Cifar80Seconds, ConvLocal13, FigureOne])
def test_small_first_weights_give_answers_that_are_alike_and_not_the_same(kind: type[Architecture]) -> None:
    network = Network(kind())
    assert same_for_all(network, PICTURES) is None
    assert network.training


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_dead_units_are_found_where_they_begin(activation: str) -> None:
    """ReLU gives 0 for every picture, tanh -1."""
    assert same_for_all(dead(Cifar18(activation=activation)), PICTURES) == "conv2"
    assert same_for_all(dead(Cifar18(activation=activation)), PICTURES[:1]) is None
    assert same_for_all(dead(Cifar18(activation=activation)), PICTURES[:1].expand(4, -1, -1, -1)) is None


def test_the_loss_of_guessing_is_the_entropy_of_the_labels() -> None:
    assert label_entropy(np.arange(1000)) == pytest.approx(math.log(1000))
    assert label_entropy(np.array([0, 0, 0, 5])) == pytest.approx(
        -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    )


def test_a_loss_that_stays_at_guessing_is_said_once_with_a_cure(shapes: Dataset) -> None:
    said: list[str] = []
    check = CollapseCheck(shapes.split("train"), LOGREG, 0.01, said.append)
    guessing = {"training_loss": label_entropy(shapes.split("train").labels) * 1.001}
    assert not check.end_epoch([guessing] * 2)
    assert not check.end_epoch([guessing, guessing, {"training_loss": 1.3}])
    assert not check.end_epoch([{**guessing, "validation_loss": 1.2}] * 3)  # what is mixed has a high loss
    assert not said
    assert check.end_epoch([guessing] * 3)
    assert check.end_epoch([guessing] * 4)
    assert len(said) == 1
    assert "1.39, which is the entropy of the labels" in said[0]
    assert "training.rates.weight=0.01" in said[0]
    assert not check.end_epoch([*[guessing] * 4, {"training_loss": 1.0}])  # it has begun to learn
    assert check.advice is None


def test_a_loss_that_is_no_log_probability_says_nothing_of_guessing(shapes: Dataset) -> None:
    check = CollapseCheck(shapes.split("train"), (Cost("x", "rflickr", ("fc4",)),), 0.01, print)
    assert not check.end_epoch([{"training_loss": 100.0}] * 3)


def test_a_collapsed_run_is_noticed_at_once_and_does_not_end_as_if_it_were_well(
    shapes: Dataset, brief: Recipe, start: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe = replace(brief, network=Cifar18(classes=4), augmentation=replace(brief.augmentation, side=32))
    run = alexnet.train(shapes, recipe, tmp_path / "run", epochs=1, weights=start)
    said = capfd.readouterr().err.replace("\n", " ")
    assert "after step 10 every picture gets the same answer, as conv2 gives the same" in said
    assert "--set training.rates.weight=0.0002" in said
    assert "this run has learned nothing" in said
    assert run.history[-1]["collapsed"] is True


def test_the_command_does_not_send_a_collapsed_run_to_be_evaluated(
    shapes: Dataset, start: Path, tmp_path: Path
) -> None:
    words = [str(shapes.directory), "--run", str(tmp_path / "run"), "--weights", str(start), "--epochs", "1"]
    result = CliRunner().invoke(command, [*words, "--set", "training.batch_size=32", "--device", "cpu"])
    assert result.exit_code == 0
    assert "nothing to evaluate" in result.stderr
    assert "alexnet evaluate" not in result.stderr
