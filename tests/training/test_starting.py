"""A run that begins with another's weights: what fits is taken, the rest is new."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet.checkpoint import Checkpoint, save
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.errors import CheckpointError
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18, ConvLocal13
from alexnet.training.recipe import Recipe, Training
from alexnet.training.starting import starting_network


def recipe(start: Path, classes: int) -> Recipe:
    return Recipe(
        "x",
        network=Cifar18(classes=classes),
        augmentation=Augmentation(side=32),
        training=Training(start=str(start)),
    )


@pytest.fixture
def wider(tmp_path: Path) -> tuple[Path, Network]:
    """A checkpoint of a network of 30 classes."""
    network = Network(Cifar18(classes=30), seed=9)
    names = tuple(f"class {i}" for i in range(30))
    value = Checkpoint(network.architecture, network.state_dict(), classes=names, words=names)
    save(value, tmp_path / "wider.safetensors")
    return tmp_path / "wider.safetensors", network


def test_convolutional_layers_are_kept_and_the_last_layer_is_new(
    wider: tuple[Path, Network], shapes: Dataset
) -> None:
    path, other = wider
    said: list[str] = []
    network = starting_network(recipe(path, 10), shapes, said.append)
    fresh = Network(Cifar18(classes=10))
    for name, value in network.named_parameters():
        expected = fresh if name.startswith("fc4") else other
        assert torch.equal(value, expected.get_parameter(name)), name
    assert said == [f"weights of {path}: conv1, conv2, conv3; new: fc4"]


def test_the_mean_picture_stays_the_new_datas(wider: tuple[Path, Network]) -> None:
    network = Network(Cifar18())
    network.set_mean(torch.full((3, 32, 32), 100.0))
    network.load_matching({**wider[1].state_dict(), "mean": torch.zeros(3, 32, 32)})
    assert torch.equal(network.mean, torch.full((3, 32, 32), 100.0))


def test_a_start_of_which_nothing_fits_or_that_is_not_there_is_refused(
    wider: tuple[Path, Network], shapes: Dataset
) -> None:
    path, _ = wider
    other = replace(recipe(path, 10), network=ConvLocal13())
    with pytest.raises(
        CheckpointError, match=r"no layer of .* fits cifar-conv-local-13pct: conv1, conv2, local3"
    ):
        starting_network(other, shapes, lambda line: None)
    with pytest.raises(CheckpointError, match="no such file"):
        starting_network(recipe(path.with_name("nothing"), 10), shapes, lambda line: None)
