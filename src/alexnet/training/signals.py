"""Signals that ask a run to save and leave: the loop reads a flag between steps."""

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Final, Self, final

from alexnet.distributed.group import ALONE, ProcessGroup

LEAVING: Final = {
    getattr(signal, name): 128 + getattr(signal, name)  # as a shell has them: 129, 130 and 143
    for name in ("SIGHUP", "SIGINT", "SIGTERM")
    if hasattr(signal, name)
}


class StepAborted(Exception):  # noqa: N818  # not an error: work that a signal ended
    """Raised by a signal in a block of `SignalGuard.aborting_steps`."""


@final
class SignalGuard:
    """While it is entered, SIGINT, SIGTERM and SIGHUP set `code` and SIGUSR1 sets `save`.

    A second signal leaves at once: what is on the disk is whole at every moment. Of several processes, `synchronise`
    tells all what one has received.
    """

    def __init__(self, processes: ProcessGroup = ALONE) -> None:
        self.code: int | None = None
        self.save = False
        self._processes = processes
        self._received: int | None = None
        self._aborts_steps = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        handlers = dict.fromkeys(LEAVING, self._leave)
        if hasattr(signal, "SIGUSR1"):
            handlers[signal.SIGUSR1] = self._save
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
            del handlers[signal.SIGHUP]  # under nohup: the terminal may go
        for number, handler in handlers.items():
            try:
                self._before[number] = signal.signal(number, handler)
            except ValueError:  # not the main thread: whoever runs us has the signals
                break
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as it was given to us

    @contextlib.contextmanager
    def aborting_steps(self) -> Iterator[None]:
        """Let a signal end the block at once, by `StepAborted`: for work that leaves nothing behind until it ends.

        A step of a large network may take longer than whoever sends the signal waits. Of several processes
        none may leave the others in a step: there the block goes on to its end.
        """
        self._aborts_steps = not self._processes.is_distributed
        try:
            yield
        finally:
            self._aborts_steps = False

    def synchronise(self, wish: bool = False) -> bool:
        """Agree with the other processes on leaving and on saving; all call it at the same point.

        Args:
            wish: whether this process wishes to save, signal or not.
        Returns:
            whether one of them wishes to save.
        """
        code, save = self._processes.largest(self._received or 0, self.save or wish)
        self.code, self.save = int(code) or None, False
        return bool(save)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        if self._received is not None:
            os._exit(self._received)
        self._received = LEAVING[signal.Signals(number)]
        if not self._processes.is_distributed:
            self.code = self._received
        if self._aborts_steps:
            raise StepAborted

    def _save(self, number: int, frame: FrameType | None) -> None:
        self.save = True
