"""Stages put together give what they give one by one."""

import pytest
import torch
from torch.nn.utils import prune

from alexnet.kernels import library
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.fusion import FusedStages, fused
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18
from alexnet.networks.stage import Architecture
from alexnet.networks.variants import OneWeirdTrick

CONVOLUTION: dict[str, object] = {
    "type": "conv",
    "filters": 16,
    "filterSize": 5,
    "padding": 2,
    "initW": 0.1,
    "neuron": "relu",
}
POOL: dict[str, object] = {"type": "pool", "channels": 16, "sizeX": 3, "stride": 2}


def defined() -> str:
    """Write a definition: rectified, normalised and pooled; rectified and pooled; and pooled by its mean."""
    layers: dict[str, dict[str, object]] = {
        "data": {"type": "data", "dataIdx": 0},
        "labels": {"type": "data", "dataIdx": 1},
        "conv1": CONVOLUTION | {"inputs": "data", "channels": 3},
        "norm1": {"type": "cmrnorm", "inputs": "conv1", "channels": 16, "size": 5},
        "pool1": POOL | {"inputs": "norm1", "pool": "max"},
        "conv2": CONVOLUTION | {"inputs": "pool1", "channels": 16},
        "pool2": POOL | {"inputs": "conv2", "pool": "max"},
        "conv3": CONVOLUTION | {"inputs": "pool2", "channels": 16},
        "pool3": POOL | {"inputs": "conv3", "pool": "avg"},
        "fc10": {"type": "fc", "inputs": "pool3", "outputs": 10, "initW": 0.01},
        "probs": {"type": "softmax", "inputs": "fc10"},
        "logprob": {"type": "cost.logreg", "inputs": "labels,probs"},
    }
    return "".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())
        for name, keys in layers.items()
    )


NETWORKS: list[Architecture] = [
    AlexNet(side=67, units=64, classes=10),
    AlexNet(side=67, units=64, classes=10, normalization_within_columns=True),
    AlexNet(side=67, units=64, classes=10, activation="tanh"),
    AlexNet(side=67, units=64, classes=10, overlapping_pooling=False, normalization=False),
    OneWeirdTrick(side=99, classes=10),
    Cifar18(deviation=0.01),
    Definition(defined()),
]


def gradients(network: Network, images: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    network.zero_grad()
    logits = network(images)
    logits.logsumexp(1).sum().backward()
    return logits.detach(), {
        name: value.grad.clone() for name, value in network.named_parameters() if value.grad is not None
    }


@pytest.mark.parametrize("architecture", NETWORKS, ids=lambda architecture: str(architecture)[:60])
def test_a_network_equals_the_plain_one(architecture: Architecture) -> None:
    """Logits agree to rounding. Gradients may differ where two responses in a window are equal to rounding:
    the pool then sends its gradient to the other one; hence the wider margin."""
    network = Network(architecture, seed=1).eval()
    generator = torch.Generator().manual_seed(1)
    for name, value in network.named_parameters():
        if name.endswith("weight"):
            fan_in = value[0].numel()
            value.data.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
    side = architecture.side
    images = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8, generator=generator)
    logits, slopes = gradients(network, images)
    with library.plain():
        expected, plain_slopes = gradients(network, images)
    assert torch.allclose(logits, expected, rtol=1e-4, atol=float(expected.abs().max()) * 1e-5)
    for name, slope in plain_slopes.items():
        assert (slopes[name] - slope).norm() <= 2e-2 * slope.norm(), name


def test_stages_that_are_asked_for_keep_their_values() -> None:
    network = Network(AlexNet(side=67, units=64, classes=10)).eval()
    images = torch.zeros(1, 3, 67, 67, dtype=torch.uint8)
    names = [stage.name for stage in network.stages]
    values = network.activations(images, *names)
    assert list(values) == names
    assert values["norm1"].shape[-1] > values["pool1"].shape[-1]


def test_convolution_normalisation_and_pool_become_one() -> None:
    network = Network(AlexNet())
    together = {stage.name: stage.operation for stage in fused(network.stages, ["fc8"])}
    assert "conv1" not in together
    assert "norm1" not in together
    pool = together["pool1"]
    assert isinstance(pool, FusedStages)
    assert pool.response.normalize
    assert pool.response.pool


def test_every_hook_is_called() -> None:
    network = Network(AlexNet(side=67, units=64, classes=10)).eval()
    called: list[str] = []
    for stage in network.stages:
        stage.operation.register_forward_hook(
            lambda module, given, value, name=stage.name: called.append(name)
        )
    network(torch.zeros(1, 3, 67, 67, dtype=torch.uint8))
    assert called == [stage.name for stage in network.stages]


def test_pruning_by_torch_takes_the_mask_as_it_is_at_each_call() -> None:
    """It multiplies the weights by their mask in a hook before the layer."""
    network = Network(AlexNet(side=67, units=64, classes=10), seed=1).eval()
    images = torch.randint(0, 256, (1, 3, 67, 67), generator=torch.Generator().manual_seed(1))
    network(images)
    prune.identity(network.stage("conv1").operation, "weight")
    before = network(images)
    network.stage("conv1").operation.get_buffer("weight_mask").zero_()
    after = network(images)
    assert not torch.equal(before, after)
    after.sum().backward()  # through the weights of this call


def test_pools_of_a_definition_share_their_gradient_in_one_pass_too() -> None:
    network = Network(Definition(defined()))
    together = {stage.name: stage.operation for stage in fused(network.stages, ["fc10"])}
    assert not {"conv1", "conv1_neuron", "norm1", "conv2", "conv2_neuron"} & set(together)
    first, second = together["pool1"], together["pool2"]
    assert isinstance(first, FusedStages)
    assert isinstance(second, FusedStages)
    assert first.response.shared
    assert first.response.rectify_before
    assert first.response.normalize
    assert second.response.shared
    assert not isinstance(together["pool3"], FusedStages)
