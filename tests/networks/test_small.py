"""The small networks: that of figure 1 learns with either function from pixels as they are."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.networks.network import Network
from alexnet.networks.small import FigureOne


def pictures(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Noisy pictures of four classes, in 0-255, with the contrast of photographs."""
    source = torch.Generator().manual_seed(5)
    templates = F.interpolate(torch.randn(4, 3, 5, 5, generator=source), size=(16, 16), mode="bilinear")
    source.manual_seed(seed)
    labels = torch.randint(0, 4, (count,), generator=source)
    noise = torch.randn(count, 3, 16, 16, generator=source)
    return (120 + 80 * templates[labels] + 40 * noise).clamp(0, 255), labels


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_network_of_figure_1_learns_with_either_function_at_one_rate(activation: str) -> None:
    """With larger initial weights the gradient of conv1, whose input is not scaled, killed every ReLU."""
    network = Network(FigureOne(classes=4, side=16, activation=activation))
    network.set_mean(torch.full((3, 16, 16), 120.0))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.003, momentum=0.9)
    for step in range(70):
        images, labels = pictures(32, step)
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    images, labels = pictures(200, 999)
    with torch.no_grad():
        assert float((network(images).argmax(1) != labels).float().mean()) < 0.1
