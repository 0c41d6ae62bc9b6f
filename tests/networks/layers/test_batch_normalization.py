"""Batch normalisation, beside PyTorch's own module."""

import pytest
import torch
from torch import nn

from alexnet.errors import RecipeError
from alexnet.networks.layers.batch_normalization import BatchNormalization, statistics_kept


@pytest.mark.parametrize("shape", [(6, 5, 4, 4), (7, 5)])
def test_it_computes_what_pytorchs_module_without_weights_does(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(1)
    kind = nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d
    theirs, ours = kind(5, affine=False), BatchNormalization(5)
    for _ in range(3):
        x = torch.randn(shape, generator=generator) * 3 + 2
        torch.testing.assert_close(ours(x), theirs(x))
    theirs.eval(), ours.eval()
    torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.running_var, theirs.running_var)


def test_a_single_value_a_channel_is_normalised_as_at_test() -> None:
    layer = BatchNormalization(3)
    layer.running_mean.fill_(1.0)
    x = torch.tensor([[2.0, 3.0, 4.0]])
    torch.testing.assert_close(layer(x), layer.eval()(x))


def raise_after(network: nn.Module, error: Exception) -> None:
    network(torch.randn(8, 2, 3, 3) + 5)
    raise error


def test_a_step_that_raises_leaves_the_statistics_as_they_were() -> None:
    network = nn.Sequential(BatchNormalization(2), BatchNormalization(2))
    network(torch.randn(8, 2, 3, 3))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    stops = RuntimeError("in the middle of a step")
    with pytest.raises(RuntimeError), statistics_kept(network):
        raise_after(network, stops)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_momentum_that_averages_nothing_is_refused() -> None:
    with pytest.raises(RecipeError, match="momentum 0"):
        BatchNormalization(3, momentum=0.0)
