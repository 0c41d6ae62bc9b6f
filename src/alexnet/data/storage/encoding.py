"""The two ways of storing a shard's pictures: raw pixels, or JPEG files end to end.

raw    train-00000.images.npy     uint8, (n, 3, side, side), RGB: the fastest
jpeg   train-00000.images.jpegs   n JPEG files, each of side x side: about an eighth of the size
       train-00000.offsets.npy    int64, (n + 1,): file i is bytes offsets[i] to offsets[i + 1]
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from alexnet import files
from alexnet.data.decoding.decoding import turbo
from alexnet.data.decoding.images import decode
from alexnet.data.storage.arrays import array_start, damaged, read_array, write_array
from alexnet.errors import DataError
from alexnet.kernels.pixels import planes

ENCODINGS = ("raw", "jpeg")
QUALITY = 90
_HEADER = 128  # bytes before raw pixels: room for any shape
_READS = 3  # tries before a picture counts as unreadable

PathOf = Callable[[str], Path]
"""From a file's ending to its path."""


@contextmanager
def writer(encoding: str, path_of: PathOf, side: int, quality: int) -> Iterator[Callable[[np.ndarray], None]]:
    """Give a function that adds pictures, uint8 (n, 3, side, side), to the files of one shard.

    The files are there once the block has ended, and not before.
    """
    with _raw(path_of, side) if encoding == "raw" else _jpeg(path_of, quality) as add:
        yield add


def file_endings(encoding: str) -> tuple[str, ...]:
    """Return the endings of the files that an encoding writes."""
    return ("images.npy",) if encoding == "raw" else ("images.jpegs", "offsets.npy")


class RawPictures:
    """A shard of raw pixels.

    Args:
        path_of: from a file's ending to its path.
        count: how many pictures the card says it holds.
        side: their height and width.
    Raises:
        DataError: the file is not what was prepared.
    """

    def __init__(self, path_of: PathOf, count: int, side: int) -> None:
        self._path = path_of("images.npy")
        self._start = array_start(self._path, np.uint8, (count, 3, side, side))

    def read(self, row: int, pixels: np.ndarray) -> None:
        """Read a picture into uint8 (3, side, side), contiguous."""
        _read(self._path, self._start + row * pixels.nbytes, pixels.data, row)


class JpegPictures:
    """A shard of JPEG files, decoded when asked for; see `RawPictures`."""

    def __init__(self, path_of: PathOf, count: int, side: int) -> None:
        self._path = path_of("images.jpegs")
        self._offsets = read_array(path_of("offsets.npy"), np.int64, (count + 1,))
        self._side = side
        if not self._path.is_file():
            raise damaged(self._path, "No such file" if not self._path.exists() else "it is no regular file")
        self._size = self._path.stat().st_size

    def read(self, row: int, pixels: np.ndarray) -> None:
        """Decode a picture into uint8 (3, side, side)."""
        start, stop = (int(offset) for offset in self._offsets[row : row + 2])
        if not 0 <= start <= stop <= self._size:
            raise damaged(self._path, f"picture {row} is said to be bytes {start} to {stop} of {self._size}")
        content = bytearray(stop - start)
        _read(self._path, start, memoryview(content), row)
        try:
            pixels[:] = planes(_decoded(content, self._side))
        except (DataError, ValueError) as error:
            raise damaged(self._path, f"picture {row}: {error}") from None


PICTURES: dict[str, type[RawPictures] | type[JpegPictures]] = {"raw": RawPictures, "jpeg": JpegPictures}


def _decoded(content: bytearray, side: int) -> np.ndarray:
    """Decode a JPEG that we have written ourselves: no metadata, no other colours, of side x side pixels."""
    fast = turbo()
    if fast is None:
        return decode(bytes(content), max_pixels=side * side)
    height, width, *_ = fast.decode_jpeg_header(content)
    if (height, width) != (side, side):  # before memory is asked for
        raise ValueError(f"it has {width}x{height} pixels, not {side}x{side}")
    return np.asarray(fast.decode_jpeg(content, "RGB"))


def _read(path: Path, start: int, buffer: memoryview, row: int) -> None:
    """Fill a buffer from a file; a disk that fails once is asked again.

    Not through a memory map, where a file that is cut, or a disk that fails, ends the process unheard.
    """
    reason = f"it ends before picture {row}"
    for _ in range(_READS):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                if os.preadv(descriptor, [buffer], start) == len(buffer.cast("B")):
                    return
            finally:
                os.close(descriptor)
        except OSError as error:
            reason = error.strerror or str(error)
    raise damaged(path, reason)


@contextmanager
def _raw(path_of: PathOf, side: int) -> Iterator[Callable[[np.ndarray], None]]:
    count = 0
    with files.written_whole(path_of("images.npy")) as path, open(path, "wb") as file:
        file.write(b"\0" * _HEADER)

        def add(images: np.ndarray) -> None:
            nonlocal count
            count += len(images)
            file.write(np.ascontiguousarray(images).data)

        yield add
        file.seek(0)
        file.write(_header((count, 3, side, side)))


@contextmanager
def _jpeg(path_of: PathOf, quality: int) -> Iterator[Callable[[np.ndarray], None]]:
    offsets = [0]
    with files.written_whole(path_of("images.jpegs")) as path, open(path, "wb") as file:

        def add(images: np.ndarray) -> None:
            for image in images:
                stream = io.BytesIO()
                picture = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
                picture.save(stream, "JPEG", quality=quality, subsampling="4:2:0")
                file.write(stream.getbuffer())
                offsets.append(offsets[-1] + stream.tell())

        yield add
    write_array(path_of("offsets.npy"), np.array(offsets, dtype=np.int64))


def _header(shape: tuple[int, ...]) -> bytes:
    """Return a .npy header of version 1 for uint8 of a shape, padded to `_HEADER` bytes."""
    text = repr({"descr": "|u1", "fortran_order": False, "shape": shape})
    space = _HEADER - 10
    return b"\x93NUMPY\x01\x00" + space.to_bytes(2, "little") + text.encode("latin1").ljust(space - 1) + b"\n"
