"""The runs below a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from alexnet.errors import RunError
from alexnet.runs.directory import RECIPE
from alexnet.runs.run import Run


def runs(folder: str | Path = "runs") -> list[Run]:
    """Return the runs in a folder and one level below it, in the order of their names.

    A folder that is a run itself stands alone. A run whose files cannot be read is listed as damaged.

    Args:
        folder: that holds run directories.
    Returns:
        each as it stands now.
    Raises:
        RunError: there is no such folder, or it cannot be read.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # no error of a name that is too long
        raise RunError(f"{folder} is no folder: give the one that holds the run directories")
    try:
        return [_read(path) for path in _directories(folder)]
    except OSError as error:
        raise RunError(f"{folder} cannot be read: {error.strerror}; give a folder that can") from error


def _read(path: Path) -> Run:
    try:
        return Run.read(path)
    except RunError as error:
        return Run.damaged(path, str(error))


def _directories(folder: Path) -> Iterator[Path]:
    """Yield the run directories in a folder and one level below it."""
    if _is_run(folder):
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if _is_run(path):
            yield path
        elif path.is_dir() and os.access(path, os.R_OK | os.X_OK):
            yield from (below for below in sorted(path.iterdir()) if _is_run(below))


def _is_run(path: Path) -> bool:
    """Whether a run was begun in a directory, whatever has become of it; not of one that cannot be looked into."""
    return os.path.exists(path / RECIPE)  # which `Path.exists` raises of
