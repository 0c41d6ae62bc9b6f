"""What a run's user is told to do, where it is known what is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.networks.network import Network
from alexnet.runs.run import Run
from alexnet.training.advice import SENTENCES, advice
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from alexnet.training.stage_rates import with_classes


@pytest.fixture
def run(shapes: Dataset, brief: Recipe, tmp_path: Path) -> Run:
    still = replace(brief.training.rates, weight=1e-9, bias=1e-9)
    recipe = replace(brief, training=replace(brief.training, epochs=5.0, batch_size=64, rates=still))
    run_training(shapes, recipe, tmp_path / "run", display=ProgressDisplay(quiet=True))
    return Run.read(tmp_path / "run")


def test_a_run_that_does_not_get_better_is_told_so_with_a_command(
    shapes: Dataset, run: Run, brief: Recipe
) -> None:
    found = advice(run, shapes, "photos/", Network(brief.network))
    assert 1 <= len(found) <= SENTENCES
    assert any("more epochs would not help" in sentence for sentence in found)


def test_pictures_that_are_in_two_splits_come_first(
    shapes: Dataset, run: Run, brief: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The validation split is made to hold training pictures."""
    real = Dataset.split
    monkeypatch.setattr(Dataset, "split", lambda self, name: real(self, "train")[:20])
    first = advice(run, shapes, "photos/", Network(brief.network))[0]
    assert first.startswith("20 validation pictures are among the training pictures too")
    assert "alexnet check photos/" in first


def test_a_class_that_lacks_pictures_is_named(run: Run, brief: Recipe, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    for name, count in (("common", 24), ("usual", 22), ("rare", 4)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(count):
            pixels = generator.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    photos = prepare(tmp_path / "photos", tmp_path / "prepared", side=16)
    found = advice(run, photos, "photos/", Network(with_classes(brief.network, 3)))
    assert any("class rare has 3 training pictures" in sentence for sentence in found)
