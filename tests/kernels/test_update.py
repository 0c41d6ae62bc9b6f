"""The fused update against the rule of section 5 as printed."""

import pytest
import torch

from alexnet.kernels import library
from alexnet.kernels.update import Update, at_once, sgd_step


def test_ten_steps_follow_the_printed_rule() -> None:
    """v := 0.9 v - 0.0005 rate w - rate g; w := w + v, in float64, with the rate cut in half on the way."""
    generator = torch.Generator().manual_seed(1)
    for shape in ((1001,), (3, 5, 7), (64, 16, 3, 3)):
        weight = torch.randn(shape, generator=generator)
        velocity = torch.zeros(shape)
        exact, speed = weight.double(), velocity.double()
        for step in range(10):
            rate = 0.01 if step < 5 else 0.005
            gradient = torch.randn(shape, generator=generator)
            sgd_step(weight, gradient, velocity, rate, 0.9, 0.0005)
            speed = 0.9 * speed - 0.0005 * rate * exact - rate * gradient.double()
            exact = exact + speed
        assert torch.allclose(weight.double(), exact, rtol=1e-6, atol=1e-6)
        assert torch.allclose(velocity.double(), speed, rtol=1e-5, atol=1e-7)


def test_the_plain_way_is_the_same() -> None:
    first = [torch.randn(100, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
    second = [tensor.clone() for tensor in first]
    sgd_step(first[0], first[1], first[2], 0.1, 0.9, 0.01)
    with library.plain():
        sgd_step(second[0], second[1], second[2], 0.1, 0.9, 0.01)
    for one, two in zip(first, second, strict=True):
        assert torch.allclose(one, two, rtol=1e-6, atol=1e-7)


def test_tensors_that_are_not_contiguous_are_updated_too() -> None:
    weight, velocity = torch.ones(4, 6).t(), torch.zeros(4, 6).t()
    sgd_step(weight, torch.full((6, 4), 2.0), velocity, 0.5, 0.9, 0.0)
    assert torch.equal(weight, torch.zeros(6, 4))


def test_autograd_sees_that_the_weights_changed() -> None:
    weight = torch.ones(16, requires_grad=True)
    loss = (weight * weight).sum()
    with torch.no_grad():
        sgd_step(weight, torch.ones(16), torch.zeros(16), 0.1, 0.9, 0.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_all_tensors_at_once_are_updated_as_one_by_one() -> None:
    """What a CUDA device does, here on the processor: the same bits as the plain way."""
    generator = torch.Generator().manual_seed(2)
    first: list[Update] = []
    for size in (5, 96, 1000):
        weight, gradient, velocity = torch.randn(3, size, generator=generator)
        first.append(Update(weight, gradient, velocity, 0.02, 0.9, 0.0005))
    second = [u._replace(weight=u.weight.clone(), velocity=u.velocity.clone()) for u in first]
    at_once(first)
    with library.plain():
        for update in second:
            sgd_step(*update)
    for one, two in zip(first, second, strict=True):
        assert torch.equal(one.weight, two.weight)
        assert torch.equal(one.velocity, two.velocity)
