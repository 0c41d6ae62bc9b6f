"""A finished run, trained once for all tests of this room; each takes a copy."""

from pathlib import Path

import pytest

from alexnet.data.dataset import Dataset
from alexnet.runs.checkpoint_writer import CheckpointPolicy
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe


@pytest.fixture(scope="session")
def finished(shapes: Dataset, brief: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three epochs, four checkpoints, a best network."""
    run = tmp_path_factory.mktemp("runs") / "finished"
    policy = CheckpointPolicy(every_steps=5, keep=4)
    run_training(shapes, brief, run, policy=policy, display=ProgressDisplay(quiet=True))
    return run
