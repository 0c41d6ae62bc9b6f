"""Rectification, normalisation and pooling in one pass against the plain operations in float64."""

from dataclasses import replace
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels import library, response
from alexnet.kernels.response import Response
from alexnet.networks.layers.pooling import WindowPool

pytestmark = pytest.mark.skipif(library.absence() is not None, reason=f"no kernels: {library.absence()}")

STRONG = Response(alpha=0.05, k=1.0)  # the paper's constants change responses too little to see a mistake


def plain(x: Tensor, r: Response) -> Tensor:
    """The same with plain operations."""
    if r.rectify_before:
        x = F.relu(x)
    if r.normalize:
        size = 2 * r.reach + 1
        parts = [
            F.local_response_norm(part, size, r.alpha * size, r.beta, r.k) for part in x.chunk(r.groups, 1)
        ]
        x = torch.cat(parts, 1)
    if r.pool:
        x = WindowPool(3, 2)(x) if r.shared else F.max_pool2d(x, 3, 2, ceil_mode=True)
    return F.relu(x) if r.rectify_after else x


def check(x: Tensor, r: Response) -> None:
    """Compare values and gradients with the plain operations."""
    exact = x.detach().double().requires_grad_()
    x = x.detach().requires_grad_()
    assert response.supports(x, r)
    ours, expected = response.respond(x, r, lambda x: plain(x, r)), plain(exact, r)
    assert ours.shape == expected.shape
    gradient = torch.randn(ours.shape, generator=torch.Generator().manual_seed(9))
    ours.backward(gradient)
    expected.backward(gradient.double())
    assert x.grad is not None
    assert exact.grad is not None
    assert torch.allclose(ours.double(), expected, rtol=2e-6, atol=1e-6)
    assert torch.allclose(x.grad.double(), exact.grad, rtol=1e-5, atol=3e-6)


def random(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    ("before", "normalize", "pool", "after"),
    [choice for choice in product([False, True], repeat=4) if choice[2] or not choice[3]],
)
def test_every_combination_equals_the_plain_operations(
    before: bool, normalize: bool, pool: bool, after: bool
) -> None:
    r = replace(STRONG, rectify_before=before, normalize=normalize, pool=pool, rectify_after=after)
    check(random(2, 16, 7, 9), r)


@pytest.mark.parametrize(("height", "width"), [(2, 2), (3, 2), (5, 8), (8, 5), (13, 13), (27, 27)])
@pytest.mark.parametrize("images", [1, 9])
def test_windows_are_clipped_at_the_border(height: int, width: int, images: int) -> None:
    check(random(images, 8, height, width), replace(STRONG, rectify_before=True, normalize=True, pool=True))


@pytest.mark.parametrize(("reach", "groups"), [(0, 1), (1, 2), (2, 3), (4, 1), (8, 6)])
def test_the_window_of_channels_stays_within_its_group(reach: int, groups: int) -> None:
    check(random(2, 48, 4, 4), replace(STRONG, normalize=True, pool=True, reach=reach, groups=groups))


def test_any_exponent_and_constant() -> None:
    check(random(2, 16, 4, 4), replace(STRONG, normalize=True, beta=0.5, k=3.0))


def test_among_equals_the_first_takes_the_gradient() -> None:
    """As the plain pool has it: a map of zeros sends each window's gradient to its first corner."""
    for r in (replace(STRONG, pool=True), replace(STRONG, normalize=True, pool=True)):
        check(torch.zeros(1, 8, 9, 9), r)
        check(torch.ones(1, 8, 8, 8), r)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 7), (2, 3)])
@pytest.mark.parametrize("after", [False, True])
def test_equals_may_each_take_the_whole_gradient(height: int, width: int, after: bool) -> None:
    """As in the 2012 program; a map of few values has many equals."""
    few = random(3, 16, height, width).round()
    check(few, replace(STRONG, pool=True, rectify_before=not after, rectify_after=after, shared=True))
    check(few, replace(STRONG, rectify_before=True, normalize=True, pool=True, shared=True, reach=0))


def test_nan_and_infinity_are_not_hidden() -> None:
    x = random(1, 8, 5, 5)
    x[0, 3, 2, 2] = float("nan")
    pooled = response.respond(x, Response(rectify_before=True, pool=True), F.relu)
    assert pooled.isnan().sum() == 4  # the windows that see it
    assert response.respond(x, Response(rectify_before=True, normalize=True), F.relu).isnan().any()


def test_any_memory_layout_gives_the_same_bits() -> None:
    r = replace(STRONG, rectify_before=True, normalize=True, pool=True)
    x = random(2, 32, 9, 9)
    wide = torch.zeros(2, 64, 9, 18)
    wide[:, 1::2, :, ::2] = x
    expected = response.respond(x, r, F.relu)
    assert torch.equal(response.respond(wide[:, 1::2, :, ::2], r, F.relu), expected)
    assert torch.equal(response.respond(x.contiguous(memory_format=torch.channels_last), r, F.relu), expected)
