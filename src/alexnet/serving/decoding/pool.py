"""Some decoding processes: asking one that is free, ending one that takes too long, starting again after its death.

A picture is tried a second time where its process died, for another's death may have been the reason; then it is
refused. Whoever does not wait any longer leaves its picture to be decoded all the same: a process is ended for nothing
but time.

Shapes: H rows, W columns, S the side of the square.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Final, final

import numpy as np

from alexnet.errors import DataError
from alexnet.serving.decoding.messages import ASK, DECODED, FILE, PIXELS, SAY

Encoded = bytes | np.ndarray
"""A picture file, or raw pixels: uint8 RGB, (H, W, 3)."""

_BUFFER: Final = 1 << 20  # bytes of a socket, so that a square goes through at once
_START_SECONDS: Final = 60.0
_STARTS: Final = 3  # in a row that may come to nothing


class Died(Exception):  # noqa: N818  # an event among many
    """Raised where the process is no more."""


@final
class Decoder:
    """One process, and the socket to it."""

    def __init__(self, memory_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        self._socket, theirs = socket.socketpair()
        for one in (self._socket, theirs):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._socket.setblocking(False)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        path = {"PYTHONPATH": os.pathsep.join(folder for folder in sys.path if folder)}
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "alexnet.serving.decoding.process", str(memory_bytes)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | path | threads,
                start_new_session=True,  # Ctrl-C at the terminal is the service's
            )

    async def started(self) -> None:
        """Wait until it can be asked.

        Raises:
            Died: it has not started.
        """
        await self._received(SAY.size)

    async def decode(self, picture: Encoded, side: int, most_pixels: int) -> np.ndarray:
        """Return the square of a picture: uint8 RGB, (3, S, S).

        Raises:
            DataError: it cannot be decoded.
            Died: the process is no more.
        """
        if isinstance(picture, bytes):
            head = ASK.pack(FILE, side, most_pixels, 0, 0, len(picture))
            content = memoryview(picture)
        else:
            head = ASK.pack(PIXELS, side, most_pixels, *picture.shape[:2], picture.nbytes)
            content = memoryview(np.ascontiguousarray(picture).data).cast("B")
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._socket, head)
            await loop.sock_sendall(self._socket, content)
        except OSError as error:
            raise Died from error
        outcome, length = SAY.unpack(await self._received(SAY.size))
        said = await self._received(length)
        if outcome == DECODED:
            return np.frombuffer(said, np.uint8).reshape(3, side, side)
        raise DataError(said.decode())

    def end(self) -> None:
        """End the process, and wait for it."""
        self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()

    async def _received(self, length: int) -> bytearray:
        content = bytearray(length)
        view, done, loop = memoryview(content), 0, asyncio.get_running_loop()
        while done < length:
            try:
                count = await loop.sock_recv_into(self._socket, view[done:])
            except OSError as error:
                raise Died from error
            if not count:
                raise Died
            done += count
        return content


@final
class DecodingPool:
    """Some decoding processes, each of which decodes one picture at a time.

    Args:
        count: how many.
        memory_bytes: of address space for each.
        seconds: for one picture.
        on_restart: called when a process is started in place of another.
    """

    def __init__(
        self, count: int, memory_bytes: int, seconds: float, on_restart: Callable[[], None] = lambda: None
    ) -> None:
        self._count, self._memory, self._seconds = count, memory_bytes, seconds
        self._on_restart = on_restart
        self._idle: asyncio.Queue[Decoder] = asyncio.Queue()
        self._tasks: set[asyncio.Task[np.ndarray]] = set()
        self.decoders: set[Decoder] = set()

    async def start(self) -> None:
        """Start the processes, and wait until all can be asked.

        Raises:
            Died: one does not start.
        """
        self.decoders = {Decoder(self._memory) for _ in range(self._count)}
        async with asyncio.timeout(_START_SECONDS):
            await asyncio.gather(*(decoder.started() for decoder in self.decoders))
        for decoder in self.decoders:
            self._idle.put_nowait(decoder)

    async def decode(self, picture: Encoded, side: int, most_pixels: int) -> np.ndarray:
        """Return the square of a picture: uint8 RGB, (3, S, S).

        Args:
            picture: a picture file, or raw pixels, uint8 RGB, (H, W, 3).
            side: S.
            most_pixels: of a picture that is decoded.
        Raises:
            DataError: it cannot be decoded, in this time and memory.
        """
        decoder = await self._idle.get()
        task = asyncio.ensure_future(self._with(decoder, picture, side, most_pixels))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def close(self) -> None:
        """End all processes."""
        for decoder in self.decoders:
            decoder.end()

    def _forget(self, task: "asyncio.Task[np.ndarray]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be waiting for it

    async def _with(self, decoder: Decoder, picture: Encoded, side: int, most_pixels: int) -> np.ndarray:
        """Decode by a process, or by the one that comes after its death, and hand it back."""
        try:
            for last in (False, True):
                decoder = await self._living(decoder)
                try:
                    async with asyncio.timeout(self._seconds):
                        return await decoder.decode(picture, side, most_pixels)
                except TimeoutError:
                    decoder = await self._replaced(decoder)
                    raise DataError(f"damaged: not decoded within {self._seconds:g} s") from None
                except Died:
                    decoder = await self._replaced(decoder)
                    if last:
                        raise DataError("damaged: it brings the decoder down") from None
            raise AssertionError
        finally:
            self._idle.put_nowait(decoder)

    async def _living(self, decoder: Decoder) -> Decoder:
        """Return it, or one in its place where it died before it was given anything: that is no picture's fault."""
        for _ in range(_STARTS):
            if decoder.process.poll() is None:
                break
            decoder = await self._replaced(decoder)
        return decoder

    async def _replaced(self, decoder: Decoder) -> Decoder:
        """Return a process that stands in for another, which is ended."""
        self.decoders.discard(decoder)
        decoder.end()
        self._on_restart()
        fresh = Decoder(self._memory)
        self.decoders.add(fresh)
        with contextlib.suppress(Died):  # who is given it finds out, and tries again
            await fresh.started()
        return fresh
