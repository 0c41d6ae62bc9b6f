"""A run as its directory tells it."""

import fcntl
import html
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final

import torch

from alexnet import checkpoint
from alexnet.device import choose_device
from alexnet.errors import RunError
from alexnet.files import read_bounded
from alexnet.inference.classifier import Classifier
from alexnet.runs import journal
from alexnet.runs.checkpoints import best_checkpoint
from alexnet.runs.curves import draw
from alexnet.runs.directory import FAILURE, LOCK, RECIPE
from alexnet.runs.journal import Row
from alexnet.text import visible

_REASON_BYTES: Final = 1 << 20


@final
@dataclass(frozen=True, repr=False)
class Run:
    """A run, as it stood when it was read; errors are top-1 fractions, None where not known."""

    path: Path
    """Its directory."""
    recipe: str
    """The recipe's name."""
    state: str
    """running, finished, failed, stopped, or damaged: then its files cannot be read."""
    reason: str
    """Why it failed or cannot be read; empty otherwise."""
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

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a run directory.

        Args:
            path: of the directory.
        Returns:
            the run as its files tell of it now.
        Raises:
            RunError: it is none, or its files are not what a run writes.
        """
        path = Path(path)
        name, epochs = _recipe(path)
        rows = journal.read(path)
        last = rows[-1] if rows else {}
        errors = [error for row in rows if (error := _number(row, "validation_top1_error")) is not None]
        epoch, reason = _number(last, "epoch") or 0.0, _reason(path)
        ended = bool(rows) and (epoch >= epochs or last.get(journal.STOPPED_EARLY) is True)
        if _is_locked(path):
            state, reason = "running", ""
        else:
            state = "failed" if reason else "finished" if ended else "stopped"
        return cls(
            path,
            recipe=name,
            state=state,
            reason=reason,
            epoch=epoch,
            epochs=epochs,
            training_error=_number(last, "training_top1_error"),
            validation_error=errors[-1] if errors else None,
            best_error=min(errors, default=None),
        )

    @classmethod
    def damaged(cls, path: Path, reason: str) -> Self:
        """Return what is said of a run whose files cannot be read."""
        return cls(path, "", "damaged", reason, 0.0, 0.0, None, None, None)

    @property
    def history(self) -> list[Row]:
        """The journal's rows, one an epoch; errors are fractions.

        Raises:
            RunError: the journal cannot be read.
        """
        return list(journal.read(self.path))

    def load(self, *, device: str | torch.device = "cpu") -> Classifier:
        """Load the best network so far, or else the last.

        Args:
            device: where it answers: cpu, cuda, or auto.
        Raises:
            CheckpointError: there is none, or it is damaged.
            RecipeError: there is no such device.
        """
        found = checkpoint.load(best_checkpoint(self.path))
        return Classifier(found, str(self.path), device=choose_device(device))

    def __repr__(self) -> str:
        said = [self.state, *([self.recipe] if self.recipe else [])]
        if self.state != "damaged":
            said.append(f"epoch {self.epoch:g} of {self.epochs:g}")
        if self.best_error is not None:
            said.append(f"best validation error {self.best_error:.2%}")
        elif self.training_error is not None:
            said.append(f"training error {self.training_error:.2%}")
        return f"Run({str(self.path)!r}: {', '.join(said)}{f': {self.reason}' if self.reason else ''})"

    def _repr_html_(self) -> str:
        """Return the run as a notebook shows it: the line, and its curves, drawn anew, where its journal has rows."""
        try:
            rows = self.history
        except RunError:
            rows = []
        drawn = draw(rows, self.path.name) if rows else ""
        return f"<p><code>{html.escape(repr(self))}</code></p>{drawn}"


def _recipe(path: Path) -> tuple[str, float]:
    """Return the name of a run's recipe, and the epochs it asks for."""
    try:
        plain: Any = json.loads(read_bounded(path / RECIPE).decode("utf-8"))
        name, epochs = plain["name"], plain["training"]["epochs"]
        if not isinstance(name, str) or not journal.is_number(epochs):
            raise ValueError("its name or its epochs are none")
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(
            f"{path} is no run: it holds no {RECIPE}; give a directory that alexnet train made"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        said = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())[:120]
        raise RunError(f"{path / RECIPE} is not what a run writes ({said}): the run is damaged") from None
    return name, float(epochs)


def _reason(path: Path) -> str:
    """Return why a run failed, in one line fit to be shown; empty where it did not."""
    try:
        text = read_bounded(path / FAILURE, _REASON_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{FAILURE} cannot be read: {error.strerror}"
    return visible(" ".join(text.split())) or f"{FAILURE} is empty"


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    return float(value) if value is not None and journal.is_number(value) else None


def _is_locked(path: Path) -> bool:
    """Whether some process holds a run's lock."""
    try:
        lock = os.open(path / LOCK, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(lock)
    return False
