"""A run's directory: who may write it, its checkpoints, and what they say.

recipe.json                     the resolved recipe
environment.json                versions, machine, threads
origin.json                     where its pictures lay, and the command
journal.jsonl, journal.csv      a row an epoch
curves.svg                      the same as curves
failure.txt                     why the run failed, if it did
tidied.txt                      its checkpoints were removed: it cannot go on
report.html, report.md          what alexnet report wrote
checkpoints/step-00000390.safetensors   the newest ones; the last is the one with the highest step
best.safetensors                the network with the lowest validation error so far
"""

import contextlib
import dataclasses
import errno
import fcntl
import json
import os
import platform
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO, final

import torch

from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import Interrupted, RunError
from alexnet.files import read_bounded, write_text
from alexnet.runs.checkpoints import BEST, checkpoints
from alexnet.runs.environment import environment
from alexnet.runs.origin import ORIGIN, Origin
from alexnet.text import visible

RECIPE: Final = "recipe.json"
ENVIRONMENT: Final = "environment.json"
FAILURE: Final = "failure.txt"
TIDIED: Final = "tidied.txt"
LOCK: Final = ".lock"
REPORT: Final = "report"
"""The name of a report, without its ending."""
FILES: Final = (
    *(RECIPE, ENVIRONMENT, ORIGIN, FAILURE, TIDIED, BEST),
    *("journal.jsonl", "journal.csv", "curves.svg", f"{REPORT}.html", f"{REPORT}.md"),
)
"""What a run writes into its directory."""
FOLDERS: Final[dict[str, str]] = {
    "checkpoints": "step-*.safetensors",
    "pictures": "a-*.png",
    "tensorboard": "*",
    "wandb": "*",
}
"""The folders that a run, or the demo, makes in it, and the files in them that are its own."""
TRIES: Final = 10
"""How often a lock is asked for, a fiftieth of a second apart."""


@final
class RunDirectory:
    """A run directory that this process alone may write; a context manager that holds its lock.

    Args:
        path: the directory; made where it does not exist.
        resume: whether a run that is there already is to go on.
        group: who train together; only the first of them writes, and for the others nothing is done here.
    Raises:
        RunError: as `check_free`, or the directory is in use by another process.
    """

    def __init__(self, path: Path, *, resume: bool, group: ProcessGroup = ALONE) -> None:
        self.path, self.writes = path, group.is_first
        self._group = group
        self._begun = False
        if not self.writes:
            return
        check_free(path, resume=resume)
        self._made = not os.path.exists(path)
        try:
            (path / "checkpoints").mkdir(parents=True, exist_ok=True)
            self._lock = os.fdopen(_lock_file(path / LOCK), "a+", encoding="utf-8", errors="replace")
            self._claim()
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}; give another --run") from error
        try:
            check_free(path, resume=resume)  # another process may have come and gone since
            for leftover in [*path.glob(".*.tmp"), *path.glob("checkpoints/.*.tmp")]:
                with contextlib.suppress(OSError):  # a folder of such a name is nobody's leftover
                    leftover.unlink()  # of a process that was killed while it wrote
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
            if (self.path / RECIPE).exists():
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
            owner = visible(self._lock.read(200).strip()) or "another process"
            self._lock.close()
            raise RunError(f"{self.path} is in use by {owner}: wait for it, or give another --run") from None
        with contextlib.suppress(
            OSError
        ):  # the name is a courtesy: a full disk shall not keep a run from going on
            os.ftruncate(self._lock.fileno(), 0)
            name = f"process {os.getpid()} on {platform.node()}"
            # not through the file's own buffer: on a full disk that would fail again when it is closed
            os.pwrite(self._lock.fileno(), name.encode(), 0)

    def begin(self, recipe: Mapping[str, Any], device: torch.device, origin: Origin) -> None:
        """Write the resolved recipe, the environment and the origin: the run begins, or goes on.

        Args:
            recipe: as plain values.
            device: where it computes.
            origin: where its pictures lie now; the command that began a run which goes on stays.
        Raises:
            RunError: they cannot be written.
        """
        if not self.writes:
            return
        with contextlib.suppress(RunError):  # one that cannot be read is written anew
            before = Origin.read(self.path)
            origin = dataclasses.replace(origin, command=before.command) if before else origin
        try:
            (self.path / FAILURE).unlink(missing_ok=True)
            write_text(self.path / RECIPE, json.dumps(recipe, indent=2, ensure_ascii=False) + "\n")
            found = environment(device, self._group)
            write_text(self.path / ENVIRONMENT, json.dumps(found, indent=2) + "\n")
            origin.write(self.path)
        except OSError as error:
            raise RunError(
                f"{self.path} cannot be written: {error.strerror}; make room, or give another --run"
            ) from error
        self._begun = True

    def changed_environment(self, device: torch.device) -> list[str]:
        """Return what differs from the environment that the run was begun in, a line each.

        Args:
            device: where it computes now.
        """
        if not self.writes:
            return []
        path = self.path / ENVIRONMENT
        try:
            before: object = json.loads(read_bounded(path).decode("utf-8"))
            if not isinstance(before, dict):
                raise ValueError("it holds no table")
        except FileNotFoundError:
            return []
        except (OSError, ValueError, RecursionError) as error:
            why = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())[:120]
            return [f"{path} cannot be read ({why}): what was different then is not known"]
        return [
            f"{name} was {visible(str(before[name]))[:120]} and is {value}"
            for name, value in environment(device, self._group).items()
            if name in before and before[name] != value and name != "system"
        ]


def _lock_file(path: Path) -> int:
    """Open a lock, made where there is none: a name is written into it, so that it is nothing but a regular file.

    Raises:
        OSError: it is something else: a link, a device, a pipe or a folder.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"{LOCK} is no regular file", os.fspath(path))
    return descriptor


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

    Args:
        path: the directory; it need not be there.
        resume: whether a run that is there already is to go on.
    Raises:
        RunError: it holds a run and `resume` is not asked for, holds something else, or cannot be written.
    """
    if os.path.exists(path) and not os.path.isdir(path):
        raise RunError(f"{path} is a file: --run takes a directory")
    try:
        os.fspath(path).encode()  # safetensors opens no other names
    except UnicodeEncodeError:
        raise RunError(f"{path} is not a name in UTF-8: give another --run") from None
    if os.path.isdir(path):
        try:
            held = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")}
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror}; give another --run") from error
        begun = RECIPE in held or any(checkpoints(path))
        if begun and not resume:
            raise RunError(f"{path} holds a run already: --resume goes on with it, or give another --run")
        if held - {"checkpoints"} and not begun:
            raise RunError(f"{path} is not empty and holds no run: give another --run")
    nearest = next(folder for folder in (path, *path.absolute().parents) if os.path.exists(folder))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise RunError(f"{path} cannot be written: {nearest} is read-only for us; give another --run")
