"""A run's directory: who may write it, its checkpoints, and what they say.

recipe.json                     the resolved recipe
environment.json                versions, machine, threads
journal.jsonl, journal.csv      a row an epoch
checkpoints/step-00000390.safetensors   the newest ones; the last is the one with the highest step
best.safetensors                the network with the lowest validation error so far
"""

import fcntl
import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, final

import numpy as np
import torch

import alexnet
from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError, RunError
from alexnet.files import write_text

BEST: Final = "best.safetensors"


@final
class RunDirectory:
    """A run directory that this process alone may write; a context manager that holds its lock.

    Args:
        path: the directory; made where it does not exist.
        resume: whether a run that is there already is to go on.
    Raises:
        RunError: the directory holds a run and `resume` is not asked for, is in use by another
            process, or cannot be written.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise RunError(f"{path} is a file: --run takes a directory")
        if not resume and (path / "recipe.json").exists():
            raise RunError(f"{path} holds a run already: --resume goes on with it, or give another --run")
        if not resume and path.is_dir() and any(entry.name != ".lock" for entry in path.iterdir()):
            raise RunError(f"{path} is not empty and holds no run: give another --run")
        try:
            (path / "checkpoints").mkdir(parents=True, exist_ok=True)
            self._lock = open(path / ".lock", "a+")  # noqa: SIM115  # held open as long as the run lasts
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}; give another --run") from error
        self._claim()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    def _claim(self) -> None:
        """Take the lock; the kernel lets it go when the process ends, however it ends."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "another process"
            self._lock.close()
            raise RunError(f"{self.path} is in use by {owner}: wait for it, or give another --run") from None
        self._lock.truncate(0)
        self._lock.write(f"process {os.getpid()} on {platform.node()}")
        self._lock.flush()
        for leftover in [*self.path.glob(".*.tmp"), *self.path.glob("checkpoints/.*.tmp")]:
            leftover.unlink(missing_ok=True)  # of a process that was killed while it wrote

    def describe(self, recipe: Mapping[str, Any]) -> None:
        """Write the resolved recipe and the environment."""
        write_text(self.path / "recipe.json", json.dumps(recipe, indent=2, ensure_ascii=False) + "\n")
        write_text(self.path / "environment.json", json.dumps(environment(), indent=2) + "\n")

    def checkpoint_path(self, step: int) -> Path:
        """Return where the checkpoint of a step is kept."""
        return self.path / "checkpoints" / f"step-{step:08d}.safetensors"

    def latest(self) -> tuple[Checkpoint | None, list[str]]:
        """Return the newest whole checkpoint, and a line for each newer one that is damaged.

        Raises:
            CheckpointError: there are checkpoints, and all are damaged.
        """
        damaged: list[str] = []
        for path in checkpoints(self.path):
            try:
                return checkpoint.load(path), damaged
            except CheckpointError as error:
                damaged.append(str(error))
        if damaged:
            raise CheckpointError(f"no checkpoint of {self.path} is whole; the newest: {damaged[0]}")
        return None, []

    def prune(self, keep: int) -> None:
        """Remove all but the newest checkpoints."""
        for path in checkpoints(self.path)[keep:]:
            path.unlink(missing_ok=True)


def checkpoints(run: Path) -> list[Path]:
    """Return a run's checkpoints, the one with the highest step first."""
    found = run.glob("checkpoints/step-*.safetensors")
    return sorted(found, key=lambda path: int(path.stem.removeprefix("step-")), reverse=True)


def environment() -> dict[str, Any]:
    """Return what a run's numbers may depend on: versions, machine and threads."""
    return {
        "alexnet": alexnet.__version__,
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.platform(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
    }
