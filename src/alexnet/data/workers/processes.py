"""Processes of our own programs: started apart from whatever the caller is, and gone when the caller is.

Nothing of the caller's is forked or run again. They are spoken to over their standard input and output, and end when
their input does; on Linux also with the thread that started them.
"""

import ctypes
import os
import signal
import subprocess
import sys
import warnings
from typing import IO, Final

_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG


def start(module: str, *arguments: str, buffered: bool = True) -> subprocess.Popen[bytes]:
    """Start a module of ours as a program, one thread of arithmetic to it.

    Args:
        module: its dotted name.
        arguments: for it.
        buffered: whether what is written to it waits for a flush.
    Raises:
        OSError: the system has no process, memory or file for it.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        bufsize=-1 if buffered else 0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_NUM_THREADS": "1"},
    )


def belong_to_parent() -> tuple[IO[bytes], int]:
    """Make this process one that lives for its parent; return its requests and the descriptor for its answers.

    What anything here prints is no answer: it goes where standard error does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # sent to all of a group, they are the parent's to handle
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    warnings.simplefilter("ignore")  # of Pillow, about metadata, without a name
    answers = os.dup(1)
    os.dup2(2, 1)
    return sys.stdin.buffer, answers
