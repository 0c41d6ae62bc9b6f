"""The runs below a folder."""

from collections.abc import Iterator
from pathlib import Path

from alexnet.errors import RunError
from alexnet.runs.directory import RECIPE
from alexnet.runs.run import Run


def runs(folder: str | Path = "runs") -> list[Run]:
    """Return the runs in a folder and one level below it, in the order of their names.

    A folder that is a run itself stands alone. A run whose files cannot be read is listed as damaged.

    Raises:
        RunError: there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RunError(f"{folder} is no folder: give the one that holds the run directories")
    return [_read(path) for path in _directories(folder)]


def _read(path: Path) -> Run:
    try:
        return Run.read(path)
    except RunError as error:
        return Run.damaged(path, str(error))


def _directories(folder: Path) -> Iterator[Path]:
    """Yield the run directories in a folder and one level below it."""
    if (folder / RECIPE).exists():
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if (path / RECIPE).exists():
            yield path
        elif path.is_dir():
            yield from (below.parent for below in sorted(path.glob(f"*/{RECIPE}")))
