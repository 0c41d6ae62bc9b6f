"""A last layer that is fitted before the first step, and a run that begins so."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet import checkpoint
from alexnet.data.dataset import Dataset
from alexnet.data.views import ten_views
from alexnet.errors import RecipeError
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18
from alexnet.networks.stage import Stage
from alexnet.runs.checkpoints import best_checkpoint, checkpoints
from alexnet.runs.run import Run
from alexnet.training.display import ProgressDisplay
from alexnet.training.linear_probe import features_of, fit_last_layer, set_last_layer
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe, Training

QUIET = ProgressDisplay(quiet=True)


@pytest.fixture
def start(shapes: Dataset, brief: Recipe, tmp_path: Path) -> Path:
    """A run whose features a probe goes on from."""
    run_training(shapes, brief, tmp_path / "start", display=QUIET)
    return tmp_path / "start"


def probing(brief: Recipe, start: Path, *, epochs: float, patience: int = 0) -> Recipe:
    training = replace(
        brief.training, start=str(start), linear_probe=True, epochs=epochs, early_stopping=patience
    )
    return replace(brief, name="probe", training=training)


def test_features_are_those_of_each_view_in_its_order(shapes: Dataset) -> None:
    network, split = Network(Cifar18(classes=4, side=12)), shapes.split("train")
    features, labels, indices = features_of(network, split, "pool3", 10)
    assert features.shape == (len(split), 10, 64)
    assert labels.tolist() == split.labels.tolist()
    assert indices.tolist() == list(range(len(split)))
    views = ten_views(split[5:6].images(torch.tensor([0]).numpy()), 12)[0]
    slow = torch.stack([network.eval().activations(view[None], "pool3")["pool3"].flatten() for view in views])
    torch.testing.assert_close(features[5], slow, atol=1e-4, rtol=1e-4)


def test_the_network_answers_as_the_fit_does(shapes: Dataset) -> None:
    network, split = Network(Cifar18(classes=4, side=12, deviation=0.003)), shapes.split("train")
    probe = fit_last_layer(network, split)
    set_last_layer(network, probe.fitted)
    views = ten_views(split.images(torch.arange(6).numpy()), 12).flatten(0, 1)
    answers = network.eval()(views).softmax(1).unflatten(0, (6, 10)).mean(1)
    features, _, _ = features_of(network, split, "pool3", 10)
    torch.testing.assert_close(probe.fitted.probabilities(features[:6]), answers, atol=1e-4, rtol=1e-4)


def test_a_run_begins_with_the_fit_and_keeps_it_where_no_epoch_is_better(
    shapes: Dataset, brief: Recipe, start: Path, tmp_path: Path
) -> None:
    """Rates of nearly 0 make nothing better: epoch 0 stays the best, and the run ends after `early_stopping`."""
    recipe = probing(brief, start, epochs=9.0, patience=2)
    still = replace(recipe.training.rates, weight=1e-12, bias=1e-12)
    recipe = replace(recipe, training=replace(recipe.training, rates=still))
    rows = run_training(shapes, recipe, tmp_path / "run", display=QUIET)
    assert [row["epoch"] for row in rows] == [0.0, 1.0, 2.0]
    assert rows[-1]["stopped_early"] is True
    assert rows[0]["step"] == 0
    assert rows[0]["training_top1_error"] <= rows[0]["validation_top1_error"] + 0.2
    assert [row["step"] for row in checkpoint.load(best_checkpoint(tmp_path / "run")).history] == [0]
    assert Run.read(tmp_path / "run").state == "finished"


def test_no_epoch_at_all_gives_the_fit_alone(
    shapes: Dataset, brief: Recipe, start: Path, tmp_path: Path
) -> None:
    rows = run_training(shapes, probing(brief, start, epochs=0.0), tmp_path / "run", display=QUIET)
    assert [row["epoch"] for row in rows] == [0.0]
    assert Run.read(tmp_path / "run").state == "finished"


def test_only_the_last_layer_is_fitted_and_the_mean_stays_what_the_features_know(
    shapes: Dataset, brief: Recipe, start: Path, tmp_path: Path
) -> None:
    run_training(shapes, probing(brief, start, epochs=0.0), tmp_path / "run", display=QUIET)
    before = checkpoint.load(best_checkpoint(start)).weights
    after = checkpoint.load(best_checkpoint(tmp_path / "run")).weights
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"fc4.weight", "fc4.bias"}


def test_a_run_resumed_ends_as_one_that_never_stopped(
    shapes: Dataset, brief: Recipe, start: Path, tmp_path: Path
) -> None:
    whole = probing(brief, start, epochs=2.0)
    run_training(shapes, whole, tmp_path / "whole", display=QUIET)
    run_training(shapes, probing(brief, start, epochs=1.0), tmp_path / "parts", display=QUIET)
    run_training(shapes, whole, tmp_path / "parts", resume=True, display=QUIET)
    one, other = (checkpoint.load(checkpoints(tmp_path / name)[0]) for name in ("whole", "parts"))
    assert one.digest() == other.digest()


def test_a_network_without_a_last_layer_of_logits_is_refused(shapes: Dataset) -> None:
    network = Network(Cifar18(classes=4, side=12))
    network.stages = tuple(network.stages[:-1])
    last: Stage = network.stages[-1]
    with pytest.raises(RecipeError, match=f"{last.name} .* no fully-connected layer of logits"):
        fit_last_layer(network, shapes.split("train"))


def test_no_epochs_without_a_fit_are_refused() -> None:
    with pytest.raises(RecipeError, match="a run of 0 epochs"):
        Training(epochs=0)
