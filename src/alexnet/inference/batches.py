"""Pictures of a stream, decoded ahead and gathered into batches, in their order and in bounded memory."""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from alexnet.cpu import thread_pool
from alexnet.data.workers.decoders import Decoders
from alexnet.errors import DataError
from alexnet.inference.inputs.addresses import Address
from alexnet.inference.inputs.fetching import Fetchers
from alexnet.inference.inputs.named import NamedPicture
from alexnet.inference.pictures import Picture, name_of, square_of

AHEAD: Final = 2  # batches, that are decoded while the network is at another
BYTES_AHEAD: Final = 256 * 2**20
"""Of pictures that wait in memory, about; one may always wait."""
PATIENCE: Final = 0.2
"""Seconds that a batch waits for more pictures where they come slowly: from a terminal, or a folder watched."""

Decode = Callable[[str, Picture], Future[np.ndarray]]
"""From a picture's name and the picture to its square, uint8 (3, S, S), which may be none: DataError."""


@final
@dataclass(frozen=True)
class Decoded:
    """A picture, and its square or why there is none."""

    source: NamedPicture
    square: np.ndarray | DataError
    """uint8 RGB, (3, S, S)."""


@contextlib.contextmanager
def decoding(side: int, decoders: Decoders | None) -> Iterator[Decode]:
    """Give what decodes pictures: in other processes where there are some and it can be done there, or in threads.

    Args:
        side: S.
        decoders: of files and bytes; without them one that brings its decoder down brings this process down.
    """

    def decode(name: str, picture: Picture) -> Future[np.ndarray]:
        if decoders is not None and isinstance(picture, str | os.PathLike):
            return decoders.square(os.fsdecode(picture), side)
        if decoders is not None and isinstance(picture, bytes):
            return decoders.square(picture, side)
        return thread_pool().submit(square_of, picture, side, name)

    yield decode


def batches(pictures: Iterable[NamedPicture | Picture], size: int, decode: Decode) -> Iterator[list[Decoded]]:
    """Yield pictures a batch at a time, each as soon as it is full or no more come.

    Args:
        pictures: any number of them; taken in a thread of their own, and no faster than they are used.
        size: of a batch, at most.
        decode: how their squares are had.
    Raises:
        ValueError: the meaning of pixels is not certain.
        TypeError: something that is no picture.
        whatever `pictures` raise.
    """
    feed = _Feed(AHEAD * size, decode)
    threading.Thread(target=feed.run, args=(pictures,), name="pictures", daemon=True).start()
    try:
        while batch := list(feed.batch(size)):
            yield batch
    finally:
        feed.close()


@final
@dataclass(frozen=True)
class _Waiting:
    """A picture on its way."""

    source: NamedPicture
    square: Future[np.ndarray]


@final
class _Feed:
    """Takes pictures, and hands them out decoded."""

    def __init__(self, count: int, decode: Decode) -> None:
        self._decode, self._fetchers = decode, Fetchers()
        self._ready: queue.SimpleQueue[_Waiting | BaseException | None] = queue.SimpleQueue()
        self._next: _Waiting | None = None
        self._room = threading.Condition()
        self._count, self._bytes, self._most, self._closed = 0, 0, count, False

    def run(self, pictures: Iterable[NamedPicture | Picture]) -> None:
        """Take pictures until there are no more, or nobody wants them."""
        try:
            for number, picture in enumerate(pictures):
                named = (
                    picture
                    if isinstance(picture, NamedPicture)
                    else NamedPicture(name_of(picture, f"images[{number}]"), picture)
                )
                if not self._enter(named.bytes_held):
                    return
                self._ready.put(_Waiting(named, self._begin(named)))
            self._ready.put(None)
        except BaseException as error:  # it is the caller's, in whose thread it is raised again
            self._ready.put(error)

    def batch(self, size: int) -> Iterator[Decoded]:
        """Yield pictures that go through the network together; none at the end."""
        until = None
        for _ in range(size):
            if self._next is None:
                self._next = self._take(until)
            if self._next is None or not _done(self._next.square, until):
                return
            source, square = self._next.source, self._next.square
            self._next = None
            self._leave(source.bytes_held)
            until = time.monotonic() + PATIENCE if until is None else until
            try:
                yield Decoded(source, square.result())
            except DataError as error:
                yield Decoded(source, error)

    def close(self) -> None:
        """Take no more pictures."""
        with self._room:
            self._closed = True
            self._room.notify()
        self._fetchers.close()

    def _begin(self, picture: NamedPicture) -> Future[np.ndarray]:
        """Begin to decode a picture, fetched before where it has to be."""
        content = picture.content
        if isinstance(content, DataError):
            failed: Future[np.ndarray] = Future()
            failed.set_exception(content)
            return failed
        if isinstance(content, Address):
            return self._fetchers.submit(lambda: self._decode(picture.name, content.fetch()).result())
        return self._decode(picture.name, content)

    def _take(self, until: float | None) -> _Waiting | None:
        """Return the next picture; None at the end, or where none comes in time."""
        try:
            found = self._ready.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
        except queue.Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        if found is None:
            self._ready.put(None)  # for whoever asks again
        return found

    def _enter(self, size: int) -> bool:
        """Wait until there is room for a picture; return whether it is wanted."""
        with self._room:
            self._room.wait_for(
                lambda: (
                    self._closed
                    or self._count == 0
                    or (self._count < self._most and self._bytes + size <= BYTES_AHEAD)
                )
            )
            self._count, self._bytes = self._count + 1, self._bytes + size
            return not self._closed

    def _leave(self, size: int) -> None:
        with self._room:
            self._count, self._bytes = self._count - 1, self._bytes - size
            self._room.notify()


def _done(square: Future[np.ndarray], until: float | None) -> bool:
    """Wait for a square; return whether there is one in time."""
    if square.done() or until is None:
        wait((square,))
        return True
    return bool(wait((square,), timeout=max(0.0, until - time.monotonic())).done)
