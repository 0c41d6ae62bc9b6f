"""Over twenty steps of training, every layer by the kernels is the plain layer."""

import pytest

from alexnet.bench.likeness import layer_by_layer
from alexnet.kernels import library
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.small import Cifar18
from alexnet.networks.stage import Architecture

pytestmark = pytest.mark.skipif(library.absence() is not None, reason=f"no kernels: {library.absence()}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "layers"),
    [
        (
            AlexNet(side=67, units=32, classes=10),
            {"conv1", "norm1", "pool1", "conv5", "pool2 as one", "update"},
        ),
        (Cifar18(deviation=0.01), {"conv1", "conv3", "pool1 as one", "update"}),
    ],
    ids=["alexnet", "cifar18"],
)
def test_outputs_and_gradients_are_within_a_ten_thousandth_for_twenty_steps(
    architecture: Architecture, layers: set[str]
) -> None:
    found = layer_by_layer(architecture, steps=20, batch=4)
    assert layers <= set(found)
    for layer, differences in found.items():
        assert max(differences.values()) < 1e-4, layer
        if layer.endswith("as one"):
            assert max(differences.values()) == 0, layer
    assert found["conv1"]["weight"] > 0  # the two ways are two
