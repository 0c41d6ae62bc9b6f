"""A prepared network answers as the network does."""

import copy

import torch
from torch import Tensor

from alexnet.networks.alexnet import AlexNet
from alexnet.networks.inference import QuantizedFullyConnected, optimized_for_inference, weights_version
from alexnet.networks.network import Network


def example() -> tuple[Network, Tensor]:
    """A small network with weights that carry a signal, and pictures for it."""
    network = Network(AlexNet(side=67, units=512, classes=10), seed=1)
    generator = torch.Generator().manual_seed(1)
    for value in network.parameters():
        if value.dim() > 1:
            value.data.normal_(0, (2 / value[0].numel()) ** 0.5, generator=generator)
    network.set_mean(torch.full((3, 67, 67), 120.0))
    return network.eval(), torch.randint(0, 256, (3, 3, 67, 67), dtype=torch.uint8, generator=generator)


@torch.inference_mode()
def test_the_same_logits_and_activations() -> None:
    network, images = example()
    ready = optimized_for_inference(network)
    assert torch.equal(ready(images), network(images))
    assert torch.equal(
        ready.activations(images, "conv3")["conv3"], network.activations(images, "conv3")["conv3"]
    )


@torch.inference_mode()
def test_quantised_logits_are_near() -> None:
    network, images = example()
    ready = optimized_for_inference(network, quantize=True)
    assert any(isinstance(stage.operation, QuantizedFullyConnected) for stage in ready.stages)
    expected, logits = network(images), ready(images)
    assert (logits - expected).norm() < 0.03 * expected.norm()
    assert torch.equal(logits.argmax(1), expected.argmax(1))


def test_the_network_itself_is_left_alone() -> None:
    network, images = example()
    network.train()
    before = copy.deepcopy(network.state_dict())
    ready = optimized_for_inference(network, quantize=True)
    assert network.training
    assert not ready.training
    assert all(weights.requires_grad for weights in network.parameters())
    ready(images)
    assert before.keys() == network.state_dict().keys()
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_large_weights_are_shared_and_a_change_of_any_is_seen() -> None:
    network, _ = example()
    ready, weights = optimized_for_inference(network), dict(network.named_parameters())
    assert dict(ready.named_parameters())["fc6.weight"].data_ptr() == weights["fc6.weight"].data_ptr()
    editions = [weights_version(network)]
    with torch.no_grad():
        weights["conv4.weight"].neg_()
        editions.append(weights_version(network))
        network.set_mean(torch.zeros(3, 67, 67))
        editions.append(weights_version(network))
    assert len(set(editions)) == 3
