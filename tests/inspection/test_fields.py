"""Receptive fields against what really moves when a pixel does."""

import pytest
import torch

from alexnet.inspection.fields import receptive_field
from alexnet.kernels.library import plain
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18


def test_the_fields_of_the_printed_network() -> None:
    """By hand: conv1 sees 11 pixels, 4 apart; pool1 19; conv2 51; pool2 67; conv3 99; conv4 131; conv5 163."""
    with torch.device("meta"):
        network = Network(AlexNet())
    sizes = {
        name: receptive_field(network, name).size for name in ("conv1", "pool1", "conv2", "conv5", "fc6")
    }
    assert sizes == {"conv1": 11, "pool1": 19, "conv2": 51, "conv5": 163, "fc6": 224}
    assert receptive_field(network, "conv1").pixels(54, 224) == slice(216, 224)


@pytest.mark.parametrize("stage", ["conv1", "pool1", "norm1", "conv2", "pool2"])
def test_a_value_changes_only_with_pixels_of_its_field(stage: str) -> None:
    """The gradient of one value at the pixels is zero outside its field, and not zero in its middle."""
    network = Network(Cifar18(side=32, deviation=0.01)).eval()
    pixels = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)).mul(255).requires_grad_()
    field = receptive_field(network, stage)
    with plain():
        values = network.activations(pixels, stage)[stage]
    for row, column in ((0, 0), (3, 5), (values.shape[2] - 1, 2)):
        (slope,) = torch.autograd.grad(values[0, :, row, column].abs().sum(), pixels, retain_graph=True)
        inside = torch.zeros(32, 32, dtype=torch.bool)
        inside[field.pixels(row, 32), field.pixels(column, 32)] = True
        assert (slope[0].abs().sum(0)[~inside] == 0).all()
        assert slope[0].abs().sum(0)[inside].max() > 0
