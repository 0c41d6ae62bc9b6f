"""What appears in a folder while it is watched: looked at every half second, which any file system allows."""

import contextlib
import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Final

from alexnet.errors import DataError
from alexnet.inference.inputs.folders import walked
from alexnet.inference.inputs.named import NamedPicture

POLL_SECONDS: Final = 0.5
_SHARE: Final = 0.1  # of the time, at most, that looking may take where there are very many files

_State = tuple[int, int, int]
"""What changes when a file does: size, time and number."""


def watched(
    folder: str | os.PathLike[str],
    until: threading.Event,
    *,
    exclude: tuple[str | os.PathLike[str], ...] = (),
) -> Iterator[NamedPicture]:
    """Find pictures that come into a folder, or below it, or change there, from now on.

    A picture is taken once it has stayed as it is from one look to the next and nobody has it open for writing, as
    far as the system tells: so none is seen half. If it changes again it is taken again. What vanishes is forgotten.

    Args:
        folder: that is watched.
        until: ends the watch, within half a second.
        exclude: folders in it that are left out.
    Yields:
        pictures in the order of their times.
    Raises:
        DataError: the folder is not there, or has gone.
    """
    path, left_out = os.fspath(folder), frozenset(os.path.realpath(one) for one in exclude)
    return _appearing(path, until, left_out, _states(path, left_out))


def _appearing(
    folder: str, until: threading.Event, exclude: frozenset[str], known: dict[str, _State]
) -> Iterator[NamedPicture]:
    before, took = known, 0.0
    while not until.wait(max(POLL_SECONDS, took / _SHARE)):
        began = time.monotonic()
        now = _states(folder, exclude)
        took = time.monotonic() - began
        ready = []
        for path, state in now.items():
            if known.get(path) != state and before.get(path) == state and not _being_written(path):
                ready.append((state[1], path))
        known = {path: state for path, state in known.items() if path in now}
        known |= {path: now[path] for _, path in ready}
        before = now
        for _, path in sorted(ready):
            if until.is_set():
                return
            yield NamedPicture(path, path, fleeting=True)


def _states(folder: str, exclude: frozenset[str]) -> dict[str, _State]:
    """Return the state of every picture below a folder."""
    if not os.path.isdir(folder):
        raise DataError(f"{folder!r} is no folder that could be watched")
    found = {}
    for picture in walked(folder, lambda path, why: None, exclude):
        with contextlib.suppress(OSError):  # it has vanished meanwhile
            status = os.stat(picture.name)
            found[picture.name] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


def _being_written(path: str) -> bool:
    """Tell whether somebody has a file open for writing: Linux gives no lease on one that is."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(
            descriptor, fcntl.F_SETSIG, signal.SIGURG
        )  # whoever opens it now: a signal that does nothing
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:  # not ours, or a file system that has no leases
        return False
    finally:
        os.close(descriptor)
    return False
