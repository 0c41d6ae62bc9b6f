"""Files wherever they are: on the disk, or behind s3://, gs://, https:// and the like through fsspec."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, cast

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.errors import DataError, missing


def remote(place: str | Path) -> bool:
    """Tell whether a place names a protocol."""
    return "://" in os.fspath(place)


def filesystem(place: str) -> tuple[Any, str]:
    """Return the fsspec file system of a remote place, and the path within it.

    Raises:
        AlexNetError: fsspec, or what it needs for this protocol, is not installed.
    """
    try:
        import fsspec

        return cast(tuple[Any, str], fsspec.core.url_to_fs(place))
    except ImportError as error:
        raise missing(getattr(error, "name", None) or "fsspec", "remote", f"reading {place!r}") from None


def opened(place: str | Path) -> BinaryIO:
    """Open a file to read; it can be sought in.

    Raises:
        DataError: it cannot be opened.
    """
    place = os.fspath(place)
    try:
        if remote(place):
            files, path = filesystem(place)
            return cast(BinaryIO, files.open(path, "rb"))
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe is not waited for
        file = open(descriptor, "rb")  # noqa: SIM115  # the caller closes it
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            file.close()
            raise DataError("unreadable: not a regular file")
        return file
    except OSError as error:
        raise DataError(f"unreadable: {error.strerror or error}") from None


def content(place: str | Path, most: int = MAX_BYTES) -> bytes:
    """Return a file's bytes, and one more than `most` where it is longer.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with opened(place) as file:
            return file.read(most + 1)
    except OSError as error:
        raise DataError(f"unreadable: {error.strerror or error}") from None


def fingerprint(place: str | Path) -> str:
    """Return a hash over a file's path, size and time."""
    place = os.fspath(place)
    if remote(place):
        files, path = filesystem(place)
        about = files.info(path)
        text = f"{place}\0{[about.get(key) for key in ('size', 'mtime', 'LastModified', 'ETag', 'etag', 'updated')]}"
    else:
        status = os.stat(place)
        text = f"{os.path.abspath(place)}\0{status.st_size} {status.st_mtime_ns}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
