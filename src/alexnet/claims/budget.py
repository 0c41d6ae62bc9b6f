"""A time that an experiment is given, after which it saves and ends."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import final

from alexnet.errors import AlexNetError, Interrupted


@final
class BudgetSpent(AlexNetError):  # noqa: N818  # no fault: what was asked for
    """The time that an experiment was given is over; all that was done is kept."""


@contextlib.contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """End the block after some seconds, as Ctrl-C would: what is being trained saves first.

    Raises:
        BudgetSpent: the time was over.
    """
    if seconds is None:
        yield
        return
    spent = threading.Event()

    def stop() -> None:
        spent.set()
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as error:
        if not spent.is_set():
            raise
        raise BudgetSpent(
            "the budget is spent; the same command goes on where this one has stopped"
        ) from error
    finally:
        timer.cancel()
