"""The network as printed, against the facts of the paper."""

from typing import Any

import pytest
import torch

from alexnet.errors import RecipeError
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.catalogue import build
from alexnet.networks.checks import MIDDLE_LAYERS
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.network import Network


@pytest.fixture(scope="module")
def network() -> Network:
    return build("alexnet").eval()


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return torch.randint(
        0, 256, (1, 3, 224, 224), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
    )


def convolution(network: Network, stage: str) -> Convolution:
    layer = network.stage(stage).operation
    assert isinstance(layer, Convolution)
    return layer


def test_it_has_60965224_parameters_by_its_layer_table(network: Network) -> None:
    """Section 3.5's layers: conv1 11x11x3x96 ... fc8 4096x1000, and one bias a kernel or unit."""
    weights = [11 * 11 * 3 * 96, 5 * 5 * 48 * 256, 3 * 3 * 256 * 384, 3 * 3 * 192 * 384, 3 * 3 * 192 * 256]
    weights += [256 * 6 * 6 * 4096, 4096 * 4096, 4096 * 1000]
    biases = [96, 256, 384, 384, 256, 4096, 4096, 1000]
    counted = {name: value.numel() for name, value in network.named_parameters()}
    assert [count for name, count in counted.items() if name.endswith("weight")] == weights
    assert [count for name, count in counted.items() if name.endswith("bias")] == biases
    assert sum(counted.values()) == 60_965_224


def test_its_layers_have_the_units_of_section_3_5(network: Network) -> None:
    units = {name: torch.Size(shape).numel() for name, shape in network.shapes().items()}
    layers = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
    assert [units[name] for name in layers] == [290_400, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]


def test_what_it_computes_has_the_shapes_it_states(network: Network, image: torch.Tensor) -> None:
    """Sizes round up: 224 pixels give 55 positions to conv1, then 27, 13 and 6."""
    shapes = network.shapes()
    with torch.no_grad():
        found = network.activations(image, *shapes)
    assert {name: tuple(value.shape[1:]) for name, value in found.items()} == shapes
    assert [shapes[name][1] for name in ("conv1", "pool1", "pool2", "pool5")] == [55, 27, 13, 6]


def test_the_last_window_of_conv1_reads_three_zero_rows_and_columns(network: Network) -> None:
    """Only pixels below row 220 reach the last row of conv1 (rows 216 to 226 of which 224 to 226 are zero)."""
    conv1 = convolution(network, "conv1")
    image = torch.zeros(1, 3, 224, 224)
    image[:, :, 220:, :] = 1.0
    with torch.no_grad():
        weight, bias = conv1.weight, conv1.bias
        expected = torch.relu(weight[:, :, 4:8, :].sum(dim=(1, 2, 3)) + bias)
        found = conv1(image)[0, :, 54, 10]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("stage", ["conv2", "conv4", "conv5"])
def test_columns_do_not_see_each_other(network: Network, stage: str) -> None:
    """Maps of the second column of the input do not change the first column's output (section 3.2)."""
    layer = convolution(network, stage)
    channels = 2 * layer.weight.shape[1]
    x = torch.randn(1, channels, 13, 13)
    y = x.clone()
    y[:, channels // 2 :] += 1.0
    with torch.no_grad():
        first, second = layer(x), layer(y)
    half = first.shape[1] // 2
    assert torch.equal(first[:, :half], second[:, :half])
    assert not torch.equal(first[:, half:], second[:, half:])


def test_initial_weights_are_those_of_section_5(network: Network) -> None:
    """N(0, 0.01) everywhere; biases 1 in conv2, conv4, conv5, fc6, fc7 and 0 elsewhere."""
    for name, value in network.named_parameters():
        if name.endswith("bias"):
            ones = name.removesuffix(".bias") in ("conv2", "conv4", "conv5", "fc6", "fc7")
            assert bool((value == float(ones)).all()), name
        else:
            count = value.numel()
            assert abs(value.std().item() / 0.01 - 1.0) < 5 / (2 * count) ** 0.5, name
            assert abs(value.mean().item()) < 5 * 0.01 / count**0.5, name


def test_one_column_is_the_papers_smaller_net() -> None:
    """Note 2 of section 3.2: half the kernels, but conv5 and the fully-connected layers as large."""
    assert sum(value.numel() for value in build(columns=1).parameters()) == 59_798_312


def test_the_smallest_input_leaves_one_position_and_a_smaller_one_is_refused() -> None:
    network = build("alexnet", 3, side=36, units=8).eval()
    assert network.shapes()["pool5"] == (256, 1, 1)
    assert network(torch.zeros(1, 3, 36, 36)).shape == (1, 3)
    with pytest.raises(RecipeError, match="at least 36"):
        build("alexnet", side=35)


@pytest.mark.parametrize("name", MIDDLE_LAYERS)
def test_any_middle_layer_can_be_left_out(name: str) -> None:
    stages = Network(AlexNet(side=64, units=16, without=(name,), classes=7)).eval()
    assert name not in stages.shapes()
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    assert stages(images).shape == (2, 7)


@pytest.mark.parametrize(
    "choice",
    [
        {"activation": "tanh"},
        {"normalization": False},
        {"overlapping_pooling": False},
        {"columns": 1},
        {"dropout": False},
        {"normalization_within_columns": True},
    ],
)
def test_each_choice_of_the_paper_is_one_field(choice: dict[str, Any]) -> None:
    network = build("alexnet", 5, side=64, units=16, **choice)
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    network(images).sum().backward()
    assert all(value.grad is not None and bool(value.grad.isfinite().all()) for value in network.parameters())


def test_the_border_between_columns_matters_to_normalisation_only_when_asked() -> None:
    """Within columns, maps 48 and 49 of conv1 do not normalise map 47."""
    images = 255 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    whole = build("alexnet", 5, side=64, units=16, seed=3).eval()
    split = build("alexnet", 5, side=64, units=16, seed=3, normalization_within_columns=True).eval()
    with torch.no_grad():
        one = whole.activations(images, "norm1")["norm1"][0]
        two = split.activations(images, "norm1")["norm1"][0]
    same = torch.isclose(one, two, rtol=1e-6).flatten(1).all(1)
    assert same[:46].all()
    assert same[50:].all()
    assert not same[46:50].all()


def test_an_unknown_choice_names_the_choices() -> None:
    with pytest.raises(RecipeError, match=r"`colums` is not a choice.*did you mean `columns`"):
        build("alexnet", colums=1)
    with pytest.raises(RecipeError, match=r"activation=.*tanh.* a text is taken, such as 'relu'"):
        build("alexnet", activation=torch.tanh)
    with pytest.raises(RecipeError, match=r"is not an activation function.*identity, relu, tanh"):
        build("alexnet", activation="gelu")
    with pytest.raises(RecipeError, match="did you mean `alexnet`"):
        build("alexnett")
    with pytest.raises(RecipeError, match=r"FILE\.cfg"):
        build("definition")
    with pytest.raises(RecipeError, match=r"`fc9` is not a stage of alexnet.*fc8"):
        build("alexnet", side=64, units=16).activations(torch.zeros(1, 3, 64, 64), "fc9")


def test_images_of_another_shape_are_refused(network: Network) -> None:
    with pytest.raises(ValueError, match=r"\(N, 3, 224, 224\).*, not images of shape \(1, 3, 200, 200\)"):
        network(torch.zeros(1, 3, 200, 200))


def test_the_mean_is_subtracted_and_is_the_pictures_centre(image: torch.Tensor) -> None:
    network = build("alexnet", 5, side=64, units=16).eval()
    mean = torch.rand(3, 80, 80) * 255
    network.set_mean(mean)
    assert torch.equal(network.mean, mean[:, 8:72, 8:72])
    shifted = image[:, :, :64, :64].float()
    with torch.no_grad():
        found = network(shifted)
        network.set_mean(torch.zeros(3, 64, 64))
        assert torch.equal(found, network(shifted - mean[:, 8:72, 8:72]))
