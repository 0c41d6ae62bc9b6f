"""Which recipe pictures get that nobody asked one for."""

import pytest

from alexnet.networks.alexnet import AlexNet
from alexnet.networks.small import Cifar18, FigureOne
from alexnet.recipes import RECIPES
from alexnet.recipes.choice import FEW, MANY, PictureFacts, choose
from alexnet.recipes.transfer import transfer


def chosen(count: int, side: int, name: str = "photos", **asked: object) -> str:
    return choose(PictureFacts(name, count, side), **asked).recipe  # type: ignore[arg-type]  # of the test's own


@pytest.mark.parametrize("side", [28, 32, 64, 256])
def test_few_pictures_go_on_from_learned_features(side: int) -> None:
    for count in (2, 400, FEW - 1):
        found = choose(PictureFacts("photos", count, side))
        assert (found.recipe, found.start) == ("transfer", "small")
        assert "--from none" in found.reason


def test_new_weights_are_taken_where_they_are_asked_for() -> None:
    assert chosen(400, 256, start="") == "small"
    assert chosen(400, 32, start="") == "cifar-18pct"


def test_many_pictures_learn_their_own_features() -> None:
    assert chosen(FEW, 256) == "small"
    assert chosen(MANY, 256) == "paper"
    assert chosen(50_000, 32) == "cifar-18pct"
    assert chosen(MANY, 64) == "small"


def test_what_is_asked_for_decides() -> None:
    assert chosen(400, 256, start="run") == "transfer"
    assert chosen(400, 256, network=AlexNet()) == "paper"
    assert chosen(400, 256, network=Cifar18()) == "cifar-18pct"
    assert chosen(400, 32, network=FigureOne(), activation="tanh") == "figure-1-tanh"
    assert chosen(323, 28, "digits") == "digits"


def test_every_choice_is_a_recipe_of_that_name() -> None:
    for count in (10, FEW, MANY):
        for side in (32, 64, 256):
            name = chosen(count, side)
            assert RECIPES[name]().name == name


def test_rates_grow_towards_the_last_layer() -> None:
    rates = [rates.weight for rates in transfer().training.stages.values()]
    assert rates == sorted(rates)
    assert rates[-1] == transfer().training.rates.weight
