"""Winograd's form against plain convolution in float64, forward and gradient."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels import library, winograd
from alexnet.kernels.folding import fold

needs_kernels = pytest.mark.skipif(library.absence() is not None, reason=f"no kernels: {library.absence()}")

LAYERS = {  # channels, side, filters, size, stride, padding, groups, overhang
    "conv1": (3, 224, 96, 11, 4, 0, 1, 3),
    "conv1 of torchvision": (3, 224, 64, 11, 4, 2, 1, 0),
    "conv2": (96, 27, 256, 5, 1, 2, 2, 0),
    "conv3": (256, 13, 384, 3, 1, 1, 1, 0),
    "conv4": (384, 13, 384, 3, 1, 1, 2, 0),
    "conv5 at a side that fills no tile": (384, 6, 256, 3, 1, 1, 2, 0),
    "no padding": (16, 9, 16, 3, 1, 0, 1, 0),
    "one output": (16, 5, 16, 5, 1, 0, 1, 0),
    "cifar conv2": (32, 16, 32, 5, 1, 2, 1, 0),
    "cifar conv3": (32, 8, 64, 5, 1, 2, 1, 0),
}


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def error(measured: Tensor | None, exact: Tensor | None) -> float:
    """The norm of the difference relative to the norm of the exact value."""
    assert measured is not None
    assert exact is not None
    return float(((measured - exact).norm() / exact.norm()).detach())


def test_the_transforms_compute_a_correlation_exactly() -> None:
    """Y = A'[(Gg).(B'd)] is checked as written, in one dimension, for both kernels."""
    for kernel in (3, 5):
        evaluate, finish, spread = (matrix.double() for matrix in winograd.matrices(kernel))
        pixels, taps = random(len(evaluate), seed=1).double(), random(kernel, seed=2).double()
        outputs = finish.T @ ((spread @ taps) * (evaluate @ pixels))
        exact = torch.stack([pixels[i : i + kernel] @ taps for i in range(len(outputs))])
        assert torch.allclose(outputs, exact, atol=2e-6)


@needs_kernels
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("images", [1, 3])
def test_a_layer_and_its_gradients_equal_float64(layer: str, images: int) -> None:
    channels, side, filters, size, stride, padding, groups, over = LAYERS[layer]
    x = random(images, channels, side, side, seed=3).requires_grad_()
    weight = random(filters, channels // groups, size, size, seed=4).requires_grad_()
    bias = random(filters, seed=5).requires_grad_()
    assert winograd.supports(x, weight, bias, stride, groups)
    exact = [each.detach().double().requires_grad_() for each in (x, weight, bias)]
    padded = F.pad(exact[0], (padding, padding + over, padding, padding + over))
    expected = F.conv2d(padded, exact[1], exact[2], stride, groups=groups)
    y = winograd.convolve(
        x, weight, bias, stride=stride, padding=padding, overhang=(over, over), groups=groups
    )
    assert y.shape == expected.shape
    gradient = random(*y.shape, seed=6)
    y.backward(gradient)
    expected.backward(gradient.double())
    assert error(y, expected) < 1e-5
    for ours, plain in zip((x, weight, bias), exact, strict=True):
        assert error(ours.grad, plain.grad) < 1e-5


@needs_kernels
@pytest.mark.parametrize("size", [3, 5])
def test_the_three_channels_of_pictures_need_no_gradient(size: int) -> None:
    """The pixels are padded with channels of zeros; weights for those do not exist."""
    x, bias = random(5, 3, 32, 32, seed=1), random(32, seed=2)
    weight = random(32, 3, size, size, seed=3).requires_grad_()
    exact = weight.detach().double().requires_grad_()
    assert winograd.supports(x, weight, bias, 1, 1)
    y = winograd.convolve(x, weight, bias, padding=2)
    expected = F.conv2d(x.double(), exact, bias.double(), padding=2)
    gradient = random(*y.shape, seed=4)
    y.backward(gradient)
    expected.backward(gradient.double())
    assert error(y, expected) < 1e-5
    assert error(weight.grad, exact.grad) < 1e-5


@needs_kernels
def test_rectification_is_the_same_inside_and_outside() -> None:
    weight, bias = random(32, 16, 3, 3, seed=1), random(32, seed=2)
    gradient = random(2, 32, 8, 8, seed=3)
    gradients = []
    for inside in (True, False):
        x = random(2, 16, 8, 8, seed=4).requires_grad_()
        y = winograd.convolve(x, weight, bias, padding=1, rectified=inside)
        (y if inside else F.relu(y)).backward(gradient)
        gradients.append(x.grad)
    assert gradients[0] is not None
    assert gradients[1] is not None
    assert torch.equal(gradients[0], gradients[1])


@needs_kernels
def test_any_memory_layout_gives_the_same_bits() -> None:
    x, weight, bias = random(2, 32, 7, 9, seed=1), random(16, 32, 3, 3, seed=2), random(16, seed=3)
    plain = winograd.convolve(x, weight, bias, padding=1)
    wide = torch.zeros(2, 64, 14, 18)
    wide[:, ::2, ::2, ::2] = x
    for same in (x.contiguous(memory_format=torch.channels_last), wide[:, ::2, ::2, ::2]):
        turned = weight.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
        assert torch.equal(winograd.convolve(same, turned, bias, padding=1), plain)


@needs_kernels
def test_pictures_in_any_memory_layout_are_folded_alike() -> None:
    """Enough of them for their copy to go back to the system, had it been let go before it was read."""
    x = random(32, 3, 150, 150, seed=1)
    turned = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(fold(turned, 11, 4, 0, (0, 0)), fold(x, 11, 4, 0, (0, 0)))


@needs_kernels
@pytest.mark.parametrize("maps", [32, 144])  # threads that correlate tiles alone, and together
def test_bits_do_not_depend_on_the_number_of_threads_or_on_the_other_images(maps: int) -> None:
    weight, bias = random(maps, maps, 5, 5, seed=1), random(maps, seed=2)
    x = random(59, maps, 7, 7, seed=3)  # more than one chunk, and the last one shorter
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            kernels, shifts = weight.clone().requires_grad_(), bias.clone().requires_grad_()
            y = winograd.convolve(x, kernels, shifts, padding=2)
            y.backward(torch.ones_like(y))
            results.append((y, kernels.grad, shifts.grad))
    finally:
        torch.set_num_threads(threads)
    for one, two, three in zip(*results, strict=True):
        assert one is not None
        assert two is not None
        assert three is not None
        assert torch.equal(one, two)
        assert torch.equal(one, three)
    assert torch.equal(results[0][0][58:], winograd.convolve(x[58:], weight, bias, padding=2))


@needs_kernels
@pytest.mark.parametrize("half", [False, True])
def test_bits_do_not_depend_on_whether_threads_share_tiles(
    monkeypatch: pytest.MonkeyPatch, *, half: bool
) -> None:
    weight, bias = random(64, 48, 3, 3, seed=1), random(64, seed=2)
    kernels = winograd.transformed(weight, 1)
    if half:
        kernels = replace(kernels, values=kernels.values.half())
    x = random(5, 48, 17, 17, seed=3)  # 80 tiles
    results = []
    for size in (0, 1 << 30):
        monkeypatch.setattr(winograd, "shared_cache_bytes", lambda size=size: size)
        results.append(winograd.convolve_prepared(x, kernels, bias, padding=1, rectified=True))
    assert torch.equal(*results)


@needs_kernels
def test_transformed_kernels_take_no_more_memory_than_the_form_needs() -> None:
    kernels = winograd.transformed(random(32, 16, 5, 5, seed=1), 1)
    assert kernels.values.numel() == 64 * 32 * 16


def test_what_does_not_fit_is_left_to_plain_convolution() -> None:
    weight = random(16, 16, 3, 3, seed=1)
    x, bias = random(1, 16, 8, 8, seed=2), torch.zeros(16)
    assert not winograd.supports(x[:, :3].clone().requires_grad_(), weight[:, :3], bias, 1, 1)
    assert not winograd.supports(x[:, :6], weight[:, :3], bias, 1, 2)
    assert not winograd.supports(x, weight[:10], bias, 1, 1)
    assert not winograd.supports(
        random(1, 32, 8, 8, seed=2), weight, bias, 1, 1
    )  # of other channels: torch says so
    assert not winograd.supports(x[0], weight, bias, 1, 1)
    assert not winograd.supports(x.double(), weight.double(), bias, 1, 1)
    assert not winograd.supports(x[:0], weight, bias, 1, 1)
    assert not winograd.supports(x, random(16, 16, 7, 7, seed=3), bias, 1, 1)
    with library.plain():
        assert not winograd.supports(x, weight, bias, 1, 1)


@needs_kernels
@pytest.mark.parametrize(("size", "tile"), [(3, 5), (5, 4)])
def test_one_pixel_that_is_no_number_spoils_the_tiles_that_see_it_and_no_other_picture(
    size: int, tile: int
) -> None:
    """docs/speed.md says so: plain convolution spoils only the windows that hold it."""
    x, weight, bias = random(2, 16, 24, 24, seed=1), random(16, 16, size, size, seed=2), torch.zeros(16)
    whole = winograd.convolve(x, weight, bias, padding=size // 2)
    x[0, 3, 11, 12] = float("nan")
    y = winograd.convolve(x, weight, bias, padding=size // 2)
    assert torch.equal(y[1], whole[1])
    spoiled = y[0].isnan()
    for row in range(24):
        for column in range(24):
            seen = all(
                first - size // 2 <= at < first + tile + size // 2
                for at, first in ((11, row // tile * tile), (12, column // tile * tile))
            )
            assert bool(spoiled[:, row, column].all()) == seen
            assert bool(spoiled[:, row, column].any()) == seen
    assert torch.equal(y[0][~spoiled], whole[0][~spoiled])
