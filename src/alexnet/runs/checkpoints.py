"""The checkpoints of a run directory: the newest ones, and the best network."""

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Final

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError, DamagedError

BEST: Final = "best.safetensors"
SHARED: Final = "model.safetensors"
"""The checkpoint in a folder that `alexnet.save_pretrained` wrote: the name that the Hub's readers look for."""


def checkpoints(run: Path) -> list[Path]:
    """Return a run's checkpoints, the one with the highest step first.

    Args:
        run: the run directory.
    """
    if not os.path.isdir(run):  # where glob raises of a name that is too long
        return []
    found = (path for path in run.glob("checkpoints/step-*.safetensors") if _step(path) is not None)
    return sorted(found, key=lambda path: _step(path) or 0, reverse=True)


def best_checkpoint(run: Path) -> Path:
    """Return the file of a run directory's best network, or else of its last; or that of a folder to share.

    Args:
        run: the run directory, or a folder that `alexnet.save_pretrained` wrote.
    Raises:
        CheckpointError: there is none, or the best network is no regular file.
    """
    best = run / BEST
    if best.is_file():
        return best
    if best.exists():
        raise CheckpointError(f"{best} is no regular file: remove it, and the last checkpoint answers")
    last = checkpoints(run)
    if not last and (run / SHARED).is_file():
        return run / SHARED
    if not last:
        raise CheckpointError(
            f"{run} holds no trained network: give a run directory that alexnet train has made"
        )
    return last[0]


def checkpoint_path(run: Path, step: int) -> Path:
    """Return where the checkpoint of a step is kept.

    Args:
        run: the run directory.
        step: steps that were taken.
    """
    return run / "checkpoints" / f"step-{step:08d}.safetensors"


def newest_whole(run: Path) -> tuple[Checkpoint | None, list[str]]:
    """Return a run's newest whole checkpoint, None without any, and a line for each newer one that is damaged.

    Args:
        run: the run directory.
    Raises:
        CheckpointError: there are checkpoints, and all are damaged.
    """
    damaged: list[str] = []
    for path in checkpoints(run):
        try:
            return _load(path), damaged
        except DamagedError as error:
            damaged.append(str(error))
    if damaged:
        raise CheckpointError(
            f"no checkpoint of {run} is whole; the newest: {damaged[0]}. Put a copy back, or begin again with "
            "another --run"
        )
    return None, []


def prune(run: Path, keep: int) -> None:
    """Remove all but the newest checkpoints; one that cannot be removed stays.

    Args:
        run: the run directory.
        keep: how many stay.
    """
    for path in checkpoints(run)[keep:]:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def digest(run: Path) -> str:
    """Return one SHA-256 over where a run stands and its best network, in hexadecimal.

    Covered are weights, mean, velocities, recipe (with seed and schedule), where it is in the data, errors so far,
    history and the best network; no clock, and no file's bytes.

    Args:
        run: a run directory, whose newest checkpoint counts; or a checkpoint file.
    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    if os.path.isfile(run):  # no error of a name that is too long
        return checkpoint.load(run).digest()
    found = checkpoints(run)
    if not found:
        raise CheckpointError(f"{run} holds no checkpoint: give the directory of a run, or a checkpoint file")
    parts = [_load(found[0]).digest()]
    if (run / BEST).exists():
        parts.append(checkpoint.load(run / BEST).digest())
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def _load(path: Path) -> Checkpoint:
    """Read a run's checkpoint; its name has to say the step that it is of."""
    found = checkpoint.load(path)
    if found.state.get("step") != _step(path):
        raise DamagedError(f"{path} is not what its name says: it is of step {found.state.get('step')}")
    return found


def _step(path: Path) -> int | None:
    digits = path.stem.removeprefix("step-")
    return int(digits) if digits.isascii() and digits.isdigit() else None
