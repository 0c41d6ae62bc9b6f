"""What a finished run no longer needs: the checkpoints that training could go on from; or the run itself."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from alexnet import checkpoint
from alexnet.errors import CheckpointError, RunError
from alexnet.files import write_text
from alexnet.runs.checkpoints import BEST, checkpoints, newest_whole
from alexnet.runs.directory import FILES, FOLDERS, LOCK, TIDIED, RunDirectory
from alexnet.runs.run import Run

_SAID: Final = (
    "its checkpoints were removed by alexnet runs --tidy; best.safetensors is what it has learned\n"
)


def tidy(run: Run) -> int:
    """Remove the checkpoints of a finished run, most of which is the optimizer's state, and keep its best network.

    A run without validations has no best network: its last one becomes it. Nothing is removed before the network
    that stays has been read and is whole.

    Args:
        run: that is finished.
    Returns:
        the bytes that were freed.
    Raises:
        RunError: the run is not finished, is in use, lies behind a link, or cannot be written.
        CheckpointError: there is no whole network to keep.
    """
    _check_no_link(run.path, run.path / "checkpoints")
    state = Run.read(run.path).state  # it may have gone on since it was listed
    if state != "finished":
        raise RunError(f"{run.path} is {state}: only a finished run needs no checkpoint to go on from")
    with RunDirectory(run.path, resume=True):
        paths = checkpoints(run.path)
        before = sum(path.lstat().st_size for path in paths) if paths else 0
        kept = _keep_network(run.path)
        try:
            if paths:
                write_text(
                    run.path / TIDIED, _SAID
                )  # first: a run that lost its checkpoints is not begun anew
            for path in paths:
                path.unlink()
        except OSError as error:
            raise RunError(f"{run.path} cannot be tidied: {error.filename}: {error.strerror}") from error
    return max(0, before - kept)


def delete(run: Run) -> None:
    """Remove a run's directory with everything that a run writes; what else lies in it stays, and is said.

    Args:
        run: that is not running; it may be damaged.
    Raises:
        RunError: the run is running, lies behind a link, cannot be removed, or something else lies in its directory.
    """
    _check_no_link(run.path)
    with RunDirectory(run.path, resume=True):
        try:
            for name in FILES:
                _remove(run.path / name)
            for name, own in FOLDERS.items():
                _empty(run.path / name, own)
            _remove(run.path / LOCK)
            left = sorted(path.name for path in run.path.iterdir())
            if not left:
                run.path.rmdir()
        except OSError as error:
            raise RunError(f"{run.path} cannot be removed: {error.filename}: {error.strerror}") from error
    if left:
        raise RunError(f"{run.path} is no run any more, and holds what no run writes: {', '.join(left[:4])}")


def _keep_network(path: Path) -> int:
    """Make sure that a run has a whole best network, and return the bytes that it takes beyond what was there.

    Raises:
        CheckpointError: it has none, and cannot have one.
    """
    if (path / BEST).is_file():
        checkpoint.load(path / BEST)
        return 0
    found, _ = newest_whole(path)
    if found is None:
        raise CheckpointError(f"{path} holds no network: there is nothing to keep, nor to remove")
    checkpoint.save(replace(found, velocity={}, state={}), path / BEST)
    return (path / BEST).stat().st_size


def _check_no_link(*paths: Path) -> None:
    """Refuse what lies elsewhere than where it is: only what is in the run's own directory is removed."""
    for path in paths:
        if path.is_symlink():
            raise RunError(f"{path} is a link to {path.readlink()}: give the run where it lies")


def _remove(path: Path) -> None:
    """Remove a file, or a link; a folder of that name is nothing that a run writes."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)


def _empty(folder: Path, own: str) -> None:
    """Remove what a run wrote into a folder, and the folder where nothing else is left; of a link, the link."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.is_dir():
        for path in folder.glob(own):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
