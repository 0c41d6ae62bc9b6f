"""Standard output and standard error: names that cannot be shown, readers that have gone, warnings in a line."""

import contextlib
import io
import os
import select
import sys
from pathlib import Path
from typing import IO

from alexnet.text import visible


def is_terminal() -> bool:
    """Whether there is someone at standard input who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def reader_has_gone(stream: IO[str]) -> bool:
    """Whether the other end of a stream is closed."""
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError):
        return False


def may_show_a_bar(output: Path | None) -> bool:
    """Whether a bar on standard error is in nobody's way: results go into a file, and no other program prints them."""
    if output is not None:
        return True
    try:
        return os.path.isfile(f"/dev/fd/{sys.stdout.fileno()}")
    except (OSError, ValueError):
        return False


def discard(stream: IO[str]) -> None:
    """Let go of what a stream still holds, which would fail again at the end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def configure_streams() -> None:
    """Let no name be too odd to be printed, and a closed standard output be one that nobody reads."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # as long as the process
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error has it


def format_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Return what a warning looks like: one line, and where it is not ours, where it came from."""
    ours = category.__module__.startswith("alexnet")
    origin = "" if ours else f" ({category.__name__}, {filename}:{lineno})"
    return f"alexnet: {visible(' '.join(str(message).split()))}{origin}\n"
