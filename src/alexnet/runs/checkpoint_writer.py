"""Checkpoints written in the background, so that training does not wait for the disk."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError
from alexnet.runs.checkpoints import BEST, checkpoint_path, checkpoints, prune
from alexnet.runs.directory import RunDirectory


@final
@dataclass(frozen=True)
class CheckpointPolicy:
    """When checkpoints are written besides the one after each epoch, and how many are kept."""

    every_steps: int = 0
    """Steps between checkpoints; 0 for none."""
    every_seconds: float = 600.0
    """Seconds between checkpoints."""
    keep: int = 2
    """How many of the newest checkpoints are kept, besides the best network."""


@final
class CheckpointWriter:
    """Write one checkpoint after the other on a thread of its own.

    A write that fails is tried once more, then said, and training goes on: the next checkpoint tries again,
    and the ones before stay. The best network is written before any checkpoint that speaks of it, so that a
    run that goes on from a checkpoint has the best network it remembers.

    Args:
        directory: the run's.
        keep: how many of the newest checkpoints stay.
        say: is given a line when writing failed or works again.
    """

    def __init__(self, directory: RunDirectory, keep: int, say: Callable[[str], None]) -> None:
        self._directory, self._keep, self._say = directory, keep, say
        self._thread = ThreadPoolExecutor(1, "saver")
        self._pending: Future[None] | None = None
        self._best: Checkpoint | None = None  # to be written; kept until it has been
        self.failure: CheckpointError | None = None
        self._written = (-1, -1)  # step and rows of the last one; a validation adds a row to a step
        self.newest: Path | None = next(iter(checkpoints(directory.path)), None)

    def submit(self, made: Checkpoint, *, best: bool) -> None:
        """Begin to write a checkpoint, once the one before has been.

        Of several processes the first one writes. What is on the disk already is not written again: a signal
        often comes while the last checkpoint is being written.

        Args:
            made: the checkpoint; nobody changes its tensors any more.
            best: whether it holds the best network so far.
        """
        if not self._directory.writes:
            return
        self.wait()
        if self._written == (made.state["step"], len(made.history)) and not best:
            return
        if best:
            self._best = replace(made, velocity={}, state={})
        self._pending = self._thread.submit(self._run, made)

    def wait(self) -> None:
        """Wait until the write that runs has ended; a mistake of ours in it is raised here, where somebody sees it."""
        if (pending := self._pending) is not None:
            self._pending = None
            pending.result()

    def _run(self, made: Checkpoint) -> None:
        try:
            try:
                self._write(made)
            except CheckpointError:  # a passing error of the disk does not come twice
                self._write(made)
        except CheckpointError as error:
            if self.failure is None:
                self._say(f"{error}. Training goes on and tries again at the next checkpoint")
            self.failure = error
        else:
            if self.failure is not None:
                self._say(f"checkpoints can be written again; the newest is of step {made.state['step']}")
            self.failure = None

    def _write(self, made: Checkpoint) -> None:
        if self._best is not None:
            checkpoint.save(self._best, self._directory.path / BEST)
            self._best = None
        path = checkpoint_path(self._directory.path, made.state["step"])
        checkpoint.save(made, path)
        self.newest, self._written = path, (made.state["step"], len(made.history))
        prune(self._directory.path, self._keep)
