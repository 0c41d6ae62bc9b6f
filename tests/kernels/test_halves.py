"""Products of vectors in half precision."""

import pytest
import torch

from alexnet.kernels.halves import half_products
from alexnet.kernels.library import plain


@pytest.mark.parametrize("values", [1, 31, 32, 33, 512, 4099])
def test_products_are_those_of_doubles(values: int) -> None:
    generator = torch.Generator().manual_seed(values)
    vectors = torch.randn(37, values, generator=generator).half()
    query, out = torch.randn(values, generator=generator), torch.empty(37)
    if not half_products(vectors, query, out):
        pytest.skip("the kernel is not built here")
    expected = vectors.double() @ query.double()
    bound = 1e-6 * (vectors.double().abs() @ query.double().abs())
    assert bool(((out.double() - expected).abs() <= bound + 1e-12).all())


def test_subnormal_numbers_and_the_largest_are_converted_as_ieee_says() -> None:
    vectors = torch.tensor([[6e-8, 65504.0, -0.0] + [0.0] * 29]).half()
    out = torch.empty(1)
    if not half_products(vectors, torch.ones(32), out):
        pytest.skip("the kernel is not built here")
    assert out.item() == vectors.float().sum().item()


def test_what_it_does_not_fit_is_left_to_others() -> None:
    vectors, query, out = torch.zeros(4, 8, dtype=torch.float16), torch.zeros(8), torch.full((4,), 7.0)
    assert not half_products(vectors.float(), query, out)
    assert not half_products(vectors[:, ::2], query[:4].contiguous(), out)
    assert not half_products(vectors, query[:4], out)
    with plain():
        assert not half_products(vectors, query, out)
    assert bool((out == 7).all())
