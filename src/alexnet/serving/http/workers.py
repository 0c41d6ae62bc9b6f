"""Several services behind one socket, for networks so small that Python takes longer than they do.

The first one is started alone: what it cannot start with is said once. Each is a process of its own with its share of
the cores, its own queue and its own networks; the system deals out connections. One that dies is started again, signals
go to all, and the counts of all lie in one piece of memory, so that whichever is asked tells them as one.
"""

import ctypes
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, final

import numpy as np
import torch

from alexnet.cpu import cores
from alexnet.errors import AlexNetError, RecipeError
from alexnet.serving.http.server import serve
from alexnet.serving.http.settings import HttpSettings
from alexnet.serving.metrics import WIDTH, Metrics
from alexnet.serving.service import Service, Settings

SMALL: Final = 10_000_000
"""Parameters that a network has at most, of which every process has its own."""
_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG
_PAUSE_SECONDS: Final = 1.0  # before one that died is started again


@final
class Workers:
    """Processes that serve the same.

    Args:
        settings: what is served.
        http: how.
        listener: a socket that is bound.
        count: how many.
        on_ready: called by the first when it is ready.
        on_error: called by the first where it cannot start; gives its exit code.
    """

    def __init__(
        self,
        settings: Settings,
        http: HttpSettings,
        listener: socket.socket,
        count: int,
        *,
        on_ready: Callable[[Service], None],
        on_error: Callable[[AlexNetError], int],
    ) -> None:
        share = max(1, cores() // count)
        self._settings = replace(settings, decoders=settings.decoders or share)
        self._http, self._listener, self._share = http, listener, share
        self._on_ready, self._on_error = on_ready, on_error
        self._rows = np.frombuffer(mmap.mmap(-1, 8 * count * WIDTH), np.float64).reshape(count, WIDTH)
        self._processes: dict[int, int] = {}  # rows by process
        self._ending = False

    def run(self) -> int:
        """Serve until a signal says to end, and return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._forward)
        told, tell = os.pipe()
        self._start(0, tell)
        os.close(tell)
        if os.read(told, 1):
            for row in range(1, len(self._rows)):
                self._start(row, None)
        else:
            self._ending = True  # it has said why it ends
        os.close(told)
        code = 0
        while self._processes:
            process, status = os.wait()
            row = self._processes.pop(process)
            code = max(code, os.waitstatus_to_exitcode(status)) if self._ending else code
            if not self._ending:
                time.sleep(_PAUSE_SECONDS)
                self._start(row, None)
        return code

    def _forward(self, number: int, frame: object) -> None:
        self._ending = self._ending or number != signal.SIGHUP
        for process in list(self._processes):
            os.kill(process, number)

    def _start(self, row: int, tell: int | None) -> None:
        """Start a process; what has begun there never comes back here."""
        parent = os.getpid()
        process = os.fork()
        if process:
            self._processes[process] = row
            return
        code = 1
        try:
            code = self._serve(row, tell, parent)
        except SystemExit as stop:  # of a signal that comes before it serves
            code = int(stop.code or 0)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _serve(self, row: int, tell: int | None, parent: int) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        os.setpgrp()  # Ctrl-C at the terminal is the parent's, which forwards it
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
        if os.getppid() != parent:
            return 0
        torch.set_num_threads(self._share)

        def ready(service: Service) -> None:
            for model in service.models.values():
                if model.parameters > SMALL:
                    raise RecipeError(
                        f"{model.name} has {model.parameters / 1e6:.0f} million parameters: one process serves it, "
                        "with all cores; leave --workers out"
                    )
            if tell is not None:
                self._on_ready(service)
                os.write(tell, b"1")
                os.close(tell)

        try:
            metrics = Metrics(self._rows, row)
            serve(self._settings, self._http, self._listener, metrics=metrics, on_ready=ready)
        except AlexNetError as error:
            return self._on_error(error) if tell is not None else error.exit_code
        return 0
