"""A network: what it takes as images, what it gives by name, and how it is built to be loaded."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from alexnet.errors import RecipeError
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar80Seconds
from alexnet.networks.stage import Stage


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(Cifar80Seconds(), seed=3).eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.randint(
        0, 256, (2, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
    )


def test_an_empty_network_takes_the_weights_of_another_and_answers_alike(
    network: Network, images: torch.Tensor
) -> None:
    empty = Network.empty(Cifar80Seconds()).eval()
    empty.load_weights(network.state_dict(), "another")
    assert torch.equal(empty(images), network(images))


def test_building_an_empty_network_neither_draws_weights_nor_loads_the_half_of_torch_that_would() -> None:
    """On the meta device `normal_` alone imports a second of modules, for numbers that do not exist."""
    code = (
        "import sys, torch\n"
        "from alexnet.networks.alexnet import AlexNet\n"
        "from alexnet.networks.network import Network\n"
        "with torch.device('meta'):\n"
        "    Network.empty(AlexNet())\n"
        "print([name for name in ('torch._dynamo', 'sympy') if name in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_seed_alone_decides_the_weights() -> None:
    one, same, other = (Network(Cifar80Seconds(), seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])


def test_a_stage_cannot_take_a_name_that_networks_have_themselves() -> None:
    class Named:
        kind, classes, side = "named", 2, 4

        def stages(self) -> tuple[Stage, ...]:
            return (Stage("shapes", FullyConnected(48, 2), ("images",)),)

    with pytest.raises(RecipeError, match="`shapes` cannot be a stage's name"):
        Network(Named())


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_numpy_batches_single_pictures_and_channels_last_are_taken(
    network: Network, images: torch.Tensor, kind: type
) -> None:
    expected = network(images)
    array: np.ndarray = images.numpy().astype(kind)
    last = array.transpose(0, 2, 3, 1)
    last.flags.writeable = False
    for given in (array, last, torch.from_numpy(array), np.ascontiguousarray(last), array[:, :, ::1]):
        assert torch.equal(network(given), expected)
    one = network(images[:1])
    for given in (array[0], last[0], images[0], images[0].permute(1, 2, 0)):
        assert torch.equal(network(given), one)


@pytest.mark.parametrize(
    "given",
    [
        np.zeros((2, 4, 32, 32), np.uint8),  # RGBA
        np.zeros((2, 3, 33, 33), np.uint8),
        np.zeros((32, 32), np.uint8),
        np.zeros((2, 3, 32, 32), np.int64),
        np.zeros((2, 3, 32, 32), bool),
        np.zeros((2, 3, 32, 32), complex),
        np.array([None]),
        torch.zeros(()),
        torch.zeros(2, 3, 32, 32, dtype=torch.complex64),
        [np.zeros((3, 32, 32), np.uint8)],
        "picture.png",
        None,
    ],
)
def test_anything_else_is_refused_with_what_is_taken(network: Network, given: object) -> None:
    with pytest.raises(ValueError, match=r"takes RGB pixels, .*\(N, 3, 32, 32\).*, not "):
        network(given)
    with pytest.raises(ValueError, match=r"takes RGB pixels"):
        network.activations(given, "conv1")  # type: ignore[arg-type]  # that is the point


def test_a_picture_of_three_pixels_is_read_channels_first() -> None:
    """(3, 3, 3) could be either; channels first is what is said to be taken."""
    from alexnet.networks.images import batch_of

    images = torch.arange(27.0).view(1, 3, 3, 3)
    assert batch_of(images, 3, torch.device("cpu")) is images


def test_activations_without_names_are_those_of_every_stage(network: Network, images: torch.Tensor) -> None:
    found = network.activations(images)
    assert list(found) == [stage.name for stage in network.stages]
    shapes = network.shapes()
    for name, value in found.items():
        assert value.shape == (2, *shapes[name])
        assert torch.equal(value, network.activations(images, name)[name]) or torch.allclose(
            value, network.activations(images, name)[name], rtol=1e-4, atol=1e-4
        )


def test_names_of_activations_may_come_in_lists(network: Network, images: torch.Tensor) -> None:
    expected = network.activations(images, "conv1", "fc4")
    for names in (["conv1", "fc4"], ("conv1", "fc4"), iter(["conv1", "fc4"])):
        found = network.activations(images, names)
        assert list(found) == ["conv1", "fc4"]
        assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert network.activations(images, []) == {}
    with pytest.raises(RecipeError, match="`conv9` is not a stage"):
        network.activations(images, ["conv9"])
