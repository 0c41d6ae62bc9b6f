"""Other processes that decode pictures for whoever has them one after another: a stream, or a service.

A picture that takes a process down twice, or keeps it for longer than `PATIENCE`, is refused with that reason; all
others are decoded as if it had not been there.
"""

import os
import select
import subprocess
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Self, final

import numpy as np

from alexnet.cpu import cores
from alexnet.data.workers.decoder import ANSWER, REQUEST
from alexnet.data.workers.processes import start
from alexnet.errors import AlexNetError, DataError

PATIENCE = 60.0
"""Seconds for one picture."""
_ATTEMPTS: Final = 2  # the first process may have been killed for what it had done before, or by mistake
_MODULE: Final = "alexnet.data.workers.decoder"


@final
class _Ended(Exception):  # noqa: N818  # of a process, and no mistake of a caller's
    """Raised where a process has ended before it had answered."""


@final
class Decoders:
    """Processes that decode pictures, of which any may die of one.

    Each is started when there is work for it, is kept by a thread of its own, and does one picture at a time.

    Args:
        count: how many, at least 1; None for one a core.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = cores() if count is None else count
        self._threads = ThreadPoolExecutor(self.count, thread_name_prefix="decoder")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def start(self) -> None:
        """Start one process now, so that it is ready by the time that there is a picture."""
        self._threads.submit(self._process)

    def square(self, picture: str | bytes, side: int) -> Future[np.ndarray]:
        """Decode a picture as `decoding.images.square` does, in one of the processes.

        Args:
            picture: the path of its file, or the file's bytes.
            side: height and width of the result, in pixels.
        Returns:
            what will hold uint8 RGB, (3, side, side), or raise DataError with the reason; AlexNetError where no
            process can be started.
        """
        return self._threads.submit(self._decode, picture, side)

    def close(self) -> None:
        """End the processes; what they were at is not waited for."""
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in list(self._processes):
            self._end(process)

    def _decode(self, picture: str | bytes, side: int) -> np.ndarray:
        """Let this thread's process decode a picture; one that died of it, or was killed, gets a second try."""
        for _ in range(_ATTEMPTS):
            process = self._process()
            try:
                return _asked(process, picture, side)
            except (_Ended, BrokenPipeError):
                self._end(process)
            except TimeoutError:
                self._end(process)
                raise DataError(f"damaged: not decoded within {PATIENCE:.0f} s") from None
        raise DataError("damaged: it brings the decoder down")

    def _process(self) -> subprocess.Popen[bytes]:
        """Return this thread's process, started if there is none."""
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is not None and process.poll() is None:
            return process
        if process is not None:  # it has died before it was given this picture
            self._end(process)
        with self._lock:
            if self._closed:
                raise AlexNetError("no picture is decoded any more")
            try:
                process = start(_MODULE, buffered=False)
            except OSError as error:
                raise AlexNetError(
                    f"no process that decodes pictures can be started ({error.strerror}): run with fewer workers"
                ) from None
            self._processes.add(process)
        self._own.process = process
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """End this thread's process."""
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
        with self._lock:
            self._processes.discard(process)
        self._own.process = None


def _asked(process: subprocess.Popen[bytes], picture: str | bytes, side: int) -> np.ndarray:
    """Return the pixels that a process decodes from a picture.

    Raises:
        DataError: there are none; the message says why.
        _Ended: the process has ended.
        TimeoutError: it has not answered in time.
    """
    is_path = isinstance(picture, str)
    content = os.fsencode(picture) if isinstance(picture, str) else picture
    _write(process, REQUEST.pack(is_path, side, len(content)))
    _write(process, content)
    decoded, length = ANSWER.unpack(_read(process, ANSWER.size))
    answer = _read(process, length)
    if not decoded:
        raise DataError(answer.decode("utf-8", "surrogateescape"))
    return np.frombuffer(answer, np.uint8).reshape(3, side, side)


def _write(process: subprocess.Popen[bytes], content: bytes) -> None:
    assert process.stdin is not None
    rest = memoryview(content)
    while rest:
        rest = rest[process.stdin.write(rest) :]


def _read(process: subprocess.Popen[bytes], length: int) -> bytearray:
    """Return so many bytes of what a process answers."""
    assert process.stdout is not None
    answers = select.poll()
    answers.register(process.stdout, select.POLLIN)
    found = bytearray(length)
    rest = memoryview(found)
    while rest:
        if not answers.poll(1000 * PATIENCE):
            raise TimeoutError
        count = process.stdout.readinto(rest)  # type: ignore[attr-defined]  # unbuffered, it is a FileIO
        if not count:
            raise _Ended
        rest = rest[count:]
    return found
