"""A run that begins with another's weights: what fits is taken, the rest is new."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet.checkpoint import Checkpoint, save
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.errors import CheckpointError
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18, ConvLocal13
from alexnet.training.recipe import Recipe, Training
from alexnet.training.starting import StartingWeights, starting_network


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
    network, weights = starting_network(recipe(path, 10), shapes)
    fresh = Network(Cifar18(classes=10))
    for name, value in network.named_parameters():
        expected = fresh if name.startswith("fc4") else other
        assert torch.equal(value, expected.get_parameter(name)), name
    assert weights == StartingWeights(str(path), ("conv1", "conv2", "conv3"), ("fc4",))
    assert str(weights) == "conv1, conv2, conv3; new: fc4"


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
        starting_network(other, shapes)
    with pytest.raises(CheckpointError, match="no such file"):
        starting_network(recipe(path.with_name("nothing"), 10), shapes)


def test_layers_that_fit_on_top_of_layers_that_do_not_are_refused(shapes: Dataset, tmp_path: Path) -> None:
    """fc6, fc7 and fc8 of one column fit two columns: they would stand on convolutions that begin anew."""
    one, two = (AlexNet(side=67, classes=4, units=8, columns=columns) for columns in (1, 2))
    names = shapes.classes
    save(Checkpoint(one, Network(one).state_dict(), classes=names, words=names), tmp_path / "one.safetensors")
    start = Training(start=str(tmp_path / "one.safetensors"))
    with pytest.raises(
        CheckpointError, match=r"fc6, fc7, fc8 would stand on .* conv1, .* leave out --network"
    ):
        starting_network(Recipe("x", two, Augmentation(side=67), start), shapes)
