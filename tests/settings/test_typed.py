"""Recipes written down, read again, and changed by one setting."""

import json
from dataclasses import replace
from typing import Any

import pytest

from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.augmentation.mixing import Mixing
from alexnet.data.augmentation.modern import ModernAugmentation
from alexnet.errors import RecipeError
from alexnet.networks.as_trained import AsTrained
from alexnet.networks.small import Cifar80Seconds, FigureOne
from alexnet.recipes import RECIPES, recipe
from alexnet.settings.paths import with_settings
from alexnet.settings.typed import from_plain, to_plain
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Change, Recipe, Training
from alexnet.training.stage_rates import with_network


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_json(name: str) -> None:
    value = recipe(name)
    assert from_plain(Recipe, json.loads(json.dumps(to_plain(value)))) == value


def test_the_paper_is_the_default_of_every_setting() -> None:
    """Section 5: batch 128, momentum 0.9, decay 0.0005, rate 0.01, about 90 cycles."""
    paper = recipe("paper").training
    assert (paper.batch_size, paper.epochs, paper.schedule.kind) == (128, 90, "plateau")
    assert (paper.rates.weight, paper.rates.momentum, paper.rates.decay) == (0.01, 0.9, 0.0005)
    assert (paper.schedule.divisor, paper.schedule.drops) == (10, 3)


def test_one_setting_changes_nothing_else() -> None:
    before = to_plain(recipe("paper"))
    after = to_plain(with_settings(recipe("paper"), {"training.batch_size": "64"}))
    before["training"]["batch_size"] = 64
    assert after == before


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("network.columns", "1", 1),
        ("network.activation", "tanh", "tanh"),
        ("network.dropout", "false", False),
        ("network.without", "conv3,conv4", ["conv3", "conv4"]),
        ("augmentation.colour", "0", 0.0),
        ("training.schedule.kind", "constant", "constant"),
        ("training.stages.conv1.weight", "0", 0.0),
        ("training.rates.bias_schedule.kind", "constant", "constant"),
    ],
)
def test_texts_are_read_as_the_settings_type(path: str, text: str, value: object) -> None:
    plain = to_plain(with_settings(recipe("paper"), {path: text}))
    for name in path.split("."):
        plain = plain[name]
    assert plain == value
    assert type(plain) is type(value)


def test_either_kind_of_augmentation_is_changed_by_its_own_settings() -> None:
    settings = {
        "augmentation.area": "0.2,0.9",
        "augmentation.mixing.cutmix": "1",
        "augmentation.erasing": "0.25",
    }
    changed = with_settings(recipe("modern"), settings).augmentation
    assert isinstance(changed, ModernAugmentation)
    assert (changed.area, changed.mixing, changed.erasing) == ((0.2, 0.9), Mixing(0.2, 1.0), 0.25)
    with pytest.raises(RecipeError, match="no `colour`"):
        with_settings(recipe("modern"), {"augmentation.colour": "0.1"})
    with pytest.raises(RecipeError, match="no `erasing`"):
        with_settings(recipe("paper"), {"augmentation.erasing": "0.1"})


def test_a_stage_named_in_a_setting_starts_from_the_common_rates() -> None:
    changed = with_settings(recipe("paper"), {"training.stages.conv1.weight": 0.5})
    assert changed.training.rates_of("conv1").weight == 0.5
    assert changed.training.rates_of("conv1").decay == 0.0005
    assert changed.training.rates_of("conv2") == changed.training.rates


def test_settings_are_checked_together() -> None:
    """Either side alone would not fit the other."""
    changed = with_settings(recipe("paper"), {"network.side": 64, "augmentation.side": 64})
    assert changed.network.side == changed.augmentation.side == 64
    with pytest.raises(RecipeError, match=r"set augmentation\.side and network\.side alike"):
        with_settings(recipe("paper"), {"network.side": 64})


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("training.batchsize", "64", "did you mean `batch_size`"),
        ("training.batch_size", "many", "int expected, for instance 64"),
        ("training.batch_size", "1.5", "int expected"),
        ("training.batch_size", "0", "at least 1"),
        ("training.rates.weight", "nan", "finite number expected"),
        ("training.rates.weight", "-1", "0 or more"),
        ("network.dropout", "perhaps", "bool expected"),
        ("training", "3", "set them one by one"),
        ("training.seed.more", "3", "has no parts"),
        ("training.stages.conv1", "3", "say stages.STAGE.SETTING"),
        ("training.batch_size", True, "int expected"),
        ("training.batch_size", 3.7, "int expected"),
        ("training.start", 3, "str expected"),
        ("training.rates.weight", 10**400, "float expected"),
        ("training.rates.weight", "inf", "finite number expected"),
        ("augmentation.crop", 2, "bool expected"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(path: str, value: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        with_settings(recipe("paper"), {path: value})


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("batch_size", "`training.batch_size`"),
        ("rates.weight", "`training.rates.weight`"),
        ("crop_group", "`augmentation.crop_group`"),
        ("kind", "`training.schedule.kind`"),
        ("batchsize", "`training.batch_size`"),
        ("trainin.batch_size", "`training.batch_size`"),
        ("side", "`network.side` or `augmentation.side`"),
    ],
)
def test_a_short_path_is_answered_with_the_full_one(short: str, full: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe("paper").with_settings({short: 64})
    assert str(caught.value) == f"`{short}` is not a setting: did you mean {full}?"


def test_settings_by_their_old_paths_still_work() -> None:
    """`augmentation.shared` is what `crop_group` was called: by --set, in stored recipes, and in their changes."""
    now = recipe("as-trained").with_settings({"augmentation.shared": "32"})
    assert now == recipe("as-trained").with_settings({"augmentation.crop_group": 32})
    plain = now.to_plain()
    plain["augmentation"]["shared"] = plain["augmentation"].pop("crop_group")
    assert Recipe.from_plain(plain) == now
    steered = Recipe("steered", changes=(Change(1.0, "augmentation.shared", 32),))
    assert steered.at(1.0).augmentation.group_size == 32


def test_one_matrix_of_a_layer_is_changed_by_its_own_path() -> None:
    """A matrix of several has a point in its name."""
    rates = {"conv3": LayerHyperparameters(), "conv3.weight1": LayerHyperparameters(weight=0.5)}
    two = replace(recipe("paper"), training=Training(stages=rates))
    changed = two.with_settings({"training.stages.conv3.weight1.decay": 0.25}).training.stages
    assert changed["conv3.weight1"] == LayerHyperparameters(weight=0.5, decay=0.25)
    assert changed["conv3"] == LayerHyperparameters()


def deep(levels: int) -> object:
    """Return lists in lists."""
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("", [1], "recipe=.1. does not fit: it has parts"),
        ("", {}, "`name` is missing"),
        ("name", None, "name=None does not fit: str expected"),
        ("training", None, "training=None does not fit: it has parts"),
        ("training.stages", [1, 2], "training.stages=.* does not fit: it has parts"),
        ("training.stages", {"conv1": 3}, "training.stages.conv1=3 does not fit: it has parts"),
        ("training.epochs", float("nan"), "training.epochs=nan does not fit"),
        ("training.batch_size", float("inf"), "training.batch_size=inf does not fit"),
        ("training.batch_size", {"a": 1}, "training.batch_size=.* does not fit: int expected"),
        ("training.seed", deep(900), "does not fit: int expected"),
        ("training.schedule.epochs", deep(900), "does not fit: float expected"),
        ("network", "alexnet", "network='alexnet' does not fit: it has parts"),
        ("network.network", ["alexnet"], "none of the kinds"),
        ("network.network", "x" * 10_000, "none of the kinds"),
        ("network.side", "wide", "network.side='wide' does not fit"),
        ("network.weights", "/etc/passwd", "`network.weights` is not a setting"),
        ("augmentation.mixing", deep(900), "`augmentation.mixing` is not a setting"),
        ("changes", 3, "changes=3 does not fit: it has parts"),
        ("changes", [{"epoch": 1, "setting": "training.rates.weight", "value": {}}], "one value, or a list"),
        ("changes", [{"epoch": 1, "setting": "training.rates.weight", "value": deep(900)}], "one value"),
        ("more" * 5_000, 1, "is not a setting"),
    ],
)
def test_a_stored_recipe_that_is_none_is_refused_in_one_line(path: str, value: Any, message: str) -> None:
    plain: Any = recipe("paper").to_plain()
    if path:
        *way, last = path.split(".")
        within = plain
        for name in way:
            within = within[name]
        within[last] = value
    else:
        plain = value
    with pytest.raises(RecipeError, match=message) as caught:
        Recipe.from_plain(plain)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_changes_take_effect_at_their_epoch() -> None:
    """As the 2012 runs were steered by hand."""
    steered = Recipe(
        "steered",
        changes=(
            Change(25.0, "training.rates.weight", 0.001),
            Change(67.0, "augmentation.colour", 0.0),
            Change(72.0, "training.stages.conv1.weight", 0.0),
        ),
    )
    assert steered.at(24.9).training.rates.weight == 0.01
    assert steered.at(25.0).training.rates.weight == 0.001
    varied = [steered.at(epoch).augmentation for epoch in (66.0, 70.0)]
    assert [isinstance(each, Augmentation) and each.colour for each in varied] == [0.1, 0.0]
    assert steered.at(80.0).training.rates_of("conv1").weight == 0.0


@pytest.mark.parametrize("setting", ["network.dropout", "training.batch_size", "augmentation.side"])
def test_a_change_that_no_step_would_read_is_refused(setting: str) -> None:
    with pytest.raises(RecipeError, match=f"`{setting}` stays as it is"):
        Recipe("steered", changes=(Change(1.0, setting, 0),))


def test_another_network_takes_the_rates_of_layers_that_it_has_too() -> None:
    """Of the same name and shapes: conv1 and fc8 of the steered run stay in its network of five such layers."""
    steered = with_network(recipe("pretrained-six-layer"), AsTrained(classes=30))
    assert list(steered.training.stages) == ["conv1", "fc8"]
    assert steered.changes == recipe("pretrained-six-layer").changes
    small = with_network(recipe("pretrained-six-layer"), FigureOne())  # a conv1 of its own
    assert not small.training.stages
    assert [change.setting for change in small.changes] == ["augmentation.colour"]
    assert small.augmentation.side == 32
    assert not with_network(
        recipe("cifar-18pct"), Cifar80Seconds()
    ).training.stages  # fc4 is not the last one
