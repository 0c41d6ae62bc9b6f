"""torchrun for those who do not know it: the same command in several processes on this machine."""

import contextlib
import logging
import os
import signal
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from alexnet.errors import AlexNetError, RunError

_ELASTIC: Final = "torch.distributed.elastic"


def start(count: int, arguments: Sequence[str], *, threads: int, restarts: int = 3) -> int:
    """Run `python -m alexnet` with these arguments in `count` processes, and wait until all have ended.

    A process that a signal has killed takes the others with it; all begin again, with `--resume`. One that
    ends by itself with an error is not tried again: it has said why.

    Args:
        count: how many processes.
        arguments: of the command, its verb first.
        threads: that each process computes with.
        restarts: how often killed processes are begun again.
    Returns:
        the exit code: 0, that of the process that failed first, or 128 and the signal that asked us to stop.
    Raises:
        AlexNetError: processes were killed more often than that.
    """
    if count < 1:
        raise RunError(f"{count} processes train nothing: --processes 1 or more")
    environment = {"OMP_NUM_THREADS": str(threads), "TORCH_CPP_LOG_LEVEL": "ERROR"}
    before, heard = dict(os.environ), signal.signal(signal.SIGUSR1, _pass_on)
    os.environ.update({name: os.environ.get(name, value) for name, value in environment.items()})
    try:
        for attempt in range(restarts + 1):
            code = _run(count, [*arguments, *(["--resume"] if attempt else [])])
            if code >= 0:
                return code
            print(
                f"alexnet: a process was killed ({signal.Signals(-code).name})"
                + ("; all begin again from the last checkpoint" if attempt < restarts else ""),
                file=sys.stderr,
            )
    finally:
        signal.signal(signal.SIGUSR1, heard)
        os.environ.clear()
        os.environ.update(before)
    raise AlexNetError(
        f"processes were killed {restarts + 1} times: --resume goes on from the last checkpoint"
    )


def _pass_on(number: int, frame: FrameType | None) -> None:
    """Pass a signal on to the processes that we started: each of them asks all to save."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    for process in children.read_text().split() if children.exists() else ():
        os.kill(int(process), number)


@contextlib.contextmanager
def _elastic_is_silent() -> Iterator[None]:
    """Keep torchrun's own lines off standard error: the processes speak themselves."""
    found = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith(_ELASTIC)]
    levels = [(logger, logger.level) for logger in found]
    for logger in found:  # each of them has a level of its own
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in levels:
            logger.setLevel(level)


def _run(count: int, arguments: Sequence[str]) -> int:
    """Run the processes once; a negative code is the signal that killed the first one that failed."""
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    configuration = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",  # a free port: two runs on a machine do not meet
        max_restarts=0,
    )
    command = [sys.executable, "-m", "alexnet", *arguments]
    try:
        with _elastic_is_silent():
            elastic_launch(configuration, command[0])(*command[1:])
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in error.failures.values()]
        killed = [code for code in codes if code < 0 and code != -signal.SIGTERM]
        if killed:
            return killed[0]
        said = [code for code in codes if code > 0]
        return said[0] if said else 128 + signal.SIGTERM  # with SIGTERM torchrun ends those that are left
    except SignalException as stop:
        return 128 + int(stop.sigval)
    return 0
