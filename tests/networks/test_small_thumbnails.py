"""The network for thumbnails: what its fields say, and what it refuses."""

from typing import Any

import pytest
import torch

import alexnet
from alexnet.errors import RecipeError
from alexnet.networks.layers.batch_normalization import BatchNormalization
from alexnet.networks.layers.normalization import ResponseNormalization


@pytest.mark.parametrize(
    ("normalization", "layer"),
    [("batch", BatchNormalization), ("response", ResponseNormalization), ("none", None)],
)
def test_the_normalization_is_chosen(normalization: str, layer: type | None) -> None:
    network = alexnet.build("small-32", 7, normalization=normalization, filters=(4, 4, 8, 8, 8))
    found = {type(stage.operation) for stage in network.stages}
    assert found & {BatchNormalization, ResponseNormalization} == ({layer} if layer else set())
    assert network(torch.zeros(2, 3, 28, 28)).shape == (2, 7)


def test_a_sixth_convolution_is_one_number_more() -> None:
    network = alexnet.build("small-32", filters=(4, 4, 8, 8, 8, 16))
    assert network.shapes()["conv6"] == (16, 3, 3)
    assert network.output == "fc7"


def test_activities_keep_their_size_from_layer_to_layer() -> None:
    """He et al.'s initial weights: what each convolution gives has about the mean square of what it reads."""
    network = alexnet.build("small-32", normalization="none").eval()
    noise = torch.randn(16, 3, 28, 28, generator=torch.Generator().manual_seed(3)) * 64 + 128
    network.set_mean(torch.full((3, 28, 28), 128.0))
    with torch.no_grad():
        found = network.activations(noise)
    for stage in network.stages:
        if stage.name.startswith("conv"):
            before = found[stage.inputs[0]].square().mean()
            assert 0.4 < float(found[stage.name].square().mean() / before) < 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": (4, 4)}, "5 or 6 numbers"),
        ({"filters": (4, 4, 8, 8, 100_000)}, "5 or 6 numbers"),
        ({"normalization": "layer"}, "batch, response, none"),
        ({"side": 8}, "at least 12"),
        ({"classes": 0}, "at least one class"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        alexnet.build("small-32", **options)
