"""What the tests of inspection share: a small network with weights that matter, and pictures."""

import pytest
import torch
from torch import Tensor

from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18


@pytest.fixture(scope="session")
def small() -> Network:
    """Three convolutions, pools and map normalisation, on 16 pixels, with weights large enough for every layer."""
    network, generator = Network(Cifar18(classes=4, side=16)).eval(), torch.Generator().manual_seed(1)
    for value in network.parameters():
        deviation = (2 / value[0].numel()) ** 0.5 if value.dim() > 1 else 0.1
        value.data.normal_(0, deviation, generator=generator)
    network.set_mean(torch.full((3, 16, 16), 100.0))
    return network


@pytest.fixture(scope="session")
def images() -> Tensor:
    return torch.randint(
        0, 256, (3, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(2)
    )
