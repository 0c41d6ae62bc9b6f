"""Ctrl-C and its like, where a command that goes on for ever is to end in good order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def until_a_signal() -> Iterator[threading.Event]:
    """Give what is set by Ctrl-C, SIGTERM or SIGHUP: what has begun is then finished; a second one ends at once."""
    event = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def stop(number: int, frame: FrameType | None) -> None:
        event.set()
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in before:
        if signal.getsignal(number) != signal.SIG_IGN:  # under nohup the terminal may go
            signal.signal(number, stop)
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
