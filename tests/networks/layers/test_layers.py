"""Layers against slow loops, and dropout against its law."""

import itertools

import pytest
import torch
from torch import Tensor

from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.layer import positions
from alexnet.networks.layers.locally_connected import LocallyConnected
from alexnet.networks.layers.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.randomness import StepRandomness


def test_sizes_round_up() -> None:
    assert [positions(size, 11, 4) for size in (223, 224, 227, 228)] == [54, 55, 55, 56]
    assert [positions(size, 3, 2) for size in (55, 27, 13, 32)] == [27, 13, 6, 16]


def windows(x: Tensor, size: int, stride: int) -> dict[tuple[int, int], Tensor]:
    """Every window of a pool, clipped at the border, by its place."""
    count = positions(x.shape[-1], size, stride)
    places = itertools.product(range(count), range(count))
    return {(i, j): x[..., i * stride : i * stride + size, j * stride : j * stride + size] for i, j in places}


@pytest.mark.parametrize(("size", "stride", "side"), [(3, 2, 13), (3, 2, 8), (2, 2, 7), (3, 2, 6), (3, 3, 8)])
def test_pools_are_a_loop_over_clipped_windows(size: int, stride: int, side: int) -> None:
    """Overlapping or not, max and mean; a mean divides by the pixels that are there."""
    x = torch.randn(2, 3, side, side, dtype=torch.float64)
    for kind in ("max", "average"):
        found = Pool(size, stride, kind=kind)(x)
        for (i, j), window in windows(x, size, stride).items():
            expected = window.amax((2, 3)) if kind == "max" else window.mean((2, 3))
            torch.testing.assert_close(found[:, :, i, j], expected)


def slow_response_normalization(x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    """Section 3.3 as a loop over maps, with the program's division of alpha by the window's size."""
    y = torch.empty_like(x)
    channels = x.shape[1]
    for c in range(channels):
        first, last = max(0, c - size // 2), min(channels, c - size // 2 + size)
        total = sum(x[:, other] ** 2 for other in range(first, last))
        y[:, c] = x[:, c] / (k + alpha / size * total) ** beta
    return y


@pytest.mark.parametrize("size", [2, 3, 4, 5])
@pytest.mark.parametrize("groups", [1, 2])
def test_response_normalisation_is_section_3_3(size: int, groups: int) -> None:
    """Output and gradient against the loop, odd and even windows, columns by themselves or together."""
    x = (100 * torch.randn(2, 12, 3, 3, dtype=torch.float64)).requires_grad_()
    layer = ResponseNormalization(size, alpha=1e-2, beta=0.75, k=2.0, groups=groups)
    y = x.detach().clone().requires_grad_()
    parts = [slow_response_normalization(part, size, 1e-2, 0.75, 2.0) for part in y.chunk(groups, 1)]
    expected = torch.cat(parts, 1)
    gradient = torch.randn_like(expected)
    found = layer(x)
    torch.testing.assert_close(found, expected)
    found.backward(gradient)
    expected.backward(gradient)
    torch.testing.assert_close(x.grad, y.grad)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_normalisation_within_a_map_is_a_loop_over_clipped_windows(size: int) -> None:
    x = 10 * torch.randn(2, 3, 7, 7, dtype=torch.float64)
    found = MapNormalization(size, scale=1e-2, power=0.75)(x)
    for i, j in itertools.product(range(7), range(7)):
        top, left = i - size // 2, j - size // 2
        window = x[:, :, max(0, top) : top + size, max(0, left) : left + size]
        divisor = (1.0 + 1e-2 / size**2 * window.square().sum((2, 3))) ** 0.75
        torch.testing.assert_close(found[:, :, i, j], x[:, :, i, j] / divisor)


def test_a_local_layer_whose_filters_are_all_alike_is_a_convolution() -> None:
    conv = Convolution(4, 6, 3, padding=1, stride=2, groups=2).double()
    conv.initialize(torch.Generator().manual_seed(0))
    local = LocallyConnected((4, 8, 8), 6, 3, padding=1, stride=2, groups=2).double()
    with torch.no_grad():
        local.weight.copy_(conv.weight.flatten(1).expand_as(local.weight))
        local.bias.copy_(conv.bias[:, None].expand_as(local.bias))
    x = torch.randn(2, 4, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(local(x), conv(x))


def test_filters_of_a_local_layer_belong_to_their_positions() -> None:
    """Changing the filter of one position changes the output there and nowhere else."""
    local = LocallyConnected((3, 5, 5), 2, 3, padding=1)
    local.initialize(torch.Generator().manual_seed(0))
    x = torch.randn(1, 3, 5, 5)
    with torch.no_grad():
        before = local.linear(x)
        local.weight[7] += 1.0
        changed = (local.linear(x) != before).any(1)[0].flatten()
    assert changed.nonzero().flatten().tolist() == [7]


def test_dropout_drops_without_rescaling_and_halves_at_test() -> None:
    """Section 4.2: in training a unit is kept as it is or is 0, half of the time; at test it is halved."""
    layer = Dropout(0.5)
    x = torch.rand(200, 500) + 1.0
    kept = layer.train()(x, rng=StepRandomness(0, 0, 0, 200, 200), stage="dropout6") / x
    assert set(kept.unique().tolist()) == {0.0, 1.0}
    assert abs(kept.mean().item() - 0.5) < 5 * 0.5 / kept.numel() ** 0.5
    assert torch.equal(layer.eval()(x), x * 0.5)


def test_two_processes_drop_what_one_would() -> None:
    layer, x = Dropout(0.5).train(), torch.ones(10, 64)
    whole = layer(x, rng=StepRandomness(0, 3, 0, 10, 10), stage="dropout6")
    parts = [
        layer(x[a:b], rng=StepRandomness(0, 3, a, b, 10), stage="dropout6") for a, b in ((0, 4), (4, 10))
    ]
    assert torch.equal(torch.cat(parts), whole)


def test_steps_and_stages_drop_different_units() -> None:
    layer, x = Dropout(0.5).train(), torch.ones(4, 256)
    masks = [
        layer(x, rng=StepRandomness(seed, step, 0, 4, 4), stage=stage)
        for seed, step, stage in ((0, 0, "a"), (0, 0, "b"), (0, 1, "a"), (1, 0, "a"))
    ]
    for one, other in itertools.combinations(masks, 2):
        assert 0.4 < (one == other).float().mean().item() < 0.6
