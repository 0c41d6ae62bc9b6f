"""What is told of a run: its curves, its journal, other programs; and that none of it ends a run."""

import errno
import functools
import io
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from alexnet.data.dataset import Dataset
from alexnet.errors import AlexNetError, RecipeError
from alexnet.launch.train import train
from alexnet.runs import journal, trackers
from alexnet.runs.checkpoints import digest
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe

QUIET = ProgressDisplay(quiet=True)


class Told:
    """A tracker that keeps what it is told."""

    def __init__(self, fails: bool = False) -> None:
        self.rows: list[tuple[int, Mapping[str, float]]] = []
        self.fails, self.closed = fails, False

    def log(self, values: Mapping[str, float], step: int) -> None:
        self.rows.append((step, values))
        if self.fails:
            raise ConnectionError("the service is away")

    def close(self) -> None:
        self.closed = True


def test_trackers_are_told_each_epoch_once_and_closed(
    shapes: Dataset, brief: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    monkeypatch.setitem(trackers.TRACKERS, "told", lambda run, recipe: told)
    rows = run_training(shapes, brief, tmp_path / "run", log_to=["told"], display=QUIET)
    assert [step for step, _ in told.rows] == [16, 32, 48]
    assert told.rows[-1][1]["validation_loss"] == rows[-1]["validation_loss"]
    assert told.closed


def test_a_tracker_that_fails_does_not_end_the_run(
    shapes: Dataset,
    brief: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = Told(fails=True)
    monkeypatch.setitem(trackers.TRACKERS, "told", lambda run, recipe: told)
    assert len(run_training(shapes, brief, tmp_path / "run", log_to=["told"], display=QUIET)) == 3
    assert len(told.rows) == 1
    assert "told failed and is told no more (the service is away)" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "mlflow", "trackio"])
def test_a_tracker_that_is_not_installed_says_how_to_install_it(
    shapes: Dataset, brief: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in ("torch.utils.tensorboard", "wandb", "mlflow", "trackio"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(AlexNetError, match=rf'--log-to {name} needs {name}.*pip install "alexnet\[{name}\]"'):
        run_training(shapes, brief, tmp_path / "run", log_to=[name], display=QUIET)


@pytest.mark.parametrize("by_name", [True, False])
def test_a_run_that_cannot_begin_leaves_no_directory(
    shapes: Dataset, brief: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_name: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "wandb", None)
    begin = (
        functools.partial(train, quiet=True) if by_name else functools.partial(run_training, run=Path("run"))
    )
    with pytest.raises(AlexNetError, match="--log-to wandb needs wandb"):
        begin(shapes, brief, log_to=["wandb"])
    assert list(tmp_path.iterdir()) == []


def test_weights_that_do_not_exist_leave_no_directory(
    shapes: Dataset, brief: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    for run in (None, "runs/one", "own"):
        with pytest.raises(AlexNetError, match="nowhere"):
            train(shapes, brief, run, settings={"training.start": "nowhere"}, quiet=True)
    assert list((tmp_path / "runs").iterdir()) == list((tmp_path / "own").iterdir()) == []


def test_an_unknown_tracker_is_answered_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="did you mean `tensorboard`"):
        trackers.open_tracker("tensorbord", tmp_path, {})


def test_a_journal_on_a_full_disk_does_not_end_the_run_and_is_written_when_there_is_room(
    shapes: Dataset,
    brief: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    calls, original = 0, journal.write

    def full(directory: Path, rows: list[journal.Row]) -> None:
        nonlocal calls
        calls += 1
        if calls in (2, 3):
            raise OSError(errno.ENOSPC, "No space left on device")
        original(directory, rows)

    run_training(shapes, brief, tmp_path / "one", display=QUIET)
    monkeypatch.setattr(journal, "write", full)
    run_training(shapes, brief, tmp_path / "two", display=QUIET)
    said = capfd.readouterr().err.replace("\n", " ")
    assert said.count("could not be written (No space left on device); training goes on") == 1
    assert len(journal.read(tmp_path / "two")) == 3
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_a_log_on_a_full_disk_does_not_end_the_run(shapes: Dataset, brief: Recipe, tmp_path: Path) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    progress = ProgressDisplay()
    progress._console.file = Full()
    assert len(run_training(shapes, brief, tmp_path / "run", display=progress)) == 3


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_line_of_progress_fits_the_terminal_and_keeps_percent_and_time(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal
    progress = ProgressDisplay()
    progress._console.width, progress._console.file = width, io.StringIO()
    progress.begin(0, 8, 4)
    progress.epoch({"epoch": 1, "training_loss": 1.0, "training_top1_error": 0.9, "images_per_second": 9.0})
    progress.step(6, 2.0, 100)
    bar = progress._bar
    assert bar is not None
    progress.end()
    (line, *others) = progress._console.render_lines(bar.get_renderable(), pad=False)
    assert not others
    text = "".join(segment.text for segment in line)
    assert len(text) <= width
    assert text.lstrip("━╸╺ ").startswith("75% ")
    assert text.rstrip().split()[-1].count(":") == 2  # hours, minutes, seconds
