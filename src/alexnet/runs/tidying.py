"""What a finished run no longer needs: the checkpoints that training could go on from; or the run itself."""

import contextlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from alexnet import checkpoint
from alexnet.errors import RunError
from alexnet.files import write_text
from alexnet.runs.checkpoints import BEST, checkpoints, newest_whole
from alexnet.runs.directory import LOCK, TIDIED, WRITTEN, RunDirectory
from alexnet.runs.run import Run

_SAID: Final = (
    "its checkpoints were removed by alexnet runs --tidy; best.safetensors is what it has learned\n"
)


def tidy(run: Run) -> int:
    """Remove the checkpoints of a finished run, most of which is the optimizer's state, and keep its best network.

    A run without validations has no best network: its last one becomes it.

    Returns:
        the bytes that were freed.
    Raises:
        RunError: the run is not finished.
        CheckpointError: there is no network to keep.
    """
    if run.state != "finished":
        raise RunError(f"{run.path} is {run.state}: only a finished run needs no checkpoint to go on from")
    with RunDirectory(run.path, resume=True):
        if not (run.path / BEST).is_file():
            found, _ = newest_whole(run.path)
            if found is None:
                return 0
            checkpoint.save(replace(found, velocity={}, state={}), run.path / BEST)
        before = _size(run.path)
        paths = checkpoints(run.path)
        if paths:
            write_text(run.path / TIDIED, _SAID)  # first: a run that lost its checkpoints is not begun anew
        for path in paths:
            path.unlink()
    return max(0, before - _size(run.path))


def delete(run: Run) -> None:
    """Remove a run's directory with everything that a run writes; what else lies in it stays, and is said.

    Raises:
        RunError: the run is running, or something else lies in its directory.
    """
    if run.state == "running":
        raise RunError(f"{run.path} is running: stop it first")
    with RunDirectory(run.path, resume=True):
        for name in WRITTEN:
            path = run.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        (run.path / LOCK).unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        left = sorted(path.name for path in run.path.iterdir())
        if left:
            raise RunError(
                f"{run.path} is no run any more, and holds what no run writes: {', '.join(left[:4])}"
            )
        run.path.rmdir()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
