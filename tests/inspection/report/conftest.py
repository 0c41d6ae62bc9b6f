"""Runs to report on, each trained once in a second."""

from dataclasses import replace
from pathlib import Path

import pytest

from alexnet.data.dataset import Dataset
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe


@pytest.fixture(scope="session")
def run(shapes: Dataset, brief: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "first"
    run_training(shapes, brief, path, display=ProgressDisplay(quiet=True))
    return path


@pytest.fixture(scope="session")
def another(shapes: Dataset, brief: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for one epoch, with another seed."""
    path = tmp_path_factory.mktemp("report") / "second"
    other = replace(brief, training=replace(brief.training, seed=1, epochs=1.0))
    run_training(shapes, other, path, display=ProgressDisplay(quiet=True))
    return path
