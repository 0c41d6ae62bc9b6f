"""Opening a file that somebody else wrote: once, as a plain file, and never more memory than it may need."""

import contextlib
import gzip
import lzma
import mmap
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from alexnet.errors import CheckpointError

LARGEST: Final = 4 * 2**30  # bytes unpacked; a network of 1,000 classes and its momentum are 0.5 of 2**30
LARGEST_FILE: Final = 16 * 2**30  # bytes as it lies on the disk
SMALL: Final = 64 * 2**20  # bytes that may be packed as tightly as one likes
_ZIP_ERRORS: Final = (  # what the standard library raises for damaged files, names of members included
    zipfile.BadZipFile,
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    IndexError,
    OverflowError,
)
RATIO: Final = 50  # of unpacked to packed beyond that; weights pack to nine tenths, momentum of zeros further


@dataclass(frozen=True)
class Opened:
    """A file of weights, opened once: what is looked at is what is read."""

    name: str
    """For messages."""
    file: BinaryIO
    content: mmap.mmap


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open a plain, non-empty file for reading.

    Raises:
        CheckpointError: there is no such file, it is not a plain one, empty, far too large, or may not be read.
    """
    try:
        # Without waiting: a pipe's other end may never come.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= LARGEST_FILE:
        os.close(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError(f"{path} is not a file of weights: it is not a plain file")
        if status.st_size == 0:
            raise CheckpointError(f"{path} is empty: was it downloaded whole?")
        raise CheckpointError(
            f"{path} is not a file of weights: {status.st_size:,} bytes, and at most {LARGEST_FILE:,} are read"
        )
    with open(descriptor, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield Opened(str(path), file, content)


def gunzipped(source: Opened) -> bytes:
    """Return what a gzip file holds, its checksum checked.

    Raises:
        CheckpointError: it is damaged, cut off, or would unpack to far more than it is.
    """
    try:
        with gzip.GzipFile(fileobj=source.file) as stream:
            return _bounded(stream, len(source.content), source.name)
    except (OSError, EOFError, zlib.error) as error:
        raise CheckpointError(f"{source.name} is a damaged gzip file: {error}") from error


@contextlib.contextmanager
def zipped(source: Opened) -> Iterator[zipfile.ZipFile]:
    """Open a zip file; damage found while it is read is told as a CheckpointError."""
    try:
        with zipfile.ZipFile(source.file) as archive:
            yield archive
    except _ZIP_ERRORS as error:
        raise CheckpointError(f"{source.name} is a damaged zip file: {str(error)[:200]}") from error


def unzipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: Opened) -> bytes:
    """Return a member of a zip file, its checksum checked.

    Raises:
        CheckpointError: it would unpack to far more than it is.
    """
    with archive.open(member) as stream:
        return _bounded(stream, min(member.compress_size, len(source.content)), source.name)


def _bounded(stream: IO[bytes] | gzip.GzipFile, packed: int, name: str) -> bytes:
    allowed = min(LARGEST, max(SMALL, RATIO * packed))
    pieces, size = [], 0
    while piece := stream.read(2**20):
        pieces.append(piece)
        size += len(piece)
        if size > allowed:
            raise CheckpointError(
                f"{name} is not unpacked: {packed:,} bytes would become more than {allowed:,}"
            )
    return b"".join(pieces)
