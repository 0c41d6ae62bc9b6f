"""A source is prepared for the network that will see it, and judged as it was prepared."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import alexnet
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import DataError
from alexnet.recipes.resolve import RecipeRequest


@pytest.mark.parametrize(
    ("recipe", "natural", "prepared"),
    [
        ("paper", 300, 256),  # section 2: 256 pixels, of which the network sees 224
        ("cifar-18pct", 300, 37),  # 32 of 37, the same part
        ("cifar-18pct", 98, 37),
        ("cifar-18pct", 40, 40),
        ("cifar-18pct", 32, 32),
        (None, 98, 37),
    ],
)
def test_a_network_sees_most_of_every_picture(recipe: str | None, natural: int, prepared: int) -> None:
    assert RecipeRequest(recipe).side(Shapes(20, side=natural)) == prepared


def test_a_single_class_is_nothing_to_learn(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one class, 'red disc'"):
        RecipeRequest("cifar-18pct").resolve(prepare(Shapes(8, classes=1), tmp_path / "set"))


def test_folders_are_judged_at_the_side_that_was_trained_on(tmp_path: Path) -> None:
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
    judged = alexnet.evaluate(tmp_path / "run", folder)
    assert judged.loss == pytest.approx(alexnet.evaluate(tmp_path / "run", packed).loss)
