"""What is removed of a run, and what never is: its best network, others' files, and what lies elsewhere."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from alexnet.data.dataset import Dataset
from alexnet.errors import CheckpointError, RunError
from alexnet.runs.checkpoints import BEST, checkpoints
from alexnet.runs.directory import FILES, RECIPE, TIDIED, RunDirectory
from alexnet.runs.run import Run
from alexnet.runs.tidying import delete, tidy
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe

QUIET = ProgressDisplay(quiet=True)


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def on_disk(run: Path) -> int:
    return sum(path.stat().st_size for path in run.rglob("*") if path.is_file())


def entries(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_tidying_frees_what_it_says_and_keeps_what_was_learned(run: Path) -> None:
    """Four checkpoints with velocities are most of a run; the best network, the journal and the curves stay."""
    before, weights = on_disk(run), Run.read(run).load().network.state_dict()
    freed = tidy(Run.read(run))
    said = (run / TIDIED).stat().st_size
    assert freed == before - on_disk(run) + said
    assert freed > 0.8 * before
    assert checkpoints(run) == []
    after = Run.read(run)
    assert (after.state, after.epoch) == ("finished", 3.0)
    assert all(value.equal(weights[name]) for name, value in after.load().network.state_dict().items())
    assert tidy(after) == 0
    assert after.load()


def test_a_run_without_validations_keeps_its_last_network(run: Path) -> None:
    (run / BEST).unlink()
    before, expected = on_disk(run), Run.read(run).load().network.state_dict()
    freed = tidy(Run.read(run))
    assert freed == before - on_disk(run) + (run / TIDIED).stat().st_size
    assert all(
        value.equal(expected[name]) for name, value in Run.read(run).load().network.state_dict().items()
    )


def test_a_tidied_run_does_not_go_on(run: Path, shapes: Dataset, brief: Recipe) -> None:
    """It would begin anew, over what it has learned."""
    tidy(Run.read(run))
    longer = replace(brief, training=replace(brief.training, epochs=4.0))
    kept = (run / BEST).read_bytes()
    with pytest.raises(RunError, match=r"was tidied: .* --from"):
        run_training(shapes, longer, run, resume=True, display=QUIET)
    assert (run / BEST).read_bytes() == kept


def test_nothing_is_removed_for_a_best_network_that_is_damaged(run: Path) -> None:
    """Of the checkpoints it can be made again; of nothing it cannot."""
    best = run / BEST
    best.write_bytes(best.read_bytes()[:-100])
    before = entries(run)
    with pytest.raises(CheckpointError, match="damaged"):
        tidy(Run.read(run))
    assert entries(run) == before
    best.unlink()
    for path in checkpoints(run):
        path.unlink()
    with pytest.raises(CheckpointError, match="nothing to keep"):
        tidy(Run.read(run))


def test_only_a_finished_run_is_tidied(run: Path) -> None:
    """As it stands now, not as it stood when it was listed."""
    listed, path = Run.read(run), run / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    before = entries(run)
    for asked in (listed, Run.read(run)):
        with pytest.raises(RunError, match="is stopped: only a finished run"):
            tidy(asked)
    with RunDirectory(run, resume=True), pytest.raises(RunError, match="is running: only a finished run"):
        tidy(listed)
    assert entries(run) == before


def test_a_deleted_run_leaves_nothing(run: Path) -> None:
    (run / "tensorboard").mkdir()
    (run / "tensorboard" / "events").write_bytes(b"1")
    (run / "pictures").mkdir()
    (run / "pictures" / "a-7.png").write_bytes(b"1")  # of the demo
    (run / "failure.txt").write_text("full")
    delete(Run.read(run))
    assert not run.exists()
    assert run.parent.exists()


@pytest.mark.parametrize("stranger", ["notes.txt", "checkpoints/notes.txt", "pictures/cat.jpg", "wand/x"])
def test_what_no_run_writes_stays_and_is_said(run: Path, stranger: str) -> None:
    path = run / stranger
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(RunError, match=rf"holds what no run writes: {stranger.partition('/')[0]}$"):
        delete(Run.read(run))
    assert path.read_text() == "mine"
    assert {one for one in entries(run) if (run / one).is_file()} == {stranger}


def test_a_running_run_is_not_deleted(run: Path) -> None:
    listed, before = Run.read(run), entries(run)
    with RunDirectory(run, resume=True), pytest.raises(RunError, match="in use by"):
        delete(listed)
    assert entries(run) == before


def test_a_damaged_run_can_be_deleted(run: Path) -> None:
    (run / RECIPE).write_text("{")
    delete(Run.damaged(run, "its recipe cannot be read"))
    assert not run.exists()


def test_links_are_not_followed(run: Path, tmp_path: Path) -> None:
    """Neither the run's own, nor its checkpoints' folder, nor a link among its files."""
    elsewhere = tmp_path / "elsewhere"
    shutil.move(run / "checkpoints", elsewhere)
    (run / "checkpoints").symlink_to(elsewhere)
    for name in ("curves.svg", "journal.csv"):
        shutil.move(run / name, elsewhere / name)
        (run / name).symlink_to(elsewhere / name)
    (run / "tensorboard").symlink_to(elsewhere)
    link = tmp_path / "link"
    link.symlink_to(run)
    kept = entries(elsewhere)
    with pytest.raises(RunError, match=r"checkpoints is a link to .*elsewhere"):
        tidy(Run.read(run))
    for act in (tidy, delete):
        with pytest.raises(RunError, match="link is a link to"):
            act(Run.read(link))
    delete(Run.read(run))
    assert not run.exists()
    assert entries(elsewhere) == kept


def test_folders_under_the_names_of_files_are_not_a_runs(run: Path) -> None:
    (run / "curves.svg").unlink()
    (run / "curves.svg").mkdir()
    (run / "curves.svg" / "mine").write_text("mine")
    with pytest.raises(RunError, match=r"holds what no run writes: curves\.svg"):
        delete(Run.read(run))
    assert (run / "curves.svg" / "mine").read_text() == "mine"


def test_everything_that_a_run_leaves_is_known_to_be_its_own(finished: Path) -> None:
    """Or a new file of a run would be a stranger's."""
    own = {*FILES, "checkpoints", ".lock"}
    assert set(os.listdir(finished)) <= own
