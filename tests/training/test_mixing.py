"""Runs on mixed pictures: the same in parts and when resumed; what is counted is the larger share."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet import checkpoint
from alexnet.data.augmentation.mixing import Mixing
from alexnet.data.augmentation.modern import ModernAugmentation
from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ProcessGroup
from alexnet.distributed.rank import ProcessRank
from alexnet.errors import RecipeError
from alexnet.networks.costs import Cost, objective
from alexnet.runs.checkpoints import checkpoints
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Change, Recipe
from alexnet.training.starting import begin_training
from alexnet.training.step import _main_class

QUIET = ProgressDisplay(quiet=True)


@pytest.fixture
def mixed(brief: Recipe) -> Recipe:
    """The brief run on mixed pictures, in batches that do not divide evenly."""
    augmentation = ModernAugmentation(side=12, mixing=Mixing(mixup=0.5, cutmix=1.0))
    training = replace(brief.training, epochs=2.0, batch_size=24)
    return replace(brief, augmentation=augmentation, training=training)


def end(run: Path) -> checkpoint.Checkpoint:
    return checkpoint.load(checkpoints(run)[0])


def test_a_run_that_was_stopped_ends_as_one_that_never_was(
    shapes: Dataset, mixed: Recipe, tmp_path: Path
) -> None:
    run_training(shapes, mixed, tmp_path / "whole", display=QUIET)
    run_training(
        shapes,
        replace(mixed, training=replace(mixed.training, epochs=1.0)),
        tmp_path / "parts",
        display=QUIET,
    )
    run_training(shapes, mixed, tmp_path / "parts", resume=True, display=QUIET)
    assert end(tmp_path / "parts").digest() == end(tmp_path / "whole").digest()


def test_what_processes_have_read_is_what_they_train_on_when_mixing_ends(
    shapes: Dataset, mixed: Recipe
) -> None:
    """Pairs are not parted in reading; when none are mixed any more, shares stay as they were read."""
    none = (Change(1.0, "augmentation.mixing.mixup", 0.0), Change(1.0, "augmentation.mixing.cutmix", 0.0))
    steered = replace(mixed, changes=none)
    for rank in range(3):
        replica, _ = begin_training(shapes, steered, ProcessGroup(ProcessRank(rank, 3)))
        own = [part.rows for part in replica.division.micro_batches(128)]
        assert all(rows.start % 2 == 0 for rows in own)
        assert replica.division.group_size == 2


def test_a_batch_in_parts_is_mixed_as_the_whole(shapes: Dataset, mixed: Recipe, tmp_path: Path) -> None:
    """To float tolerance: sums are taken in another order."""
    in_parts = replace(mixed, training=replace(mixed.training, accumulate=5))
    run_training(shapes, mixed, tmp_path / "whole", display=QUIET)
    rows = run_training(shapes, in_parts, tmp_path / "parts", display=QUIET)
    expected = end(tmp_path / "whole")
    assert rows[0]["training_top1_error"] == expected.history[0]["training_top1_error"]
    for name, value in end(tmp_path / "parts").weights.items():
        torch.testing.assert_close(value, expected.weights[name], rtol=1e-4, atol=1e-6)


def test_mixing_changes_the_run(shapes: Dataset, mixed: Recipe, tmp_path: Path) -> None:
    plain = replace(mixed, augmentation=ModernAugmentation(side=12))
    run_training(shapes, mixed, tmp_path / "mixed", display=QUIET)
    run_training(shapes, plain, tmp_path / "plain", display=QUIET)
    assert end(tmp_path / "mixed").digest() != end(tmp_path / "plain").digest()


def test_the_cost_of_a_mixture_is_that_of_its_parts() -> None:
    values = {"fc": torch.randn(3, 5, generator=torch.Generator().manual_seed(0))}
    first, second = torch.tensor([0, 1, 2]), torch.tensor([3, 1, 4])
    shares = 0.3 * torch.eye(5)[first] + 0.7 * torch.eye(5)[second]
    cost = (Cost("logprob", "logreg", ("fc",)),)
    parts = 0.3 * objective(cost, values, first) + 0.7 * objective(cost, values, second)
    torch.testing.assert_close(objective(cost, values, shares), parts)
    assert _main_class(shares).tolist() == [3, 1, 4]
    with pytest.raises(RecipeError, match="one class a picture"):
        objective((Cost("sets", "msm", ("fc",), size=2),), values, shares)
