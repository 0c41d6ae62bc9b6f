"""What a run would take is measured without a trace."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet.data.dataset import Dataset
from alexnet.errors import AlexNetError
from alexnet.training import dry_run as module
from alexnet.training.display import ProgressDisplay
from alexnet.training.dry_run import dry_run
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from alexnet.training.starting import StartingWeights

CPU = torch.device("cpu")


def test_a_dry_run_counts_what_the_run_has(shapes: Dataset, brief: Recipe, tmp_path: Path) -> None:
    found = dry_run(shapes, brief, tmp_path / "run", device=CPU, seconds=0.1)
    assert found.shapes["conv1"] == (32, 12, 12)
    assert found.parameters == 2_432 + 25_632 + 51_264 + 260  # conv1, conv2, conv3, fc4 on 64 maps of 1 x 1
    assert found.training_seconds == pytest.approx(3 * 128 / found.images_per_second)
    assert 0 < found.validation_seconds < found.training_seconds
    assert found.memory > 10e6
    assert found.weights == StartingWeights("", (), ("conv1", "conv2", "conv3", "fc4"))
    assert list(tmp_path.iterdir()) == []


def test_the_disk_that_is_foretold_holds_the_run(shapes: Dataset, brief: Recipe, tmp_path: Path) -> None:
    found = dry_run(shapes, brief, tmp_path / "run", device=CPU, seconds=0.1)
    run_training(shapes, brief, tmp_path / "run", display=ProgressDisplay(quiet=True))
    taken = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert 0.5 * found.disk < taken <= found.disk


def test_a_batch_too_large_for_memory_is_said(
    shapes: Dataset, brief: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(module, "train_step", fail)
    large = replace(brief, training=replace(brief.training, batch_size=64, accumulate=2))
    with pytest.raises(AlexNetError, match=r"batch of 64 in 2 parts: --set training\.accumulate=4"):
        dry_run(shapes, large, tmp_path / "run", device=CPU)
