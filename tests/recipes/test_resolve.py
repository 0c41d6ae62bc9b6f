"""A source is prepared for the network that will see it, and evaluated as it was prepared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import alexnet
from alexnet.checkpoint import Checkpoint, save
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import DataError
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18, Cifar80Seconds, FigureOne
from alexnet.networks.stage import Architecture
from alexnet.recipes import recipe as named
from alexnet.recipes.resolve import RecipeRequest


@pytest.mark.parametrize(
    ("recipe", "natural", "prepared"),
    [
        ("paper", 300, 256),  # section 2: 256 pixels, of which the network sees 224
        ("cifar-18pct", 300, 37),  # 32 of 37, the same part
        ("cifar-18pct", 98, 37),
        ("cifar-18pct", 40, 40),
        ("cifar-18pct", 32, 32),
        (None, 98, 64),  # few pictures: of learned features, which see 56 of 64
    ],
)
def test_a_network_sees_most_of_every_picture(recipe: str | None, natural: int, prepared: int) -> None:
    assert RecipeRequest(recipe).side(Shapes(20, side=natural)) == prepared


def test_a_single_class_is_nothing_to_learn(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one class, 'red disc'"):
        RecipeRequest("cifar-18pct").resolve(prepare(Shapes(8, classes=1), tmp_path / "set"))


def test_folders_are_evaluated_at_the_side_that_was_trained_on(tmp_path: Path) -> None:
    """The pictures are 64 pixels wide; the run's were prepared at 36."""
    folder = tmp_path / "pictures"
    source = Shapes(48, side=64, classes=3)
    for split in source.splits:
        for example in source.examples(split):
            (folder / split / example.label).mkdir(parents=True, exist_ok=True)
            path = folder / split / example.label / f"{example.name}.png"
            Image.fromarray(np.asarray(example.content)).save(path)
    packed = prepare(folder, tmp_path / "packed", side=36)
    settings = {"training.epochs": 2, "training.batch_size": 8}
    alexnet.train(packed, "cifar-18pct", tmp_path / "run", settings=settings, quiet=True)
    evaluated = alexnet.evaluate(tmp_path / "run", folder)
    assert evaluated.loss == pytest.approx(alexnet.evaluate(tmp_path / "run", packed).loss)


def test_prepared_pictures_are_shown_as_their_source_would_be(tmp_path: Path) -> None:
    """Pictures of 64 pixels, prepared as they are: a network of 32 sees them at 37, and not a quarter of each."""
    source = Shapes(48, side=64, classes=3)
    packed, small = (
        prepare(source, tmp_path / "packed", side=64),
        prepare(source, tmp_path / "small", side=37),
    )
    asked = RecipeRequest("cifar-18pct")
    assert asked.fitted(packed).side == asked.side(source) == 37
    assert asked.fitted(small) is small
    settings = {"training.epochs": 1, "training.batch_size": 8}
    run = alexnet.train(packed, "cifar-18pct", tmp_path / "run", settings=settings, quiet=True)
    found = [alexnet.evaluate(run.path, data).loss for data in (packed, small)]
    assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_pictures_that_no_checkpoint_takes_are_refused(tmp_path: Path) -> None:
    packed = prepare(Shapes(4, classes=2, side=16), tmp_path / "set", side=16)
    with pytest.raises(DataError, match="pictures of 4096 pixels: a network is trained on 2,048 at most"):
        RecipeRequest("paper").resolve(packed.resized(4096))


def saved(network: Architecture, path: Path) -> str:
    """Save a checkpoint of a network as its seed has it."""
    names = tuple(f"class {i}" for i in range(network.classes))
    save(Checkpoint(network, Network(network).state_dict(), classes=names, words=names), path)
    return str(path)


@pytest.mark.parametrize("recipe", [None, "cifar-18pct", "digits"])
def test_weights_bring_their_network(recipe: str | None, shapes: Dataset, tmp_path: Path) -> None:
    """Not the recipe's, of which only some layers would fit; the recipe says how it is trained."""
    start = saved(Cifar80Seconds(classes=30, activation="tanh"), tmp_path / "x.safetensors")
    found = RecipeRequest(recipe, settings={"training.start": start, "training.epochs": 2}).resolve(shapes)
    assert found.network == Cifar80Seconds(classes=4, activation="tanh")
    assert found.augmentation.side == 32
    assert found.training.rates == named(recipe or "transfer").training.rates
    assert bool(found.training.stages) == (recipe is None)  # those of cifar-18pct are for its own last layer
    assert found.training.epochs == 2


def test_weights_bring_their_side(tmp_path: Path) -> None:
    start = saved(AlexNet(classes=2, side=67, units=8), tmp_path / "x.safetensors")
    asked = RecipeRequest(settings={"training.start": start})
    assert asked.side(Shapes(20, side=300)) == round(67 * 256 / 224)
    with pytest.raises(DataError, match="takes 67"):
        asked.resolve(prepare(Shapes(8, side=32, classes=2), tmp_path / "set"))


def test_a_network_that_is_asked_for_is_taken_whatever_the_weights(shapes: Dataset, tmp_path: Path) -> None:
    start = saved(Cifar80Seconds(), tmp_path / "x.safetensors")
    settings = {"training.start": start}
    assert RecipeRequest(None, "cifar-18pct", settings=settings).resolve(shapes).network == Cifar18(classes=4)
    whole = replace(named("cifar-18pct"), name="mine")
    assert RecipeRequest(whole, settings=settings).resolve(shapes).network == Cifar18(classes=4)


def test_the_network_of_figure_1_has_a_recipe_for_each_function(shapes: Dataset) -> None:
    relu = RecipeRequest(network="figure-1").resolve(shapes)
    tanh = RecipeRequest(network="figure-1", settings={"network.activation": "tanh"}).resolve(shapes)
    assert [relu.name, tanh.name] == ["figure-1", "figure-1-tanh"]
    assert [relu.network, tanh.network] == [FigureOne(4), FigureOne(4, activation="tanh")]
    assert relu.training.rates.decay == tanh.training.rates.decay == 0.0  # section 3.1: no regularisation
    assert relu.augmentation.group_size == 1
