"""Files that are written whole or not at all, and the folders where they live."""

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TEXT_BYTES: Final = 64 * 2**20
"""What a list, a definition or a card may have at most: a million lines fit many times."""


def home() -> Path:
    """Return the folder for what can be made again: `ALEXNET_HOME`, else the user's cache folder."""
    if chosen := os.environ.get("ALEXNET_HOME"):
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache) / "alexnet"


def read_bounded(path: Path, limit: int = TEXT_BYTES) -> bytes:
    """Read a regular file whole: no device, no pipe, no folder, and no more than it may have.

    Args:
        path: of the file, or of a link to one.
        limit: bytes that it may have at most.
    Raises:
        OSError: it cannot be read, is no regular file, or is larger; `strerror` says so in words.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe that nobody writes to is not waited for
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            why = "it is a folder" if stat.S_ISDIR(mode) else "it is no regular file"
            raise OSError(errno.EINVAL, why, os.fspath(path))
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit / 1e6:,.0f} MB", os.fspath(path))
    return content


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it into place once it is complete and on the disk.

    If the block raises, the temporary file is removed and `path` stays as it was.

    Raises:
        OSError: something other than a regular file lies at `path`: a device, a pipe or a folder is not replaced.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(errno.EINVAL, "it is no regular file, and is not replaced", os.fspath(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    rights = stat.S_IMODE(os.fstat(handle).st_mode)  # what the umask leaves
    os.close(handle)
    try:
        yield temporary
        os.chmod(temporary, rights)  # whoever wrote may have put a file of its own there
        flush(temporary)
        os.replace(temporary, path)
        flush(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all, as UTF-8; one that says the same already stays as it is.

    Args:
        path: of the file, in a folder that is there.
        text: all that it is to say.
    Raises:
        OSError: it cannot be written, or something other than a regular file lies there.
    """
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return
    with written_whole(path) as temporary:
        temporary.write_bytes(content)


def flush(path: Path) -> None:
    """Force what was written to the disk.

    Args:
        path: of a file, whose bytes are meant, or of a folder, whose entries are.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Args:
        path: of a regular file, of any size.
    Returns:
        64 hexadecimal digits.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a folder for one process of this machine at a time; others wait. The lock dies with its process.

    Args:
        directory: the folder, which is there.
        shared: hold it with others that share it, and with none that does not.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
