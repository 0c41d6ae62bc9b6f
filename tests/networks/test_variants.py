"""The networks that circulate under the name: their sizes are facts of their sources."""

import math

import pytest
import torch
import torch.nn.functional as F

from alexnet.networks.catalogue import architecture, build, described, from_description
from alexnet.networks.network import Network

PARAMETERS = {
    "as-trained": 60_965_224,  # layers-145.cfg
    "six-layer": 61_555_304,  # layers-146-2012-2011.cfg
    "one-weird-trick": 61_100_840,
    "torchvision": 61_100_840,  # printed by torchvision for its alexnet
    "caffe": 60_965_224,  # the printed network's
    "caffenet": 60_965_224,
}


def skeleton(name: str) -> Network:
    """Build a network without memory for its weights."""
    with torch.device("meta"):
        return build(name)


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_relative_has_the_parameters_of_its_source(name: str) -> None:
    network = skeleton(name)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_relative_has_the_maps_of_the_paper(name: str) -> None:
    shapes = skeleton(name).shapes()
    assert [shapes[f"conv{i}"][1] for i in range(1, 6)] == [55, 27, 13, 13, 13]
    assert shapes["pool5"] == (256, 6, 6)


def test_the_network_as_trained_has_the_units_of_its_definition() -> None:
    shapes = skeleton("as-trained").shapes()
    weighted = [name for name in shapes if name.startswith(("conv", "fc"))]
    assert sum(math.prod(shapes[name]) for name in weighted) == 659_272


@pytest.mark.parametrize("name", PARAMETERS)
def test_an_architecture_survives_being_written_down(name: str) -> None:
    value = architecture(name, classes=7)
    assert from_description(described(value)) == value


@pytest.mark.parametrize(
    ("name", "positive", "last"),
    [("one-weird-trick", 1.0, -7.0), ("caffe", 0.1, 0.0), ("caffenet", 1.0, 0.0)],
)
def test_biases_begin_where_the_source_says(name: str, positive: float, last: float) -> None:
    """layers-imagenet-1gpu.cfg of cuda-convnet 2; Caffe's train_val.prototxt of the two networks."""
    state = build(name, classes=3, side=67).state_dict()
    expected = dict.fromkeys(("conv1", "conv3"), 0.0)
    expected |= dict.fromkeys(("conv2", "conv4", "conv5", "fc6", "fc7"), positive) | {"fc8": last}
    found = {stage: state[f"{stage}.bias"].unique().tolist() for stage in expected}
    assert found == {stage: [pytest.approx(value)] for stage, value in expected.items()}


def test_the_torchvision_network_is_an_independent_one_written_with_torch() -> None:
    network = build("torchvision", classes=10, seed=3).eval()
    images = torch.rand(2, 3, 224, 224) * 255
    network.set_mean(torch.tensor([123.675, 116.28, 103.53])[:, None, None].expand(3, 224, 224))
    state = network.state_dict()
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normalised = (images / 255 - mean[:, None, None]) / deviation[:, None, None]

    def convolved(x: torch.Tensor, name: str, stride: int, padding: int) -> torch.Tensor:
        return F.relu(F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride, padding))

    with torch.no_grad():
        x = F.max_pool2d(convolved(normalised, "conv1", 4, 2), 3, 2)
        x = F.max_pool2d(convolved(x, "conv2", 1, 2), 3, 2)
        for name in ("conv3", "conv4", "conv5"):
            x = convolved(x, name, 1, 1)
        x = F.adaptive_avg_pool2d(F.max_pool2d(x, 3, 2), 6).flatten(1)
        x = F.relu(F.linear(x, state["fc6.weight"], state["fc6.bias"]))
        x = F.relu(F.linear(x, state["fc7.weight"], state["fc7.bias"]))
        x = F.linear(x, state["fc8.weight"], state["fc8.bias"])
        torch.testing.assert_close(network(images), x, rtol=1e-4, atol=1e-6)


def test_caffe_and_caffenet_differ_by_the_order_of_pool_and_normalisation() -> None:
    caffe = [name for name in skeleton("caffe").shapes() if name[:-1] in ("norm", "pool")]
    caffenet = [name for name in skeleton("caffenet").shapes() if name[:-1] in ("norm", "pool")]
    assert caffe == ["norm1", "pool1", "norm2", "pool2", "pool5"]
    assert caffenet == ["pool1", "norm1", "pool2", "norm2", "pool5"]


def test_rescaling_dropout_leaves_the_test_alone_and_keeps_the_mean_in_training() -> None:
    network = skeleton("torchvision")
    dropout = network.stage("dropout6").operation
    x = torch.ones(1000, 100)
    torch.testing.assert_close(dropout.eval()(x), x)
    torch.manual_seed(0)
    assert abs(float(dropout.train()(x).mean()) - 1.0) < 0.02
