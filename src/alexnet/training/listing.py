"""The runs below a folder: what became of each."""

import fcntl
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from alexnet import journal
from alexnet.errors import RunError
from alexnet.training.directory import FAILURE, LOCK


@final
@dataclass(frozen=True)
class Run:
    """A run as its directory tells; errors are top-1 fractions, None where not known."""

    path: Path
    """Its directory."""
    recipe: str
    """The recipe's name."""
    state: str
    """running, finished, failed or stopped."""
    reason: str
    """Why it failed; empty otherwise."""
    epoch: float
    """Epochs finished, by the journal."""
    epochs: float
    """Epochs asked for."""
    training_error: float | None
    """Of the last epoch."""
    validation_error: float | None
    """Of the last validation."""
    best_error: float | None
    """The lowest of all validations."""


def runs(folder: Path) -> list[Run]:
    """Return the runs in a folder, in the order of their names; one that is a run itself stands alone.

    Raises:
        RunError: there is no such folder.
    """
    if not folder.is_dir():
        raise RunError(f"{folder} is no folder: give the one that holds the run directories")
    return [_read(path) for path in _directories(folder)]


def _directories(folder: Path) -> Iterator[Path]:
    """Yield the run directories in a folder and one level below it."""
    if (folder / "recipe.json").is_file():
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if (path / "recipe.json").is_file():
            yield path
        elif path.is_dir():
            yield from (below.parent for below in sorted(path.glob("*/recipe.json")))


def _read(path: Path) -> Run:
    recipe: dict[str, Any] = json.loads((path / "recipe.json").read_text(encoding="utf-8"))
    rows = journal.read(path)
    last = rows[-1] if rows else {}
    epoch, epochs = float(last.get("epoch", 0.0)), float(recipe["training"]["epochs"])
    errors = [row["validation_top1_error"] for row in rows if row.get("validation_top1_error") is not None]
    reason = (path / FAILURE).read_text(encoding="utf-8").strip() if (path / FAILURE).exists() else ""
    if _locked(path):
        state, reason = "running", ""
    else:
        state = "failed" if reason else "finished" if epoch >= epochs else "stopped"
    return Run(
        path,
        recipe=str(recipe["name"]),
        state=state,
        reason=reason,
        epoch=epoch,
        epochs=epochs,
        training_error=last.get("training_top1_error"),
        validation_error=errors[-1] if errors else None,
        best_error=min(errors, default=None),
    )


def _locked(path: Path) -> bool:
    """Say whether some process holds a run's lock."""
    try:
        with open(path / LOCK, encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
