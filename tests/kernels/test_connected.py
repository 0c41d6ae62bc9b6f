"""Weights of one byte and of four: how far the former are from the latter, and the kernel against plain arithmetic."""

import pytest
import torch

from alexnet.kernels import library
from alexnet.kernels.connected import linear, quantize, supports


def test_rounding_is_within_half_a_scale_and_zero_stays_zero() -> None:
    weight = torch.randn(5, 64, generator=torch.Generator().manual_seed(1))
    weight[2] = 0.0
    weight[3] *= 1e-3
    rounded, scale = quantize(weight)
    assert rounded.abs().max() == 127
    assert ((rounded * scale[:, None] - weight).abs() <= scale[:, None] * 0.5 + 1e-9).all()
    assert (rounded[2] == 0).all()


@pytest.mark.parametrize("images", [1, 2, 10, 33])
@pytest.mark.parametrize("inputs", [32, 96, 100, 9216])
def test_sums_equal_those_in_float64(images: int, inputs: int) -> None:
    generator = torch.Generator().manual_seed(1)
    weight, scale = quantize(torch.randn(7, inputs, generator=generator))
    x, bias = torch.randn(images, inputs, generator=generator), torch.randn(7, generator=generator)
    weights = weight.double() * scale.double()[:, None]
    exact = x.double() @ weights.t() + bias.double()
    # each activity is at most half a step away, and a step is 1/32767 of the picture's largest or a little more
    bound = weights.abs().sum(1) * x.double().abs().amax(1, keepdim=True) * (0.51 / 29000) + 1e-5
    for rectified in (False, True):
        y = linear(x, weight, bias, scale=scale, rectified=rectified)
        assert ((y.double() - (exact.clamp(min=0) if rectified else exact)).abs() <= bound).all()
        with library.plain():
            plain = linear(x, weight, bias, scale=scale, rectified=rectified)
        assert ((plain - y).abs() <= bound).all()


def test_the_largest_sums_stay_within_32_bits() -> None:
    """9216 weights of 127 and activities all alike: every product has the same sign."""
    weight, x = torch.full((5, 9216), 127, dtype=torch.int8), torch.full((2, 9216), -3.0)
    y = linear(x, weight, torch.zeros(5), scale=torch.ones(5), rectified=False)
    assert torch.allclose(y, torch.tensor(-3.0 * 127 * 9216))


def test_activities_of_zero_and_what_is_no_number() -> None:
    weight, scale = quantize(torch.ones(4, 64))
    assert torch.equal(
        linear(torch.zeros(1, 64), weight, torch.arange(4.0), scale=scale, rectified=False)[0],
        torch.arange(4.0),
    )
    x = torch.zeros(1, 64)
    x[0, 3] = float("nan")
    assert linear(x, weight, torch.zeros(4), scale=scale, rectified=False).isnan().all()


@pytest.mark.skipif(library.absence() is not None, reason=f"no kernels: {library.absence()}")
@pytest.mark.parametrize(("inputs", "units"), [(32, 1), (96, 4), (9216, 11)])
def test_one_picture_streams_weights_of_four_bytes(inputs: int, units: int) -> None:
    generator = torch.Generator().manual_seed(1)
    weight, bias = torch.randn(units, inputs, generator=generator), torch.randn(units, generator=generator)
    x = torch.randn(1, inputs, generator=generator)
    assert supports(x, weight, bias)
    exact = x.double() @ weight.double().t() + bias.double()
    for rectified in (False, True):
        y = linear(x, weight, bias, rectified=rectified)
        assert torch.allclose(y.double(), exact.clamp(min=0) if rectified else exact, rtol=1e-5, atol=1e-3)


def test_a_gradient_or_more_pictures_are_left_to_plain_products() -> None:
    weight, bias, x = torch.randn(4, 32), torch.randn(4), torch.randn(1, 32)
    assert not supports(x, weight.clone().requires_grad_(), bias)
    assert not supports(x, weight, bias.clone().requires_grad_())
    assert not supports(x.expand(2, -1), weight, bias)
    assert not supports(x[:, :20], weight[:, :20], bias)


@pytest.mark.parametrize("inputs", [32, 96])
def test_activities_of_another_number_are_refused_as_torch_refuses_them(inputs: int) -> None:
    """The kernel would read beyond their end."""
    x, weight = torch.randn(1, inputs), torch.randn(4, 64)
    assert not supports(x, weight, torch.zeros(4))
    rounded, scale = quantize(weight)
    with pytest.raises(RuntimeError, match="shape"):
        linear(x, rounded, torch.zeros(4), scale=scale, rectified=False)
