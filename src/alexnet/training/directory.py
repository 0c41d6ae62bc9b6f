"""A run's directory: who may write it, its checkpoints, and what they say.

recipe.json                     the resolved recipe
environment.json                versions, machine, threads
journal.jsonl, journal.csv      a row an epoch
curves.svg                      the same as curves
failure.txt                     why the run failed, if it did
checkpoints/step-00000390.safetensors   the newest ones; the last is the one with the highest step
best.safetensors                the network with the lowest validation error so far
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO, final

import numpy as np
import torch

import alexnet
from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.distributed.processes import ALONE, Processes
from alexnet.errors import CheckpointError, DamagedError, RunError
from alexnet.files import write_text
from alexnet.training.stopping import Interrupted

BEST: Final = "best.safetensors"
FAILURE: Final = "failure.txt"
LOCK: Final = ".lock"
TRIES: Final = 10
"""How often a lock is asked for, a fiftieth of a second apart."""


@final
class RunDirectory:
    """A run directory that this process alone may write; a context manager that holds its lock.

    Args:
        path: the directory; made where it does not exist.
        resume: whether a run that is there already is to go on.
        processes: who train together; only the first of them writes, and for the others nothing is done here.
    Raises:
        RunError: as `check_free`, or the directory is in use by another process.
    """

    def __init__(self, path: Path, *, resume: bool, processes: Processes = ALONE) -> None:
        self.path, self.writes = path, processes.first
        self._processes = processes
        self._begun = False
        if not self.writes:
            return
        check_free(path, resume=resume)
        self._made = not path.exists()
        try:
            (path / "checkpoints").mkdir(parents=True, exist_ok=True)
            self._lock = open(path / LOCK, "a+")  # noqa: SIM115  # held open as long as the run lasts
            self._claim()
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}; give another --run") from error
        try:
            check_free(path, resume=resume)  # another process may have come and gone since
            for leftover in [*path.glob(".*.tmp"), *path.glob("checkpoints/.*.tmp")]:
                leftover.unlink(missing_ok=True)  # of a process that was killed while it wrote
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.writes:
            return
        if self._begun and isinstance(error, Exception) and not isinstance(error, Interrupted):
            with contextlib.suppress(OSError):  # a full disk has been said already
                write_text(self.path / FAILURE, " ".join(str(error or kind).split()) + "\n")
        if not self._begun and error is not None:
            self._leave_nothing()
        self._lock.close()

    def _leave_nothing(self) -> None:
        """Remove what was made for a run that did not begin; what holds anything else stays."""
        with contextlib.suppress(OSError):
            if (self.path / "recipe.json").exists():
                return
            (self.path / "checkpoints").rmdir()
            (self.path / LOCK).unlink()
            if self._made:
                self.path.rmdir()

    def _claim(self) -> None:
        """Take the lock; the kernel lets it go when the process ends, however it ends."""
        try:
            if not _locked_soon(self._lock):
                raise BlockingIOError
            if os.fstat(self._lock.fileno()).st_nlink == 0:
                raise BlockingIOError  # another process came, did not begin, and took the file with it
        except BlockingIOError:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "another process"
            self._lock.close()
            raise RunError(f"{self.path} is in use by {owner}: wait for it, or give another --run") from None
        with contextlib.suppress(
            OSError
        ):  # the name is a courtesy: a full disk shall not keep a run from going on
            os.ftruncate(self._lock.fileno(), 0)
            name = f"process {os.getpid()} on {platform.node()}"
            # not through the file's own buffer: on a full disk that would fail again when it is closed
            os.pwrite(self._lock.fileno(), name.encode(), 0)

    def describe(self, recipe: Mapping[str, Any]) -> None:
        """Write the resolved recipe and the environment: the run begins, or goes on.

        Raises:
            RunError: they cannot be written.
        """
        if not self.writes:
            return
        try:
            (self.path / FAILURE).unlink(missing_ok=True)
            write_text(self.path / "recipe.json", json.dumps(recipe, indent=2, ensure_ascii=False) + "\n")
            write_text(self.path / "environment.json", json.dumps(self._environment(), indent=2) + "\n")
        except OSError as error:
            raise RunError(
                f"{self.path} cannot be written: {error.strerror}; make room, or give another --run"
            ) from error
        self._begun = True

    def changed_environment(self) -> list[str]:
        """Return what differs from the environment that the run was begun in, a line each."""
        path = self.path / "environment.json"
        before = json.loads(path.read_text(encoding="utf-8")) if self.writes and path.exists() else {}
        return [
            f"{name} was {before[name]} and is {value}"
            for name, value in self._environment().items()
            if name in before and before[name] != value and name != "system"
        ]

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
                return _load(path), damaged
            except DamagedError as error:
                damaged.append(str(error))
        if damaged:
            raise CheckpointError(
                f"no checkpoint of {self.path} is whole; the newest: {damaged[0]}. Put a copy back, or begin "
                "again with another --run"
            )
        return None, []

    def _environment(self) -> dict[str, Any]:
        processes = self._processes
        together = {"scheme": processes.scheme} if processes.several else {}
        return {**environment(), "processes": processes.count, **together}

    def prune(self, keep: int) -> None:
        """Remove all but the newest checkpoints; one that cannot be removed stays."""
        for path in checkpoints(self.path)[keep:]:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _locked_soon(lock: TextIO) -> bool:
    """Take a lock, or say that it is not to be had: who lists runs holds it too, for less than a moment."""
    for _ in range(TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


def check_free(path: Path, *, resume: bool) -> None:
    """Check, before anything long is begun, that a run may be written to a directory.

    Raises:
        RunError: it holds a run and `resume` is not asked for, holds something else, or cannot be written.
    """
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file: --run takes a directory")
    try:
        os.fspath(path).encode()  # safetensors opens no other names
    except UnicodeEncodeError:
        raise RunError(f"{path} is not a name in UTF-8: give another --run") from None
    if path.is_dir():
        held = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")}
        begun = "recipe.json" in held or any(checkpoints(path))
        if begun and not resume:
            raise RunError(f"{path} holds a run already: --resume goes on with it, or give another --run")
        if held - {"checkpoints"} and not begun:
            raise RunError(f"{path} is not empty and holds no run: give another --run")
    nearest = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise RunError(f"{path} cannot be written: {nearest} is read-only for us; give another --run")


def checkpoints(run: Path) -> list[Path]:
    """Return a run's checkpoints, the one with the highest step first."""
    found = (path for path in run.glob("checkpoints/step-*.safetensors") if _step(path) is not None)
    return sorted(found, key=lambda path: _step(path) or 0, reverse=True)


def digest(run: Path) -> str:
    """Return one SHA-256 over where a run stands and its best network, in hexadecimal.

    Covered are weights, mean, velocities, recipe (with seed and schedule), place in the data, errors so far,
    history and the best network; no clock, and no file's bytes.

    Args:
        run: a run directory, whose newest checkpoint counts; or a checkpoint file.
    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    if run.is_file():
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
