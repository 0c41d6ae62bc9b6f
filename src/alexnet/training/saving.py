"""Checkpoints written in the background, so that training does not wait for the disk."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import final

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError


@final
class Saver:
    """Write one checkpoint after the other on a thread of its own.

    A write that fails is said once, and training goes on: the next checkpoint tries again, and the ones
    before stay.

    Args:
        say: is given a line when a write failed or works again.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._thread: threading.Thread | None = None
        self.failure: CheckpointError | None = None

    def submit(self, made: Mapping[Path, Checkpoint], *, then: Callable[[], None]) -> None:
        """Write checkpoints, whose tensors nobody changes any more, to their paths; afterwards call `then`."""
        self.wait()
        self._thread = threading.Thread(target=self._write, args=(made, then), name="saver")
        self._thread.start()

    def wait(self) -> None:
        """Wait until the write that runs has ended."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _write(self, made: Mapping[Path, Checkpoint], then: Callable[[], None]) -> None:
        try:
            for path, value in made.items():
                checkpoint.save(value, path)
            then()
        except CheckpointError as error:
            if self.failure is None:
                self._say(f"{error}. Training goes on and tries again at the next checkpoint")
            self.failure = error
        else:
            if self.failure is not None:
                self._say("checkpoints can be written again")
            self.failure = None
