"""The two ways of storing a shard's pictures: raw pixels, or JPEG files end to end.

raw    train-00000.images.npy     uint8, (n, 3, side, side), RGB: the fastest
jpeg   train-00000.images.jpegs   n JPEG files, each of side x side: about an eighth of the size
       train-00000.offsets.npy    int64, (n + 1,): file i is bytes offsets[i] to offsets[i + 1]
"""

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from alexnet import files
from alexnet.data.decoding.decoding import turbo
from alexnet.data.decoding.images import decode
from alexnet.errors import DataError
from alexnet.kernels.pixels import planes

ENCODINGS = ("raw", "jpeg")
QUALITY = 90
_HEADER = 128  # bytes before raw pixels: room for any shape
_READS = 3  # tries before a picture counts as unreadable
_PARSING = (
    threading.Lock()
)  # NumPy parses headers by `ast`, which Python 3.11 cannot do in two threads at once

Place = Callable[[str], Path]
"""From a file's ending to its path."""


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a .npy file whole or not at all."""
    with files.written_whole(path) as temporary, open(temporary, "wb") as file:
        np.save(file, array)


@contextmanager
def writer(encoding: str, place: Place, side: int, quality: int) -> Iterator[Callable[[np.ndarray], None]]:
    """Give a function that adds pictures, uint8 (n, 3, side, side), to the files of one shard.

    The files are in place once the block has ended, and not before.
    """
    with _raw(place, side) if encoding == "raw" else _jpeg(place, quality) as add:
        yield add


def file_endings(encoding: str) -> tuple[str, ...]:
    """Return the endings of the files that an encoding writes."""
    return ("images.npy",) if encoding == "raw" else ("images.jpegs", "offsets.npy")


class RawPictures:
    """A shard of raw pixels.

    Args:
        place: from a file's ending to its path.
        count: how many pictures the card says it holds.
        side: their height and width.
    Raises:
        DataError: the file is not what was prepared.
    """

    def __init__(self, place: Place, count: int, side: int) -> None:
        self._path = place("images.npy")
        found = load_array(self._path)
        if found.dtype != np.uint8 or found.shape != (count, 3, side, side):
            raise unreadable(
                self._path, f"{found.dtype} of {found.shape}, not uint8 of {(count, 3, side, side)}"
            )
        self._start = int(found.offset)

    def read(self, place: int, pixels: np.ndarray) -> None:
        """Read a picture into uint8 (3, side, side), contiguous."""
        _read(self._path, self._start + place * pixels.nbytes, pixels.data, place)


class JpegPictures:
    """A shard of JPEG files, decoded when asked for; see `RawPictures`."""

    def __init__(self, place: Place, count: int, side: int) -> None:
        self._path = place("images.jpegs")
        self._offsets = np.array(load_array(place("offsets.npy")))
        if self._offsets.shape != (count + 1,):
            raise unreadable(place("offsets.npy"), f"it has {self._offsets.size} places, not {count + 1}")
        try:
            self._size = os.path.getsize(self._path)
        except OSError as error:
            raise unreadable(self._path, error.strerror or str(error)) from None

    def read(self, place: int, pixels: np.ndarray) -> None:
        """Decode a picture into uint8 (3, side, side)."""
        start, stop = (int(offset) for offset in self._offsets[place : place + 2])
        if not 0 <= start <= stop <= self._size:
            raise unreadable(
                self._path, f"picture {place} is said to be bytes {start} to {stop} of {self._size}"
            )
        content = bytearray(stop - start)
        _read(self._path, start, memoryview(content), place)
        try:
            pixels[:] = planes(_decoded(content))
        except (DataError, ValueError) as error:
            raise unreadable(self._path, f"picture {place}: {error}") from None


PICTURES: dict[str, type[RawPictures] | type[JpegPictures]] = {"raw": RawPictures, "jpeg": JpegPictures}


def load_array(path: Path) -> np.memmap:
    """Map a .npy file into memory; DataError where it cannot be read."""
    try:
        with _PARSING:
            found: np.memmap = np.load(path, mmap_mode="r")
        return found
    except (OSError, ValueError, EOFError) as error:
        raise unreadable(path, str(error)) from None


def unreadable(path: Path, reason: str) -> DataError:
    """Return the error for a shard that is not what was prepared."""
    return DataError(f"shard {os.fspath(path)!r} cannot be read ({reason}): prepare the data set again")


def _decoded(content: bytearray) -> np.ndarray:
    """Decode a JPEG that we have written ourselves: no metadata, no other colours."""
    fast = turbo()
    return decode(bytes(content)) if fast is None else np.asarray(fast.decode_jpeg(content, "RGB"))


def _read(path: Path, start: int, buffer: memoryview, place: int) -> None:
    """Fill a buffer from a file; a disk that fails once is asked again.

    Not through a memory map, where a file that is cut, or a disk that fails, ends the process unheard.
    """
    reason = f"it ends before picture {place}"
    for _ in range(_READS):
        try:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                if os.preadv(descriptor, [buffer], start) == len(buffer.cast("B")):
                    return
            finally:
                os.close(descriptor)
        except OSError as error:
            reason = error.strerror or str(error)
    raise unreadable(path, reason)


@contextmanager
def _raw(place: Place, side: int) -> Iterator[Callable[[np.ndarray], None]]:
    count = 0
    with files.written_whole(place("images.npy")) as path, open(path, "wb") as file:
        file.write(b"\0" * _HEADER)

        def add(images: np.ndarray) -> None:
            nonlocal count
            count += len(images)
            file.write(np.ascontiguousarray(images).data)

        yield add
        file.seek(0)
        file.write(_header((count, 3, side, side)))


@contextmanager
def _jpeg(place: Place, quality: int) -> Iterator[Callable[[np.ndarray], None]]:
    offsets = [0]
    with files.written_whole(place("images.jpegs")) as path, open(path, "wb") as file:

        def add(images: np.ndarray) -> None:
            for image in images:
                stream = io.BytesIO()
                picture = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
                picture.save(stream, "JPEG", quality=quality, subsampling="4:2:0")
                file.write(stream.getbuffer())
                offsets.append(offsets[-1] + stream.tell())

        yield add
    write_array(place("offsets.npy"), np.array(offsets, dtype=np.int64))


def _header(shape: tuple[int, ...]) -> bytes:
    """Return a .npy header of version 1 for uint8 of a shape, padded to `_HEADER` bytes."""
    text = repr({"descr": "|u1", "fortran_order": False, "shape": shape})
    space = _HEADER - 10
    return b"\x93NUMPY\x01\x00" + space.to_bytes(2, "little") + text.encode("latin1").ljust(space - 1) + b"\n"
