"""NumPy's .npy files, read as what they have to be: of a known type and shape, no pipe and no larger than that."""

import io
import math
import os
import stat
import threading
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike

from alexnet import files
from alexnet.errors import DataError

_HEADER_BYTES: Final = 4096
"""What NumPy's header may have at most; it has 128 for any of our shapes."""
_PARSING: Final = threading.Lock()
"""NumPy parses headers by `ast`, which Python 3.11 cannot do in two threads at once."""


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a .npy file whole or not at all."""
    with files.written_whole(path) as temporary, open(temporary, "wb") as file:
        np.save(file, array)


def read_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.ndarray:
    """Read a .npy file of a known type and shape.

    Raises:
        DataError: it cannot be read, is cut off, or holds something else.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    try:
        content = files.read_bounded(path, size + _HEADER_BYTES)
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from None
    start = _start(path, content, dtype, shape)
    if len(content) != start + size:
        raise damaged(path, f"it has {len(content)} bytes, not {start + size}")
    return np.frombuffer(content, dtype, offset=start).reshape(shape).copy()


def read_labels(path: Path, count: int, classes: int) -> np.ndarray:
    """Read the labels of a shard: int64, (count,), 0 to `classes` - 1.

    Raises:
        DataError: as `read_array`, or a label is none of a class.
    """
    labels = read_array(path, np.int64, (count,))
    if count and not 0 <= labels.min() <= labels.max() < classes:
        raise damaged(path, f"labels go from {labels.min()} to {labels.max()}, there are {classes} classes")
    return labels


def array_start(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> int:
    """Return the byte that the numbers of a .npy file begin at; only its header is read.

    Raises:
        DataError: as `read_array`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            status, content = os.fstat(descriptor), b""
            if stat.S_ISREG(status.st_mode):
                content = os.read(descriptor, _HEADER_BYTES)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from None
    if not stat.S_ISREG(status.st_mode):
        raise damaged(path, "it is no regular file")
    start = _start(path, content, dtype, shape)
    end = start + math.prod(shape) * np.dtype(dtype).itemsize
    if status.st_size != end:
        raise damaged(path, f"it has {status.st_size} bytes, not {end}")
    return start


def damaged(path: Path, reason: str) -> DataError:
    """Return the error for a file of a prepared data set that is not what was prepared."""
    return DataError(f"{os.fspath(path)!r} cannot be read ({reason}): prepare the data set again")


def _start(path: Path, content: bytes, dtype: DTypeLike, shape: tuple[int, ...]) -> int:
    """Compare a header with what it has to say, and return where it ends."""
    stream = io.BytesIO(content)
    try:
        with _PARSING:
            found = _header(stream)
    except Exception as error:  # seen: ValueError, EOFError, SyntaxError, MemoryError, tokenize.TokenError
        raise damaged(path, f"it is no .npy file: {' '.join(str(error).split())[:120]}") from None
    if found != (shape, False, np.dtype(dtype)) and found != (shape, len(shape) < 2, np.dtype(dtype)):
        raise damaged(path, f"it holds {found[2]} of {found[0]}, not {np.dtype(dtype)} of {shape}")
    return stream.tell()


def _header(stream: io.BytesIO) -> tuple[Any, Any, Any]:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"version {version}")
    return np.lib.format.read_array_header_1_0(stream)
