"""Runs: what they learn, and that stopping changes nothing."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet import checkpoint
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.errors import AlexNetError, CheckpointError, Interrupted, RecipeError, RunError
from alexnet.networks.small import Cifar18, FigureOne
from alexnet.runs.checkpoint_writer import CheckpointPolicy
from alexnet.runs.checkpoints import checkpoints
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.plan import Plan
from alexnet.training.recipe import Change, Recipe, Training
from alexnet.training.schedule import Schedule

QUIET = ProgressDisplay(quiet=True)


def tiny(epochs: float = 2.0, **training: object) -> Recipe:
    """A recipe of 2 x 6 small steps on the shapes: 128 pictures in batches of 24, the last one of 8."""
    return Recipe(
        "tiny",
        network=Cifar18(classes=4, side=16, deviation=0.003),
        augmentation=Augmentation(side=16),
        training=Training(
            epochs=epochs,
            batch_size=24,
            rates=LayerHyperparameters(weight=0.002, bias=0.004),
            schedule=Schedule(kind="constant"),
            **training,  # type: ignore[arg-type]  # each test's own
        ),
    )


def end(run: Path) -> str:
    return checkpoint.load(checkpoints(run)[0]).digest()


class Stopped(ProgressDisplay):
    """Ask the process to stop after a step, as a person with Ctrl-C does."""

    def __init__(self, after: int, number: int) -> None:
        super().__init__(quiet=True)
        self.after, self.number = after, number

    def step(self, step: int, loss: float, images: int) -> None:
        super().step(step, loss, images)
        if step == self.after:
            os.kill(os.getpid(), self.number)


@pytest.fixture(scope="module")
def undisturbed(shapes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    run_training(shapes, tiny(), run, display=QUIET)
    return run


@pytest.mark.parametrize("after", [1, 5, 6, 7, 12])
def test_resuming_is_bitwise_the_same_as_never_stopping(
    shapes: Dataset, undisturbed: Path, tmp_path: Path, after: int
) -> None:
    """Stopped in the middle of an epoch, at its last step and at the run's last step."""
    run = tmp_path / "run"
    with pytest.raises(Interrupted) as stop:
        run_training(shapes, tiny(), run, display=Stopped(after, signal.SIGTERM))
    assert stop.value.exit_code == 143
    assert checkpoint.load(checkpoints(run)[0]).state["step"] == after
    run_training(shapes, tiny(), run, resume=True, display=QUIET)
    assert end(run) == end(undisturbed)
    lines = (run / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [6, 12]


def test_ten_steps_equal_five_and_five_more(shapes: Dataset, undisturbed: Path, tmp_path: Path) -> None:
    """A run asked for one epoch, then for two, is the run that was asked for two."""
    run = tmp_path / "run"
    run_training(shapes, tiny(1.0), run, display=QUIET)
    assert end(run) != end(undisturbed)
    run_training(shapes, tiny(2.0), run, resume=True, display=QUIET)
    found, expected = checkpoint.load(checkpoints(run)[0]), checkpoint.load(checkpoints(undisturbed)[0])
    assert all(torch.equal(found.weights[name], value) for name, value in expected.weights.items())
    assert all(torch.equal(found.velocity[name], value) for name, value in expected.velocity.items())


def test_the_same_seed_gives_the_same_run_and_another_another(
    shapes: Dataset, undisturbed: Path, tmp_path: Path
) -> None:
    run_training(shapes, tiny(), tmp_path / "same", display=QUIET)
    run_training(shapes, tiny(seed=1), tmp_path / "other", display=QUIET)
    assert end(tmp_path / "same") == end(undisturbed)
    assert end(tmp_path / "other") != end(undisturbed)


def test_a_batch_cut_into_parts_gives_the_same_step(
    shapes: Dataset, undisturbed: Path, tmp_path: Path
) -> None:
    """To float tolerance: sums are taken in another order, which may decide the winner of a pool's window.

    Biases begin at 0, so that theirs is the tolerance of what was learned.
    """
    run = tmp_path / "run"
    run_training(shapes, tiny(accumulate=3), run, display=QUIET)
    found, expected = checkpoint.load(checkpoints(run)[0]), checkpoint.load(checkpoints(undisturbed)[0])
    for name, value in expected.weights.items():
        assert float((found.weights[name] - value).norm()) <= 1e-3 * float(value.norm()), name


def test_a_network_learns(shapes: Dataset, tmp_path: Path) -> None:
    recipe = Recipe(
        "learner",
        network=FigureOne(classes=4, side=32),
        augmentation=Augmentation(side=32),
        training=Training(
            epochs=15,
            batch_size=16,
            rates=LayerHyperparameters(weight=0.001),
            schedule=Schedule(kind="constant"),
        ),
    )
    rows = run_training(shapes, recipe, tmp_path / "run", display=QUIET)
    assert rows[0]["training_top1_error"] > 0.6
    assert rows[-1]["training_top1_error"] < 0.35
    assert rows[-1]["validation_top1_error"] < 0.6


def test_a_run_directory_holds_what_repeats_it(undisturbed: Path) -> None:
    names = {path.name for path in undisturbed.iterdir()}
    assert {"recipe.json", "environment.json", "journal.jsonl", "journal.csv", "best.safetensors"} <= names
    assert json.loads((undisturbed / "recipe.json").read_text())["training"]["batch_size"] == 24
    assert json.loads((undisturbed / "environment.json").read_text())["torch"] == torch.__version__
    assert not list(undisturbed.rglob("*.tmp"))
    best = checkpoint.load(undisturbed / "best.safetensors")
    assert not best.velocity
    assert best.network().architecture.classes == 4


def test_the_journal_says_the_rate_that_each_epoch_was_trained_at(shapes: Dataset, tmp_path: Path) -> None:
    recipe = tiny(3.0)
    steps = replace(recipe.training, schedule=Schedule(kind="steps", epochs=(1, 2)))
    rows = run_training(shapes, replace(recipe, training=steps), tmp_path / "run", display=QUIET)
    assert [row["rate"] for row in rows] == pytest.approx([0.002, 0.0002, 0.00002])


def test_rates_of_a_layer_that_is_not_there_are_refused(shapes: Dataset, tmp_path: Path) -> None:
    wrong = tiny(stages={"conv9": LayerHyperparameters()})
    with pytest.raises(RecipeError, match=r"`conv9`.*did you mean `conv"):
        run_training(shapes, wrong, tmp_path / "run", display=QUIET)
    later = replace(tiny(), changes=(Change(1.0, "training.stages.pool1.weight", 0.1),))
    with pytest.raises(RecipeError, match="`pool1`"):
        run_training(shapes, later, tmp_path / "run", display=QUIET)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("epochs", "images", "steps"), [(2.2, 25, 55), (8.3, 30, 249), (0.5, 3, 2), (1e-9, 9, 1)]
)
def test_parts_of_epochs_are_whole_steps(epochs: float, images: int, steps: int) -> None:
    """2.2 * 25 is 55.00000000000001 to a processor."""
    recipe = tiny(epochs)
    one = replace(recipe, training=replace(recipe.training, batch_size=1))
    assert Plan(one, images).total_steps == steps


def test_a_run_is_not_overwritten(shapes: Dataset, undisturbed: Path) -> None:
    before = end(undisturbed)
    with pytest.raises(RunError, match="holds a run already: --resume"):
        run_training(shapes, tiny(), undisturbed, display=QUIET)
    assert end(undisturbed) == before


def test_what_may_not_change_is_said_by_name(shapes: Dataset, undisturbed: Path) -> None:
    for recipe, named in (
        (tiny(seed=5), r"training\.seed was 0 and is 5"),
        (
            replace(tiny(), network=Cifar18(classes=4, side=16, deviation=0.1)),
            r"network\.deviation was 0\.003",
        ),
    ):
        with pytest.raises(CheckpointError, match=named):
            run_training(shapes, recipe, undisturbed, resume=True, display=QUIET)


def test_a_finished_run_stays_as_it_is(shapes: Dataset, undisturbed: Path) -> None:
    path = checkpoints(undisturbed)[0]
    before = path.stat().st_mtime_ns
    run_training(shapes, tiny(), undisturbed, resume=True, display=QUIET)
    assert path.stat().st_mtime_ns == before


def test_a_loss_that_is_no_number_stops_before_the_weights_are_poisoned(
    shapes: Dataset, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    poisoned = replace(
        tiny(), training=replace(tiny().training, rates=LayerHyperparameters(weight=1e20, bias=1e20))
    )
    with pytest.raises(AlexNetError, match=r"(the loss became|no longer finite).* at step \d+.*--resume"):
        run_training(shapes, poisoned, run, policy=CheckpointPolicy(every_steps=1), display=QUIET)
    for path in checkpoints(run):
        stored = checkpoint.load(path)
        assert all(bool(value.isfinite().all()) for value in stored.weights.values())


def test_a_damaged_checkpoint_is_passed_over_and_said(
    shapes: Dataset, undisturbed: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        run_training(
            shapes, tiny(), run, policy=CheckpointPolicy(every_steps=4), display=Stopped(10, signal.SIGINT)
        )
    newest = checkpoints(run)[0]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(bytes(content))
    run_training(shapes, tiny(), run, resume=True, display=QUIET)
    assert "step-00000010.safetensors is damaged" in capfd.readouterr().err.replace("\n", "")
    assert end(run) == end(undisturbed)


def test_when_all_checkpoints_are_damaged_nothing_begins_anew(shapes: Dataset, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        run_training(shapes, tiny(), run, display=Stopped(3, signal.SIGINT))
    for path in checkpoints(run):
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match=r"no checkpoint of .* is whole"):
        run_training(shapes, tiny(), run, resume=True, display=QUIET)
