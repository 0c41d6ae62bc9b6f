"""The command `alexnet`, and `python -m alexnet`: listens for Ctrl-C first, and only then imports what it runs."""

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Run a command and exit with its code."""
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    from alexnet.cli.program import run  # not above: until main runs, Ctrl-C would be a traceback

    run()


def _leave(number: int, frame: FrameType | None) -> None:
    """End tidily: at once in the middle of an import, which may swallow an exception, else by raising one."""
    if _imports(frame):
        if number == signal.SIGINT:
            os.write(2, b"alexnet: interrupted\n")
        os._exit(128 + number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported: nothing that needs saving has begun there."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    main()
