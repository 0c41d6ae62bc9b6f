"""The networks of the two assumptions: equal but for what is connected to what."""

import pytest
import torch

from alexnet.errors import RecipeError
from alexnet.networks.catalogue import architecture, build
from alexnet.networks.summary import summary, totals


def counted(name: str, **options: object) -> dict[str, int]:
    return totals(summary(architecture(name, **options)))


def test_without_shared_weights_there_are_as_many_multiply_adds_and_as_many_weights_as_those() -> None:
    """Figured by hand: 32 x 32 positions of 3 * 25 * 32, 16 x 16 of 32 * 25 * 32, 8 x 8 of 32 * 25 * 64, fc4."""
    conv, local = counted("four-layer"), counted("four-layer", shared_weights=False)
    expected = 1024 * 2400 + 256 * 25600 + 64 * 51200 + 1024 * 10
    assert conv["multiply_adds"] == local["multiply_adds"] == expected
    biases = 1024 * 32 + 256 * 32 + 64 * 64 + 10
    assert local["parameters"] == expected + biases
    assert conv["parameters"] == 2400 + 25600 + 51200 + 10240 + 32 + 32 + 64 + 10


def test_the_claims_networks_are_as_large_as_the_claim_says() -> None:
    """Within 5%: a layer has whole units."""
    options = {"filters": (16, 32, 32), "window": 3}
    conv = counted("four-layer", **options)
    assert counted("mlp", units=(720,))["multiply_adds"] == pytest.approx(conv["multiply_adds"], rel=0.05)
    assert counted("mlp", units=(6,))["parameters"] == pytest.approx(conv["parameters"], rel=0.05)


def test_filters_of_each_position_that_are_alike_are_a_convolution() -> None:
    conv = build("four-layer", filters=(2, 3, 4), side=8, seed=1)
    local = build("four-layer", filters=(2, 3, 4), side=8, seed=2, shared_weights=False)
    given, taken = conv.state_dict(), local.state_dict()
    with torch.no_grad():
        for number in (1, 2, 3):
            for name in ("weight", "bias"):
                shared, own = given[f"conv{number}.{name}"], taken[f"local{number}.{name}"]
                alike = (
                    shared.flatten(1).expand_as(own) if name == "weight" else shared[:, None].expand_as(own)
                )
                own.copy_(alike)
        taken["fc4.weight"].copy_(given["fc4.weight"])
    images = 255 * torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(conv(images), local(images), atol=1e-5)


def test_activities_begin_with_the_same_size_whether_or_not_weights_are_shared() -> None:
    images = 255 * torch.rand(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    sizes = []
    for shared in (True, False):
        network = build("four-layer", shared_weights=shared)
        network.set_mean(torch.full((3, 32, 32), 127.5))
        with torch.no_grad():
            given = network.activations(images).values()
        sizes.append([float(found.square().mean().sqrt()) for found in given])
    assert all(0.4 < b / a < 2.5 for a, b in zip(*sizes, strict=True)), sizes


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("four-layer", {"window": 4}, "window=4 does not fit: an odd number"),
        ("four-layer", {"filters": (0, 1, 1)}, "at least one filter or unit"),
        ("four-layer", {"side": 4}, "at least 8"),
        ("mlp", {"units": (0,)}, "at least one filter or unit"),
        ("mlp", {"classes": 0}, "at least one class"),
        ("alexnet-small", {"columns": 3}, "3 columns"),
        ("alexnet-small", {"side": 8}, "at least 16"),
        ("alexnet-small", {"without": ("conv1",)}, "`conv1` is not a middle layer"),
        ("alexnet-small", {"keep": 0.0}, "0 < keep <= 1"),
        ("alexnet-small", {"units": 0}, "one unit"),
    ],
)
def test_what_these_networks_cannot_be_is_said(name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        architecture(name, **options)


def test_the_small_network_has_the_stages_and_the_groups_of_the_paper() -> None:
    small, large = build("alexnet-small"), build("alexnet", side=64, units=8)
    assert [stage.name for stage in small.stages if stage.name != "scale"] == [
        stage.name for stage in large.stages
    ]
    for one, other in zip(small.stages[1:], large.stages, strict=True):
        assert getattr(one.operation, "groups", 1) == getattr(other.operation, "groups", 1)
    pooled = build("alexnet-small", overlapping_pooling=False)
    images = torch.zeros(1, 3, 24, 24)
    shapes = [
        {name: value.shape for name, value in net.activations(images).items()} for net in (small, pooled)
    ]
    assert shapes[0] == shapes[1]
