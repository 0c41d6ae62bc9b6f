"""The update of section 5 against a hand-worked example, and against its difference from torch's."""

import pytest
import torch
from torch import nn

from alexnet.training.optimizer import LayerHyperparameters, MomentumSGD
from alexnet.training.schedule import Schedule


class OneLayer(nn.Module):
    def __init__(self, weight: float, bias: float) -> None:
        super().__init__()
        self.fc = nn.Linear(1, 1).double()
        with torch.no_grad():
            self.fc.weight.fill_(weight)
            self.fc.bias.fill_(bias)


def step(
    network: OneLayer,
    optimizer: MomentumSGD,
    gradients: tuple[float, float],
    rates: LayerHyperparameters,
    factor: float,
) -> None:
    network.fc.weight.grad = torch.full((1, 1), gradients[0], dtype=torch.float64)
    network.fc.bias.grad = torch.full((1,), gradients[1], dtype=torch.float64)
    optimizer.step(lambda _: rates, lambda _: factor)


def test_three_steps_with_a_change_of_rate_by_hand() -> None:
    """Section 5 with rate 0.1, then 0.1, then 0.01; decay 0.5; gradients 1, -2, 3; w begins at 2.

    v1 = 0.9*0 - 0.5*0.1*2 - 0.1*1 = -0.2;                w1 = 1.8
    v2 = 0.9*-0.2 - 0.5*0.1*1.8 - 0.1*-2 = -0.07;          w2 = 1.73
    v3 = 0.9*-0.07 - 0.5*0.01*1.73 - 0.01*3 = -0.10165;    w3 = 1.62835
    Biases have no decay: from 1, u = -0.1, 0.11, 0.069 and b = 0.9, 1.01, 1.079.
    """
    network = OneLayer(2.0, 1.0)
    optimizer = MomentumSGD(network)
    rates = LayerHyperparameters(weight=0.1, bias=0.1, decay=0.5)
    weights, biases = [], []
    for gradient, factor in ((1.0, 1.0), (-2.0, 1.0), (3.0, 0.1)):
        step(network, optimizer, (gradient, gradient), rates, factor)
        weights.append(network.fc.weight.item())
        biases.append(network.fc.bias.item())
    assert weights == pytest.approx([1.8, 1.73, 1.62835], rel=1e-12)
    assert biases == pytest.approx([0.9, 1.01, 1.079], rel=1e-12)


def test_it_is_torch_sgd_as_long_as_the_rate_stays() -> None:
    """With one rate the two rules are the same; the moment it changes they part."""
    ours, theirs = OneLayer(0.5, 0.0), OneLayer(0.5, 0.0)
    optimizer = MomentumSGD(ours)
    sgd = torch.optim.SGD([theirs.fc.weight], lr=0.1, momentum=0.9, weight_decay=0.01)
    for i in range(6):
        factor = 1.0 if i < 4 else 0.1
        for group in sgd.param_groups:
            group["lr"] = 0.1 * factor
        step(ours, optimizer, (1.0 + i, 0.0), LayerHyperparameters(weight=0.1, bias=0.1, decay=0.01), factor)
        theirs.fc.weight.grad = torch.full((1, 1), 1.0 + i, dtype=torch.float64)
        sgd.step()
        same = ours.fc.weight.item() == pytest.approx(theirs.fc.weight.item(), rel=1e-12)
        assert same == (i < 4)


def test_a_rate_of_zero_freezes_decay_and_velocity_too() -> None:
    network = OneLayer(2.0, 1.0)
    optimizer = MomentumSGD(network)
    step(network, optimizer, (1.0, 1.0), LayerHyperparameters(weight=0.1, bias=0.1, decay=0.5), 1.0)
    before = network.fc.weight.item()
    step(network, optimizer, (1.0, 1.0), LayerHyperparameters(weight=0.0, bias=0.1, decay=0.5), 1.0)
    assert network.fc.weight.item() == before


def test_schedules_of_a_layers_own_are_asked_for() -> None:
    network = OneLayer(2.0, 1.0)
    own = Schedule(kind="constant")
    asked: list[Schedule | None] = []

    def factor(schedule: Schedule | None) -> float:
        asked.append(schedule)
        return 1.0

    network.fc.weight.grad = torch.ones(1, 1, dtype=torch.float64)
    network.fc.bias.grad = torch.ones(1, dtype=torch.float64)
    MomentumSGD(network).step(lambda _: LayerHyperparameters(weight_schedule=own), factor)
    assert asked == [own, own, None]  # the weights' gradient and decay, then the biases, which have no decay


def test_lars_moves_each_layer_by_a_share_of_its_weights() -> None:
    """Rate 10, trust 0.001, decay 0.5, |w| = 2, |g| = 3: 10 * 0.001 * 2 / (3 + 0.5 * 2) = 0.005.

    w1 = 2 - 0.005 * (3 + 0.5 * 2) = 1.98, one hundredth less whatever the gradient's size; the bias keeps its
    own rate.
    """
    network = OneLayer(2.0, 1.0)
    rates = LayerHyperparameters(weight=10.0, bias=0.1, decay=0.5, trust=0.001)
    step(network, MomentumSGD(network), (3.0, 1.0), rates, 1.0)
    assert network.fc.weight.item() == pytest.approx(1.98)
    assert network.fc.bias.item() == pytest.approx(0.9)


def test_lars_does_not_stop_weights_that_are_zero() -> None:
    network = OneLayer(0.0, 0.0)
    step(network, MomentumSGD(network), (3.0, 1.0), LayerHyperparameters(weight=0.1, trust=0.001), 1.0)
    assert network.fc.weight.item() == pytest.approx(-0.3)


@pytest.mark.parametrize("rates", [LayerHyperparameters(ball=0.001), LayerHyperparameters(most_norm=0.001)])
def test_norms_are_held_in_any_memory_layout(rates: LayerHyperparameters) -> None:
    """Weights lie channels last on a CUDA device."""
    held = []
    for layout in (torch.contiguous_format, torch.channels_last):
        layer = nn.Conv2d(8, 16, 3, bias=False)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(16, 8, 3, 3, generator=torch.Generator().manual_seed(1)))
        layer.to(memory_format=layout)  # type: ignore[call-overload]  # torch documents it
        layer.weight.grad = torch.zeros_like(layer.weight)
        MomentumSGD(layer).step(lambda _: rates, lambda _: 1.0)
        held.append(layer.weight.detach())
    assert held[0].flatten(1).norm(dim=1).max() < 0.08  # they begin at about 8.5
    assert torch.allclose(held[0], held[1])


def test_noise_of_a_schedule_is_drawn_for_gradient_and_decay_apart() -> None:
    """Factors 2 and 3, then 1 for the bias: v = -0.1*2*g - 0.5*0.1*3*w = -0.2*1 - 0.15*2 = -0.5."""
    network = OneLayer(2.0, 1.0)
    network.fc.weight.grad = torch.ones(1, 1, dtype=torch.float64)
    network.fc.bias.grad = torch.ones(1, dtype=torch.float64)
    drawn = iter([2.0, 3.0, 1.0])
    rates = LayerHyperparameters(weight=0.1, bias=0.1, decay=0.5)
    MomentumSGD(network).step(lambda _: rates, lambda _: next(drawn))
    assert network.fc.weight.item() == pytest.approx(1.5)
    assert network.fc.bias.item() == pytest.approx(0.9)


def test_the_spread_of_filters_is_bounded_before_their_norm() -> None:
    """As the program does it: (3, 5), of spread sqrt(2)/2, is made twice as large, as it must not be smaller, and
    then of norm 0.5 * 2. The other way round it would end as (6, 10)."""
    layer = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 5.0]]))
    layer.weight.grad = torch.zeros(1, 2)
    rates = LayerHyperparameters(decay=0.0, ball=0.5, least_norm=2**0.5, most_norm=10.0)
    MomentumSGD(layer).step(lambda _: rates, lambda _: 1.0)
    assert layer.weight[0].tolist() == pytest.approx([3 / 34**0.5, 5 / 34**0.5])
