"""Weights of one byte: how far they are from the weights, and the kernel against plain arithmetic."""

import pytest
import torch

from alexnet.kernels import library
from alexnet.kernels.quantized import connect, quantize


def test_rounding_is_within_half_a_scale_and_zero_stays_zero() -> None:
    weight = torch.randn(5, 64, generator=torch.Generator().manual_seed(1))
    weight[2] = 0.0
    weight[3] *= 1e-3
    rounded, scale = quantize(weight)
    assert rounded.abs().max() == 127
    assert ((rounded * scale[:, None] - weight).abs() <= scale[:, None] * 0.5 + 1e-9).all()
    assert (rounded[2] == 0).all()


@pytest.mark.parametrize("images", [1, 2, 10, 33])
@pytest.mark.parametrize("inputs", [32, 96, 100])
def test_sums_equal_those_in_float64(images: int, inputs: int) -> None:
    generator = torch.Generator().manual_seed(1)
    weight, scale = quantize(torch.randn(7, inputs, generator=generator))
    x, bias = torch.randn(images, inputs, generator=generator), torch.randn(7, generator=generator)
    exact = x.double() @ (weight.double() * scale.double()[:, None]).t() + bias.double()
    for rectified in (False, True):
        y = connect(x, weight, scale, bias, rectified=rectified)
        assert torch.allclose(y.double(), exact.clamp(min=0) if rectified else exact, rtol=1e-5, atol=1e-4)
        with library.plain():
            assert torch.allclose(
                connect(x, weight, scale, bias, rectified=rectified), y, rtol=1e-5, atol=1e-4
            )
