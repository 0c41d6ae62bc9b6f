"""A run remembers where its pictures lay and how it was begun, and nothing else is taken for them."""

import shutil
from pathlib import Path

import pytest

import alexnet
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import RunError
from alexnet.runs.origin import ORIGIN, Origin
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe


def test_a_run_finds_its_pictures_again(finished: Path, shapes: Dataset) -> None:
    origin = Origin.read(finished)
    assert origin is not None
    found = origin.dataset()
    assert found is not None
    assert (found.name, found.fingerprint) == (shapes.name, shapes.fingerprint)
    assert origin.command == ()  # it was begun in Python, by the loop itself


def test_pictures_that_are_gone_are_not_found_and_others_are_refused(tmp_path: Path) -> None:
    data = prepare(Shapes(20, classes=4, side=16), tmp_path / "data", side=16)
    origin = Origin.of(data)
    shutil.rmtree(tmp_path / "data")
    assert origin.dataset() is None
    prepare(Shapes(20, classes=4, side=16, seed=1), tmp_path / "data", side=16)
    with pytest.raises(
        RunError, match="data no longer holds the pictures that the run was trained on: say --data"
    ):
        origin.dataset()


def test_a_run_that_goes_on_keeps_the_command_that_began_it(
    shapes: Dataset, brief: Recipe, tmp_path: Path
) -> None:
    quiet, run = ProgressDisplay(quiet=True), tmp_path / "run"
    run_training(shapes, brief, run, display=quiet, command=["alexnet", "train", "here"])
    run_training(shapes, brief, run, display=quiet, resume=True, command=["alexnet", "train", "there"])
    origin = Origin.read(run)
    assert origin is not None
    assert origin.command == ("alexnet", "train", "here")


def test_the_command_of_a_call_is_what_would_be_typed(tmp_path: Path, shapes: Dataset) -> None:
    settings = {"training.batch_size": 16, "network.side": 16, "augmentation.side": 16}
    options = {"network": "figure-1", "epochs": 0.5, "set": settings, "quiet": True}
    run = alexnet.train(shapes, "cifar-18pct", tmp_path / "a run", **options)  # type: ignore[call-overload]  # by name
    origin = Origin.read(run.path)
    assert origin is not None
    assert origin.command[:3] == ("alexnet", "train", str(shapes.directory))
    assert "--set" in origin.command
    assert str(tmp_path / "a run") in origin.command


WHOLE = '"data": "a", "directory": "b", "fingerprint": "c", "command": []'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        WHOLE.replace('"a"', "1").join("{}"),
        WHOLE.replace("[]", '["a", 1]').join("{}"),
        "[" * 5000,
        f'{{{WHOLE}, "more": {"[" * 500}{"]" * 500}}}',
    ],
)
def test_what_is_not_what_a_run_writes_is_said_in_a_line(
    finished: Path, tmp_path: Path, content: str
) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    (run / ORIGIN).write_text(content)
    with pytest.raises(
        RunError, match=r"origin\.json is not what a run writes \(.*\): the run is damaged"
    ) as said:
        Origin.read(run)
    assert len(str(said.value).splitlines()) == 1
    (run / ORIGIN).unlink()
    assert Origin.read(run) is None
