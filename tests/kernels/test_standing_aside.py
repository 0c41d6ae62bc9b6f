"""Where kernels must not be used, or must not be all there is: their inputs, second derivatives, other eyes.

Everywhere the same network with plain PyTorch, in float64 where numbers are compared, is the reference.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.flop_counter import FlopCounterMode

from alexnet.kernels import connected, library, maps, pixels, response, update, winograd
from alexnet.kernels.response import Response
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import Layer
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.layers.pooling import Pool, WindowPool
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18
from alexnet.networks.stage import Stage
from alexnet.randomness import generator

pytestmark = pytest.mark.skipif(library.absence() is not None, reason=f"no kernels: {library.absence()}")

TORCHS_OWN = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
"""Torch's own rules for forward mode are made with it."""


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class AllKernels:
    """A network in which every kernel has a part, small enough for second derivatives."""

    kind, classes, side = "all-kernels", 3, 8

    def stages(self) -> tuple[Stage, ...]:
        conv1 = Convolution(3, 16, 3, padding=1, deviation=0.004)
        conv2 = Convolution(16, 16, 3, padding=1, deviation=0.2, activation="identity")
        return (
            Stage("conv1", conv1, ("images",)),
            Stage("norm1", ResponseNormalization(5, alpha=0.5, k=1.0), ("conv1",)),
            Stage("pool1", Pool(3, 2), ("norm1",)),
            Stage("conv2", conv2, ("pool1",)),
            Stage("rnorm2", MapNormalization(3, scale=0.5), ("conv2",)),
            Stage("relu2", Neuron("relu"), ("rnorm2",)),
            Stage("pool2", Pool(3, 2, kind="average"), ("relu2",)),
            Stage("fc3", FullyConnected(64, 3, deviation=0.3, activation="identity"), ("pool2",)),
        )


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(AllKernels(), seed=1)


@pytest.fixture(scope="module")
def images() -> Tensor:
    return 40 * random(2, 3, 8, 8, seed=2)


def exactly(network: Network) -> Network:
    """The same network in float64, which no kernel takes."""
    exact = Network(AllKernels(), seed=1)
    exact.load_state_dict(network.state_dict())
    return exact.double()


def squared(network: Network) -> Callable[[Tensor], Tensor]:
    return lambda images: network(images).square().sum()


def close(found: Tensor, expected: Tensor) -> bool:
    return bool((found.double() - expected).norm() <= 2e-4 * expected.norm()) and bool(expected.any())


def test_every_kernel_has_a_part_in_the_network_of_these_tests(
    network: Network, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = set()

    def noted(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **keywords: object) -> object:
            called.add(name)
            return function(*args, **keywords)

        return call

    for module, name in (
        (winograd, "convolve"),
        (response, "respond"),
        (maps, "map_norm"),
        (maps, "mean_pool"),
    ):
        monkeypatch.setattr(module, name, noted(name, getattr(module, name)))
    network(images)
    assert called == {"convolve", "respond", "map_norm", "mean_pool"}


# what they are given


def test_biases_of_another_type_or_length_are_left_to_torch_which_refuses_them() -> None:
    """The kernel would read floats from doubles, or past the end."""
    x, layer = random(1, 16, 8, 8), Convolution(16, 16, 3, padding=1)
    layer.initialize(generator(0))
    for bias in (torch.zeros(16, dtype=torch.float64), torch.zeros(3), torch.zeros(1, 16)):
        layer.bias = torch.nn.Parameter(bias)
        assert not winograd.supports(x, layer.weight, layer.bias, 1, 1)
        with pytest.raises(RuntimeError):
            layer(x)
    dense = FullyConnected(64, 4)
    dense.initialize(generator(0))
    for bias in (torch.zeros(4, dtype=torch.float64), torch.zeros(3)):
        dense.bias = torch.nn.Parameter(bias)
        with torch.no_grad(), pytest.raises(RuntimeError):
            dense(random(1, 64))


def test_biases_that_are_a_view_are_read_as_the_view() -> None:
    x, wide = random(1, 16, 8, 8), random(32, seed=3)
    layer = Convolution(16, 16, 3, padding=1, activation="identity")
    layer.initialize(generator(0))
    layer.bias = torch.nn.Parameter(wide[::2])
    with torch.no_grad():
        ours, expected = layer(x), torch.nn.functional.conv2d(x, layer.weight, wide[::2], padding=1)
        assert torch.allclose(ours, expected, atol=1e-5)
        layer.prepare()
        assert torch.allclose(layer(x), expected, atol=1e-5)


@pytest.mark.parametrize("wrong", ["bias", "scale"])
@pytest.mark.parametrize("kind", ["double", "strided"])
def test_quantised_weights_take_biases_and_scales_of_any_type_and_layout(wrong: str, kind: str) -> None:
    weight, x = random(8, 64), random(2, 64, seed=1)
    rounded, scale = connected.quantize(weight)
    numbers = {"bias": random(8, seed=2), "scale": scale}
    expected = torch.nn.functional.linear(x, rounded * scale[:, None], numbers["bias"])
    given = numbers[wrong]
    numbers[wrong] = given.double() if kind == "double" else given.repeat_interleave(2)[::2]
    found = connected.linear(x, rounded, numbers["bias"], scale=numbers["scale"], rectified=False)
    assert torch.allclose(found.float(), expected, atol=2e-3)
    with pytest.raises(RuntimeError):
        connected.linear(x, rounded, numbers["bias"][:3], scale=scale, rectified=False)


def test_an_update_of_tensors_of_other_sizes_is_left_to_torch_which_refuses_it() -> None:
    with pytest.raises(RuntimeError):
        update.sgd_step(torch.zeros(64), torch.zeros(3), torch.zeros(64), 0.1, 0.9, 0.0)


def test_memory_that_does_not_hold_the_numbers_is_left_to_torch() -> None:
    x = torch.zeros(1, 8, 4, 4)
    negative = torch._neg_view(x)  # its sign is not in its memory
    assert not library.usable(negative)
    assert not library.usable(x.to_sparse())
    assert not library.usable(x.to_mkldnn())


def test_crops_are_cut_where_offsets_of_any_integer_type_say() -> None:
    """The compiled function reads int32; int64 gave every second crop the row 0."""
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 12, 12), np.uint8)
    offsets = np.array([[1, 2], [3, 4], [0, 4]])
    if not pixels.supports(images, 8):
        pytest.skip("no compiled pixels")
    found = pixels.crop(images, offsets, np.array([0, 0, 1]), 8)
    assert np.array_equal(found[1], images[1, :, 3:11, 4:12])
    assert np.array_equal(found[2], images[2, :, 0:8, 4:12][..., ::-1])
    with pytest.raises(ValueError, match="not for 3 pictures"):
        pixels.crop(images, offsets, np.array([True]), 8)
    with pytest.raises(ValueError, match="float32"):
        pixels.crop_mirror_shift(
            images, offsets, np.zeros(3, bool), np.zeros((3, 3)), 1.0, np.zeros((3, 3, 8, 8))
        )


# derivatives beyond the first


def test_hessians_are_those_of_plain_torch(network: Network, images: Tensor) -> None:
    """They were zero, without a word: each kernel's backward pass was the end of the graph."""
    image = images[:1]

    def of_some(network: Network, image: Tensor) -> Callable[[Tensor], Tensor]:
        def value(few: Tensor) -> Tensor:
            return squared(network)(
                torch.cat([few.view(1, 1, 2, 8), image[:, :1, 2:]], 2).expand(-1, 3, -1, -1)
            )

        return value

    point = image[0, 0, :2].reshape(-1)
    found = torch.autograd.functional.hessian(of_some(network, image), point)
    expected = torch.autograd.functional.hessian(of_some(exactly(network), image.double()), point.double())
    assert close(found, expected)


def test_a_gradient_penalty_moves_the_weights_as_with_plain_torch(network: Network, images: Tensor) -> None:
    def penalty(network: Network, images: Tensor) -> dict[str, Tensor]:
        images = images.clone().requires_grad_()
        (slope,) = torch.autograd.grad(squared(network)(images), images, create_graph=True)
        network.zero_grad()
        slope.square().sum().backward()
        return {name: value.grad for name, value in network.named_parameters() if value.grad is not None}

    found, expected = penalty(network, images), penalty(exactly(network), images.double())
    assert found.keys() == expected.keys()
    for name in expected:
        if expected[name].any():
            assert close(found[name], expected[name]), name
    assert found["conv1.weight"].any()


@pytest.mark.parametrize(
    "layer", [Pool(3, 2), WindowPool(3, 2), WindowPool(3, 2, kind="avg"), MapNormalization(3, scale=0.5)]
)
def test_gradients_of_gradients_of_single_layers_are_right(layer: Layer) -> None:
    x = random(1, 8, 5, 5).requires_grad_()
    exact = x.detach().double().requires_grad_()
    for given in (x, exact):
        (slope,) = torch.autograd.grad(layer(given).square().sum(), given, create_graph=True)
        slope.square().sum().backward()
    assert x.grad is not None
    assert exact.grad is not None
    assert close(x.grad, exact.grad)


@TORCHS_OWN
def test_gradients_may_be_carried_back_many_at_a_time(network: Network, images: Tensor) -> None:
    """`vectorize` calls the backward passes under vmap."""
    image = images[:1]
    found = torch.autograd.functional.jacobian(network, image, vectorize=True)
    expected = torch.autograd.functional.jacobian(exactly(network), image.double())
    assert close(found, expected)


@TORCHS_OWN
def test_transforms_of_torch_func_and_forward_mode_are_those_of_plain_torch(
    network: Network, images: Tensor
) -> None:
    exact, twice = exactly(network), images.double()
    direction = random(*images.shape, seed=5)
    assert close(torch.func.grad(squared(network))(images), torch.func.grad(squared(exact))(twice))
    singly = torch.func.vmap(lambda image: network(image[None])[0])(images)
    assert close(singly, exact(twice))
    found = torch.func.jvp(network, (images,), (direction,))[1]
    expected = torch.func.jvp(exact, (twice,), (direction.double(),))[1]
    assert close(found, expected)
    _, found = torch.autograd.functional.jvp(network, images, direction)
    assert close(found, expected)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(images, direction)
        found = torch.autograd.forward_ad.unpack_dual(network(dual)).tangent
    assert close(found, expected)


def test_gradients_of_each_image_by_vmap_are_those_of_a_loop(network: Network, images: Tensor) -> None:
    weights = {name: value.detach() for name, value in network.named_parameters()}

    def value(weights: dict[str, Tensor], image: Tensor) -> Tensor:
        logits: Tensor = torch.func.functional_call(network, weights, (image[None],))
        return logits.square().sum()

    each = torch.func.vmap(torch.func.grad(value), in_dims=(None, 0))(weights, images)
    for i, image in enumerate(images):
        network.zero_grad()
        squared(network)(image[None]).backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None
            assert torch.allclose(each[name][i], parameter.grad, rtol=1e-3, atol=1e-4), name


# others that watch


def test_a_trace_of_operations_holds_all_of_them(network: Network, images: Tensor) -> None:
    traced = make_fx(network)(images)
    other = 40 * random(2, 3, 8, 8, seed=7)
    assert close(traced(other), exactly(network)(other.double()))


def test_multiplications_are_counted_as_with_plain_torch() -> None:
    network, images = Network(Cifar18()), torch.zeros(1, 3, 32, 32)

    def count() -> int:
        with FlopCounterMode(display=False) as counter:
            network(images).sum().backward()
        return int(counter.get_total_flops())

    with library.plain():
        expected = count()
    assert count() == expected


def test_a_mode_sees_every_function_and_a_default_device_is_none(network: Network, images: Tensor) -> None:
    class Watching(torch.overrides.TorchFunctionMode):
        seen: set[object]

        def __torch_function__(
            self,
            function: Callable[..., object],
            types: object,
            args: tuple[object, ...] = (),
            kwargs: object = None,
        ) -> object:
            self.seen.add(function)
            return function(*args, **(kwargs or {}))  # type: ignore[arg-type]  # torch's own signature

    watching = Watching()
    watching.seen = set()
    with watching:
        network(images)
    assert torch.conv2d in watching.seen
    with torch.device("cpu"):
        assert library.usable(images)


def test_response_of_nothing_is_not_asked_of_the_kernel() -> None:
    assert not response.supports(torch.zeros(0, 8, 4, 4), Response())
