"""Files wherever they are: on the disk, or behind s3://, gs://, https:// and the like through fsspec."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, cast

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.errors import DataError, missing


def is_remote(path: str | Path) -> bool:
    """Tell whether a path names a protocol."""
    return "://" in os.fspath(path)


def remote_filesystem(address: str) -> tuple[Any, str]:
    """Return the fsspec file system of a remote address, and the path within it.

    Raises:
        AlexNetError: fsspec, or what it needs for this protocol, is not installed.
    """
    try:
        import fsspec

        return cast(tuple[Any, str], fsspec.core.url_to_fs(address))
    except ImportError as error:
        raise missing(getattr(error, "name", None) or "fsspec", "remote", f"reading {address!r}") from None


def open_file(path: str | Path) -> BinaryIO:
    """Open a regular file, or a remote one, to read; it can be sought in.

    Raises:
        DataError: it cannot be opened, or is a pipe, a device or a folder, which is not waited for.
    """
    path = os.fspath(path)
    try:
        if is_remote(path):
            filesystem, inner = remote_filesystem(path)
            return cast(BinaryIO, filesystem.open(inner, "rb"))
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe is not waited for
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise DataError("unreadable: not a regular file")
        return open(descriptor, "rb")
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise DataError(f"unreadable: {reason(error)}") from None


def read_file(path: str | Path, most: int = MAX_BYTES) -> bytes:
    """Return a file's bytes.

    Args:
        path: of a regular file, or an address.
        most: bytes that it may have: `MAX_BYTES` is more than any picture's.
    Raises:
        DataError: it cannot be read, or is larger.
    """
    try:
        with open_file(path) as file:
            size = file.seek(0, os.SEEK_END)
            if size > most:
                raise DataError(f"too large: {size} bytes, at most {most} are read")
            file.seek(0)
            return file.read(most)
    except OSError as error:
        raise DataError(f"unreadable: {reason(error)}") from None


def file_fingerprint(path: str | Path) -> str:
    """Return a hash over a file's path, size and time."""
    path = os.fspath(path)
    if is_remote(path):
        filesystem, inner = remote_filesystem(path)
        about = filesystem.info(inner)
        text = f"{path}\0{[about.get(key) for key in ('size', 'mtime', 'LastModified', 'ETag', 'etag', 'updated')]}"
    else:
        status = os.stat(path)
        text = f"{os.path.abspath(path)}\0{status.st_size} {status.st_mtime_ns}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def reason(error: Exception) -> str:
    """Return an error of the operating system in words, without the path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
