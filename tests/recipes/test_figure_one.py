"""Figure 1: without regularisation, a network with ReLU learns sooner than the same one with tanh."""

from itertools import takewhile
from pathlib import Path

import pytest

import alexnet
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.networks.small import FigureOne
from alexnet.recipes import recipe


def test_both_functions_learn_and_relu_sooner(tmp_path: Path) -> None:
    """On generated pictures of 16 pixels: how many epochs each takes to a training error of 30%."""
    data = prepare(Shapes(256, side=16, classes=6), tmp_path / "set", side=16)
    small = {"network.side": 16, "augmentation.side": 16, "training.batch_size": 8}
    errors = {
        name: [
            row["training_top1_error"]
            for row in alexnet.train(data, name, tmp_path / name, epochs=7, set=small, quiet=True).history
        ]
        for name in ("figure-1", "figure-1-tanh")
    }
    relu, tanh = (len(list(takewhile(lambda error: error > 0.3, own))) for own in errors.values())
    assert relu < tanh, errors
    assert max(own[-1] for own in errors.values()) < 0.5, errors  # guessing is wrong in 5 of 6


@pytest.mark.parametrize(("name", "activation"), [("figure-1", "relu"), ("figure-1-tanh", "tanh")])
def test_nothing_is_regularised(name: str, activation: str) -> None:
    """Section 3.1: "no regularization of any kind was used": neither decay nor pictures that are varied."""
    chosen = recipe(name)
    assert chosen.network == FigureOne(activation=activation)
    assert chosen.training.rates.decay == 0.0
    assert not chosen.training.stages
    assert chosen.augmentation == Augmentation(side=32, crop=False, mirror=False, colour=0.0)
