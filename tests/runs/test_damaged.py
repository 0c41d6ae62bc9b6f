"""Every file of a run, damaged in every way: one clear line, and the other runs are listed as ever."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from alexnet.errors import CheckpointError, RunError
from alexnet.runs import journal
from alexnet.runs.checkpoints import BEST, best_checkpoint
from alexnet.runs.directory import ENVIRONMENT, FAILURE, LOCK, RECIPE, RunDirectory
from alexnet.runs.listing import runs
from alexnet.runs.origin import ORIGIN
from alexnet.runs.run import Run
from alexnet.weights.loading import load

CPU = torch.device("cpu")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_text("} not { json\n"),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 4 + b"\n"),
    "deep": lambda path: path.write_text("[" * 100_000 + "]" * 100_000 + "\n"),
    "list": lambda path: path.write_text("[1, 2]\n"),
    "number": lambda path: path.write_text("1" * 5000 + "\n"),
    "types": lambda path: path.write_text('{"name": 3, "training": [], "epoch": "two", "torch": {"a": 1}}\n'),
    "infinite": lambda path: path.write_text(
        '{"name": "a", "training": {"epochs": 1e999}, "epoch": Infinity}\n'
    ),
    "large": lambda path: path.write_text(
        f'{{"name": "a", "training": {{"epochs": 1{"0" * 400}}}, "epoch": 1{"0" * 400}}}\n'
    ),
    "folder": _folder,
    "pipe": _pipe,
    "endless": _endless,
}


@pytest.fixture
def two(finished: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two runs beside each other, failed after their end: the first is to be damaged."""
    copies = [Path(shutil.copytree(finished, tmp_path / name)) for name in ("a", "b")]
    for run in copies:
        (run / FAILURE).write_text("the disk was full\n")
    return copies[0], copies[1]


@pytest.mark.parametrize(
    "name", [RECIPE, "journal.jsonl", ENVIRONMENT, ORIGIN, FAILURE, BEST, LOCK, "curves.svg"]
)
@pytest.mark.parametrize("damage", DAMAGES)
def test_one_bad_run_stops_no_list_and_is_told_of_in_a_line(
    two: tuple[Path, Path], name: str, damage: str
) -> None:
    bad, good = two
    DAMAGES[damage](bad / name)
    found, other = runs(bad.parent)
    assert (other.path, other.state, other.reason) == (good, "failed", "the disk was full")
    assert found.state in ("damaged", "failed")
    assert (found.state == "damaged") == (
        name == RECIPE or (name == "journal.jsonl" and damage not in ("empty", "cut"))
    )
    assert len((found.reason + repr(found)).splitlines()) == 1
    assert (found.reason + repr(found)).isprintable()
    assert found._repr_html_().startswith("<p><code>Run(")
    if found.state == "damaged":
        assert name in found.reason
        with pytest.raises(RunError, match=name):
            Run.read(bad)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_journal_that_is_damaged_says_where_and_what_to_do(two: tuple[Path, Path], damage: str) -> None:
    bad, _ = two
    DAMAGES[damage](bad / "journal.jsonl")
    if damage in ("empty", "cut"):  # the cut is within a line, which may be a kill's doing
        assert len(journal.read(bad)) < 3
        return
    with pytest.raises(
        RunError, match=r"journal\.jsonl(, line 1, is no row| cannot be read).*; remove it: "
    ) as said:
        journal.read(bad)
    assert len(str(said.value).splitlines()) == 1
    assert len(str(said.value)) < 500


def test_a_last_line_that_a_kill_has_cut_is_left_out(two: tuple[Path, Path]) -> None:
    """The checkpoint holds its row; but a line in the middle is of no kill's making."""
    bad, _ = two
    rows, path = journal.read(bad), bad / "journal.jsonl"
    assert len(rows) == 3
    content = path.read_bytes()
    path.write_bytes(content[:-7])
    assert journal.read(bad) == rows[:2]
    assert Run.read(bad).epoch == 2.0
    lines = content.splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:-7] + b"\n" + lines[2])
    with pytest.raises(RunError, match="line 2, is no row"):
        journal.read(bad)


def test_a_number_that_is_none_is_not_known(two: tuple[Path, Path]) -> None:
    bad, _ = two
    row = (
        '{"epoch": 1, "training_top1_error": NaN, "validation_top1_error": "low", "training_loss": 1'
        + "0" * 400
    )
    (bad / "journal.jsonl").write_text(row + ', "validation_loss": true}\n')
    found = Run.read(bad)
    assert (found.epoch, found.training_error, found.validation_error, found.best_error) == (
        1.0,
        None,
        None,
        None,
    )
    assert "<svg" in found._repr_html_()


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_environment_that_cannot_be_read_is_a_line_and_the_run_goes_on(
    two: tuple[Path, Path], damage: str
) -> None:
    bad, _ = two
    DAMAGES[damage](bad / ENVIRONMENT)
    with RunDirectory(bad, resume=True) as directory:
        said = directory.changed_environment(CPU)
        assert all(line.isprintable() and len(line) < 400 for line in said)
        if damage in ("types", "infinite", "large"):
            return  # a table, of which some values are others
        assert len(said) == 1
        assert "environment.json cannot be read (" in said[0]


def test_what_has_changed_since_a_run_began_is_said(two: tuple[Path, Path]) -> None:
    bad, _ = two
    written = json.loads((bad / ENVIRONMENT).read_text())
    (bad / ENVIRONMENT).write_text(json.dumps(written | {"torch": "1.0\x1b[31m"}))
    with RunDirectory(bad, resume=True) as directory:
        (line,) = directory.changed_environment(CPU)
    assert line == f"torch was 1.0\\x1b[31m and is {torch.__version__}"


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("empty", "failure.txt is empty"),
        ("folder", "failure.txt cannot be read: it is a folder"),
        ("pipe", "failure.txt cannot be read: it is no regular file"),
        ("binary", r"\x00"),
    ],
)
def test_a_reason_that_cannot_be_read_is_still_a_failure(
    two: tuple[Path, Path], damage: str, says: str
) -> None:
    bad, _ = two
    DAMAGES[damage](bad / FAILURE)
    found = Run.read(bad)
    assert found.state == "failed"
    assert says in found.reason


@pytest.mark.parametrize("damage", ["folder", "pipe", "endless"])
def test_a_best_network_that_is_no_file_is_said(two: tuple[Path, Path], damage: str) -> None:
    bad, _ = two
    DAMAGES[damage](bad / BEST)
    with pytest.raises(
        CheckpointError, match=r"best\.safetensors is no regular file: remove it, and the last"
    ):
        load(bad)
    with pytest.raises(CheckpointError, match="no regular file"):
        best_checkpoint(bad)


@pytest.mark.parametrize("damage", ["folder", "pipe", "endless", "link"])
def test_a_lock_is_a_regular_file_or_nothing_is_written(two: tuple[Path, Path], damage: str) -> None:
    """The owner's name goes into it: through a link it would go into somebody's file, or a device."""
    bad, good = two
    if damage == "link":
        (bad / LOCK).unlink()
        (bad / LOCK).symlink_to(good / RECIPE)
    else:
        DAMAGES[damage](bad / LOCK)
    before = (good / RECIPE).read_bytes()
    with pytest.raises(RunError, match="cannot be written"):
        RunDirectory(bad, resume=True)
    assert (good / RECIPE).read_bytes() == before


def test_a_lock_that_says_anything_is_read_as_a_name(two: tuple[Path, Path]) -> None:
    bad, _ = two
    with RunDirectory(bad, resume=True):
        (bad / LOCK).write_bytes(b"\xff\x1b[31m" + b"a" * 1000)
        with pytest.raises(RunError, match=r"in use by .\\x1b\[31ma+: wait for it") as said:
            RunDirectory(bad, resume=True)
    assert len(str(said.value)) < 500


def test_a_folder_of_a_temporary_files_name_is_nobodys(two: tuple[Path, Path]) -> None:
    bad, _ = two
    (bad / ".journal.csv.abc.tmp").mkdir()
    with RunDirectory(bad, resume=True):
        assert (bad / ".journal.csv.abc.tmp").is_dir()
