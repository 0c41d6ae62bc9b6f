"""Mean pooling and normalisation within maps against plain operations in float64, forward and gradient."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels import library, maps
from alexnet.networks.layers.normalization import MapNormalization
from alexnet.networks.layers.pooling import Pool, WindowPool

pytestmark = pytest.mark.skipif(library.absence() is not None, reason=f"no kernels: {library.absence()}")


def compare(layer: torch.nn.Module, x: Tensor) -> None:
    """The layer in float32 takes the kernel, in float64 the plain operations."""
    assert maps.supports(x)
    x = x.requires_grad_()
    exact = x.detach().double().requires_grad_()
    ours, expected = layer(x), layer(exact)
    assert ours.shape == expected.shape
    assert ours.is_contiguous(memory_format=torch.channels_last)
    gradient = random(*ours.shape, seed=2)
    ours.backward(gradient)
    expected.backward(gradient.double())
    assert x.grad is not None
    assert exact.grad is not None
    assert torch.allclose(ours.double(), expected, rtol=2e-6, atol=1e-6)
    assert torch.allclose(x.grad.double(), exact.grad, rtol=1e-5, atol=3e-6)


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (2, 2), (3, 1), (5, 3)])
@pytest.mark.parametrize("sides", [(16, 16), (15, 8), (9, 10), (5, 6)])
def test_mean_pools_equal_plain_ones(size: int, stride: int, sides: tuple[int, int]) -> None:
    compare(Pool(size, stride, kind="average"), random(3, 16, *sides))


@pytest.mark.parametrize(("size", "stride", "count"), [(3, 2, 0), (2, 3, 0), (3, 2, 4), (4, 1, 3)])
def test_mean_pools_of_definition_files_equal_plain_ones(size: int, stride: int, count: int) -> None:
    """Their windows may leave pixels out, between them or behind the last."""
    compare(WindowPool(size, stride, kind="avg", count=count), random(3, 16, 11, 13))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("power", [0.75, 1.0, 0.6])
def test_normalisation_equals_the_plain_one(size: int, power: float) -> None:
    """The scale is far above that of the networks, where a mistake would not be seen."""
    compare(MapNormalization(size, scale=3.0, power=power), 3 * random(2, 8, 7, 10))


def test_the_mean_divides_by_the_pixels_that_are_there() -> None:
    """The last window of 3 pixels in a map of 16 has 2 of them; a map of ones stays ones."""
    assert torch.equal(Pool(3, 2, kind="average")(torch.ones(1, 8, 16, 16)), torch.ones(1, 8, 8, 8))


def test_a_slow_loop_agrees() -> None:
    x, size, scale = random(1, 8, 5, 4), 3, 2.0
    ours = MapNormalization(size, scale=scale, power=0.75)(x)
    for row in range(5):
        for column in range(4):
            window = x[0, 0, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            expected = x[0, 0, row, column] * (1 + scale / 9 * (window**2).sum()) ** -0.75
            assert torch.isclose(ours[0, 0, row, column], expected, rtol=1e-5)


def test_more_than_one_thread_and_few_images_change_nothing() -> None:
    layer, x = MapNormalization(3, scale=1.0), random(3, 8, 6, 6)
    assert torch.equal(torch.cat([layer(one) for one in x.split(1)]), layer(x))


def test_odd_channels_and_other_types_are_left_to_plain_operations() -> None:
    assert not maps.supports(random(1, 12, 4, 4))
    assert not maps.supports(random(1, 8, 4, 4).double())
    assert not maps.supports(random(0, 8, 4, 4))
    assert F.avg_pool2d(random(1, 12, 4, 4), 2).equal(Pool(2, 2, kind="average")(random(1, 12, 4, 4)))
