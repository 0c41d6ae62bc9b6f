"""What may change when a run goes on is said; what may not is refused by name."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import CheckpointError
from alexnet.networks.small import Cifar18
from alexnet.runs.checkpoints import BEST, digest
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import Schedule
from alexnet.training.starting import begin_training

QUIET = ProgressDisplay(quiet=True)


def changed(recipe: Recipe, **training: Any) -> Recipe:
    return replace(recipe, training=replace(recipe.training, **training))


@pytest.fixture
def run(shapes: Dataset, brief: Recipe, tmp_path: Path) -> Path:
    run_training(shapes, changed(brief, epochs=1.0), tmp_path / "run", display=QUIET)
    return tmp_path / "run"


def test_more_epochs_are_said_and_taken(
    shapes: Dataset, brief: Recipe, run: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = run_training(shapes, brief, run, resume=True, display=QUIET)
    assert [row["step"] for row in rows] == [16, 32, 48]
    said = capfd.readouterr().err
    assert "resumed at step 16" in said
    assert "training.epochs was 1.0 and is 3.0" in said
    assert "the rate at this step" not in said


def test_a_rate_that_jumps_because_of_more_epochs_is_said(
    shapes: Dataset, brief: Recipe, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Half a cosine of two epochs is one at its middle; after one of four it is higher."""
    cosine = changed(brief, schedule=Schedule(kind="cosine"), epochs=1.0)
    run_training(shapes, cosine, tmp_path / "run", display=QUIET)
    run_training(shapes, changed(cosine, epochs=2.0), tmp_path / "run", resume=True, display=QUIET)
    assert "the rate at this step would have been 0 and is 0.001" in capfd.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 3}, r"training\.seed was 0 and is 3"),
        ({"batch_size": 16}, r"training\.batch_size was 8 and is 16"),
        ({"schedule": Schedule(kind="steps")}, r"training\.schedule\.kind was 'constant' and is 'steps'"),
        ({"validation_views": 10}, r"training\.validation_views was 1 and is 10"),
    ],
)
def test_what_would_be_another_run_is_refused_by_name(
    shapes: Dataset, brief: Recipe, run: Path, change: dict[str, Any], named: str
) -> None:
    before = digest(run)
    with pytest.raises(CheckpointError, match=named):
        run_training(shapes, changed(brief, **change), run, resume=True, display=QUIET)
    assert digest(run) == before
    assert not (run / "failure.txt").exists()


def test_another_network_and_another_augmentation_are_refused_by_name(
    shapes: Dataset, brief: Recipe, run: Path
) -> None:
    larger = replace(
        brief, network=Cifar18(classes=4, side=16), augmentation=replace(brief.augmentation, side=16)
    )
    for recipe, named in (
        (larger, r"network\.side was 12 and is 16"),
        (
            replace(brief, augmentation=replace(brief.augmentation, mirror=False)),
            r"augmentation\.mirror was True",
        ),
    ):
        with pytest.raises(CheckpointError, match=named):
            run_training(shapes, recipe, run, resume=True, display=QUIET)


def test_other_data_and_other_classes_are_refused(brief: Recipe, run: Path, tmp_path: Path) -> None:
    other = prepare(Shapes(128, classes=4, seed=1), tmp_path / "other", side=32)
    with pytest.raises(CheckpointError, match="the data has changed since the run began"):
        run_training(other, brief, run, resume=True, display=QUIET)
    fewer = prepare(Shapes(128, classes=3), tmp_path / "fewer", side=32)
    three = replace(brief, network=replace(brief.network, classes=3))  # type: ignore[type-var]  # a dataclass
    with pytest.raises(CheckpointError, match=r"for 4 classes .* the data has 3"):
        run_training(fewer, three, run, resume=True, display=QUIET)


def test_a_network_alone_cannot_be_gone_on_from(shapes: Dataset, brief: Recipe, run: Path) -> None:
    for path in (run / "checkpoints").iterdir():
        path.unlink()
    (run / BEST).rename(run / "checkpoints" / "step-00000016.safetensors")
    with pytest.raises(CheckpointError, match="step-00000016"):
        run_training(shapes, brief, run, resume=True, display=QUIET)


def test_another_number_of_threads_is_said(
    shapes: Dataset, brief: Recipe, run: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    described = run / "environment.json"
    text = described.read_text()
    described.write_text(text.replace('"threads": ', '"threads": 9'))
    run_training(shapes, brief, run, resume=True, display=QUIET)
    assert "since the run began threads was 9" in capfd.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("step", None, "step='None'"),
        ("loss", "much", "loss='much'"),
        ("images", -3, "images='-3'"),
        ("wrong", True, "wrong='True'"),
        ("validation_errors", 0.5, "no list of validation_errors"),
        ("validation_errors", [0.5, "?"], "validation_errors='\\?'"),
    ],
)
def test_a_state_that_is_none_is_refused_in_one_line(
    shapes: Dataset, brief: Recipe, name: str, value: object, message: str
) -> None:
    """A checkpoint may be anybody's, and its digest right."""
    replica, state = begin_training(shapes, brief)
    found = state.snapshot(replica, shapes, brief)
    with pytest.raises(CheckpointError, match=message):
        state.restore(replace(found, state={**found.state, name: value}), replica)
    state.restore(found, replica)


def test_velocities_of_another_network_are_refused(shapes: Dataset, brief: Recipe) -> None:
    replica, state = begin_training(shapes, brief)
    found = state.snapshot(replica, shapes, brief)
    for velocity in ({}, {**found.velocity, "fc4.bias": torch.zeros(3)}):
        with pytest.raises(CheckpointError, match="no velocity of"):
            state.restore(replace(found, velocity=velocity), replica)


def test_pictures_of_another_side_are_other_pictures(shapes: Dataset, brief: Recipe, run: Path) -> None:
    """Their fingerprint is that of what is stored."""
    with pytest.raises(
        CheckpointError, match="pictures of 32 pixels, and is given 24: prepare them with --side 32"
    ):
        run_training(shapes.resized(24), brief, run, resume=True, display=QUIET)
