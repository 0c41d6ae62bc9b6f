"""A network over a whole picture against loops: over views that are cut, and over windows of its maps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, final

import pytest
import torch
from torch import Tensor

import alexnet
from alexnet.errors import RecipeError
from alexnet.inference.views import view_probabilities
from alexnet.networks.chain import Chain
from alexnet.networks.dense import dense_activations, dense_logits, dense_positions
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.joins import Concatenation
from alexnet.networks.layers.layer import Layer
from alexnet.networks.layers.multi_input import Dense, Filtered, MultiInputLayer
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.layers.pictures import Resize
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.network import Network
from alexnet.networks.stage import IMAGES, Stage


@final
@dataclass(frozen=True)
class Stages:
    """An architecture whose stages a test writes down."""

    make: Callable[[], tuple[Stage, ...]]
    side: int
    kind: ClassVar[str] = "of-a-test"
    classes: int = 4

    def stages(self) -> tuple[Stage, ...]:
        return self.make()


def chained(side: int, **layers: Callable[[Chain], Layer]) -> Network:
    """Return a network of layers one after the other, with weights large enough to tell pictures apart."""

    def make() -> tuple[Stage, ...]:
        chain = Chain(side)
        for name, layer in layers.items():
            chain.add(name, layer(chain))
        return tuple(chain.stages)

    return varied(Network(Stages(make, side)))


def varied(network: Network) -> Network:
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(0.3 / float(parameter.std().clamp(min=1e-3)) if parameter.dim() > 1 else 1.0)
        network.mean.copy_(
            torch.rand(network.mean.shape, generator=torch.Generator().manual_seed(3)) * 90 + 80
        )
    return network.eval()


def pictures(side: int, count: int = 3) -> Tensor:
    """Pixels with structure at every scale, so that neighbouring views differ."""
    seed = torch.Generator().manual_seed(side)
    coarse = torch.nn.functional.interpolate(torch.rand(count, 3, 5, 5, generator=seed), side, mode="bicubic")
    return (
        (coarse * 200 + torch.rand(count, 3, side, side, generator=seed) * 55).clamp(0, 255).to(torch.uint8)
    )


def without_padding() -> Network:
    """Two strides of 2, no padding, no window over a border: a view of 23 pixels has maps of 3 x 3."""
    return chained(
        23,
        conv1=lambda chain: Convolution(3, 16, 5, stride=2),
        norm1=lambda chain: ResponseNormalization(5),
        pool1=lambda chain: Pool(2, 2),
        relu1=lambda chain: Neuron("relu"),
        conv2=lambda chain: Convolution(16, 8, 3),
        fc3=lambda chain: FullyConnected(chain.values, 12),
        fc4=lambda chain: FullyConnected(12, 4, activation="identity"),
    )


def of_views(network: Network, images: Tensor, starts: list[int]) -> Tensor:
    """Cut every view, subtract what lies under it of a mean picture over the whole, and ask the network: (N, V, K)."""
    side, border = network.architecture.side, images.shape[-1] - network.architecture.side
    whole = torch.empty(3, images.shape[-1], images.shape[-1])
    for y in range(images.shape[-1]):
        for x in range(images.shape[-1]):
            near = [min(max(at - border // 2, 0), side - 1) for at in (y, x)]
            whole[:, y, x] = network.mean[:, near[0], near[1]]
    own, logits = network.mean.clone(), []
    for top in starts:
        for left in starts:
            network.mean.copy_(whole[:, top : top + side, left : left + side])
            logits.append(network(images[:, :, top : top + side, left : left + side]))
    network.mean.copy_(own)
    return torch.stack(logits, 1)


@torch.no_grad()
@pytest.mark.parametrize(
    ("side", "starts"), [(27, [0, 4]), (35, [0, 4, 8, 12]), (37, [1, 5, 9, 13]), (28, [0, 4])]
)
def test_without_padding_it_is_a_loop_over_views_at_the_networks_stride(side: int, starts: list[int]) -> None:
    """4 pixels apart, in the middle of the picture where they do not reach all of it."""
    network, images = without_padding(), pictures(side)
    assert dense_positions(network, side) == len(starts)
    expected = of_views(network, images, starts)
    found = dense_logits(network, images)
    assert float(expected.std(1).min()) > 0.01, "all views look alike: this test shows nothing"
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))
    averaged = view_probabilities(network, images, "dense")
    assert torch.allclose(averaged, expected.softmax(2).mean(1), atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(
    ("kind", "side", "options", "maps", "step"),
    [
        ("alexnet", 256, {"columns": 1, "units": 32}, "pool5", 32),
        ("torchvision", 256, {}, "pool5", 32),
        ("caffenet", 256, {}, "pool5", 32),
        ("cifar-18pct", 48, {}, "pool3", 8),
        ("small", 72, {"units": 32}, "norm5", 16),
        ("cifar-conv-local-13pct", 40, {}, "pool2", 4),
    ],
)
def test_later_stages_run_on_every_window_of_the_maps(
    kind: str, side: int, options: dict[str, Any], maps: str, step: int
) -> None:
    """The maps are those of the same network built for the whole picture; each window is cut out by itself.

    Fully-connected layers, and with them locally-connected ones, which have filters for every position of a view.
    """
    network = varied(alexnet.build(kind, classes=5, **options))
    large = alexnet.build(kind, classes=5, side=side, **options).eval()
    kept = {name: value for name, value in network.state_dict().items() if name != "mean"}
    large.load_matching(kept)
    border = side - network.architecture.side
    large.mean.copy_(
        torch.nn.functional.pad(
            network.mean[None], (border // 2, border - border // 2) * 2, mode="replicate"
        )[0]
    )
    images = pictures(side, 2)
    whole = large.activations(images, maps)[maps]
    size, names = network.shapes()[maps][1], [stage.name for stage in network.stages]
    positions = -(-border // step) + 1 if kind == "caffenet" else border // step + 1
    expected = []
    for top in range(positions):
        for left in range(positions):
            value = whole[:, :, top : top + size, left : left + size]
            for stage in network.stages[names.index(maps) + 1 :]:
                value = stage.operation(value)
            expected.append(value)
    found = dense_logits(network, images)
    assert found.shape[1] == positions**2 > 1
    assert torch.allclose(found, torch.stack(expected, 1), atol=1e-4 * float(found.abs().max()))


@torch.no_grad()
def test_what_reads_two_stages_gets_the_same_view_of_both() -> None:
    """One 2 pixels a position and one 4: windows of the former move by two."""

    def make() -> tuple[Stage, ...]:
        apart = Filtered(3, 8, 5, 2, 0, 1)
        return (
            Stage("conv1a", MultiInputLayer([apart], (8,), deviations=[0.1]), (IMAGES,)),
            Stage("conv1b", MultiInputLayer([apart], (8,), deviations=[0.1]), (IMAGES,)),
            Stage("both", Concatenation(), ("conv1a", "conv1b")),
            Stage("pool", Pool(2, 2), ("both",)),
            Stage("fc", MultiInputLayer([Dense(8 * 100, 4), Dense(16 * 25, 4)], (4,), deviations=[0.1, 0.1]),
                  ("conv1a", "pool")),
        )  # fmt: skip

    network, images = varied(Network(Stages(make, 23))), pictures(31)
    expected = of_views(network, images, [0, 4, 8])
    assert torch.allclose(dense_logits(network, images), expected, atol=1e-4 * float(expected.abs().max()))


@torch.no_grad()
def test_what_a_stage_gives_is_that_of_each_view() -> None:
    network, images = without_padding(), pictures(27)
    found = dense_activations(network, images, "conv2", "fc3", "fc4")
    assert found["conv2"].shape == (3, 4, 8, 3, 3)
    assert torch.allclose(found["fc4"], dense_logits(network, images))
    own = dict(zip([stage.name for stage in network.stages], network.stages, strict=True))
    after = own["fc3"].operation(found["conv2"].flatten(0, 1))
    assert torch.allclose(found["fc3"].flatten(0, 1), after, atol=1e-4)


def test_a_picture_with_room_for_one_view_alone_is_refused() -> None:
    for side in (23, 25):
        with pytest.raises(
            RecipeError, match=f"pictures of {side} pixels have room for one view of 23, .* 4 pixels"
        ):
            dense_positions(without_padding(), side)


def test_a_network_that_begins_with_a_stage_of_the_whole_view_is_refused() -> None:
    network = chained(
        24,
        shrunk=lambda chain: Resize(2.0),
        fc=lambda chain: FullyConnected(chain.values, 4, activation="identity"),
    )
    with pytest.raises(RecipeError, match="of-a-test cannot run over a whole picture: shrunk does not treat"):
        dense_positions(network, 48)
