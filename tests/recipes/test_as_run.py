"""The recipes of the runs of 2012 and after: rates by epoch as the notes have them, networks as the files."""

import pytest
import torch

from alexnet.data.augmentation.augment import Augmentation
from alexnet.networks.network import Network
from alexnet.recipes import recipe
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import TrainingProgress, factor

NAMES = [
    "as-trained",
    "one-column",
    "non-overlapping",
    "no-normalisation",
    "pretrained-six-layer",
    "one-weird-trick",
    "caffe",
]


def rate(chosen: Recipe, parameter: str, epoch: float) -> float:
    """Return the rate in force after so many epochs."""
    now = chosen.at(epoch).training
    rates, progress = now.rates_of(parameter), TrainingProgress(epoch, epoch / now.epochs)
    if parameter.endswith("bias"):
        return rates.bias * factor(rates.bias_schedule or now.schedule, progress)
    return rates.weight * factor(rates.weight_schedule or now.schedule, progress)


@pytest.mark.parametrize(
    ("parameter", "epoch", "expected"),
    [
        ("conv3.weight", 24, 0.01),
        ("conv3.weight", 25, 0.001),
        ("conv3.weight", 51, 0.0001),
        ("conv3.weight", 78, 0.0001),
        ("conv3.weight", 79, 0.00001),
        ("conv1.weight", 66, 0.0001),
        ("conv1.weight", 67, 0.00001),
        ("conv1.weight", 72, 0.0),
        ("conv3.bias", 90, 0.02),
        ("conv1.bias", 71, 0.02),
        ("conv1.bias", 72, 0.0),
    ],
)
def test_the_published_net_was_steered_as_its_notes_say(
    parameter: str, epoch: float, expected: float
) -> None:
    """Notes in layer-params-145.cfg: epochs 25, 51, 67, 72 and 79."""
    assert rate(recipe("as-trained"), parameter, epoch) == pytest.approx(expected)


def test_colours_are_shifted_until_epoch_67_and_rescaled_in_training() -> None:
    chosen = recipe("as-trained")
    varied = [chosen.at(epoch).augmentation for epoch in (66, 67)]
    assert [isinstance(each, Augmentation) and each.colour for each in varied] == [0.1, 0.0]
    assert isinstance(chosen.augmentation, Augmentation)
    assert chosen.augmentation.rescaled
    assert chosen.augmentation.crop_group == 1  # sharing a crop is an option


def test_the_pretrained_network_is_steered_as_its_notes_say() -> None:
    """Notes in layer-params-146-2012-2011.cfg: 300 batches, epochs 5, 7, 9, 22, 38 and 42."""
    chosen = recipe("pretrained-six-layer")
    assert [rate(chosen, "fc8.weight", epoch) for epoch in (0, 1, 9, 22, 42)] == pytest.approx(
        [0.001, 0.01, 0.001, 0.0001, 0.00001]
    )
    assert [rate(chosen, "conv1.weight", epoch) for epoch in (0, 5, 7)] == pytest.approx(
        [0.0001, 0.00001, 0.0]
    )
    last = chosen.at(38).augmentation
    assert isinstance(last, Augmentation)
    assert last.colour == 0.0


def test_the_later_program_lowers_weights_in_four_steps_and_biases_in_two() -> None:
    chosen = recipe("one-weird-trick")
    found = [rate(chosen, "conv3.weight", epoch) for epoch in (0, 30, 60, 89)]
    assert found == pytest.approx([0.01, 0.0015874, 0.00025198, 0.00004], rel=1e-4)
    assert [rate(chosen, "conv3.bias", epoch) for epoch in (0, 89)] == pytest.approx([0.02, 0.002])


def test_caffe_divides_every_20_epochs_and_biases_have_twice_the_rate() -> None:
    chosen = recipe("caffe")
    assert rate(chosen, "conv3.weight", 45) == pytest.approx(0.0001)
    assert rate(chosen, "conv3.bias", 45) == pytest.approx(0.0002)


@pytest.mark.parametrize(
    ("name", "parameters", "maps"),
    [
        ("as-trained", 60_965_224, [55, 27, 13, 13, 13, 6]),  # layers-145.cfg
        ("one-column", 59_798_312, [55, 27, 13, 13, 13, 6]),  # layers-145-half.cfg
        ("non-overlapping", 60_965_224, [55, 26, 13, 13, 11, 6]),  # layers-147.cfg
        ("no-normalisation", 60_965_224, [55, 27, 13, 13, 13, 6]),  # layers-148.cfg
        ("pretrained-six-layer", 61_555_304, [55, 27, 13, 13, 13, 6]),  # layers-146-2012-2011.cfg
    ],
)
def test_networks_are_those_of_the_published_files(name: str, parameters: int, maps: list[int]) -> None:
    with torch.device("meta"):
        network = Network(recipe(name).network)
    assert sum(value.numel() for value in network.parameters()) == parameters
    shapes = network.shapes()
    assert [shapes[stage][1] for stage in ("conv1", "conv2", "conv3", "conv4", "conv5", "pool5")] == maps


@pytest.mark.parametrize("name", NAMES)
def test_each_recipe_says_its_source_what_to_expect_and_what_was_measured(name: str) -> None:
    from alexnet.recipes import RECIPES

    said = RECIPES[name].__doc__ or ""
    for heading in ("Source:", "Expected:", "Measured here:"):
        assert heading in said, heading


def test_without_normalisation_there_is_none_of_either_kind() -> None:
    with torch.device("meta"):
        names = [stage.name for stage in Network(recipe("no-normalisation").network).stages]
    assert not [name for name in names if "norm" in name]
