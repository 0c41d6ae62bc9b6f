"""Pictures sorted into folders by their best class, copied or linked; what lies there already is never overwritten."""

import contextlib
import filecmp
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.errors import AlexNetError, DataError
from alexnet.files import read_bounded
from alexnet.inference.inputs.addresses import Address, is_address
from alexnet.inference.results import Result

_LONGEST: Final = 200  # bytes of a name that we make; file systems take 255
_UNSAFE: Final = re.compile(r"[/\\\x00-\x1f\x7f]|^[. -]|[. ]$|%(?=[0-9A-Fa-f]{2})")


@final
class Sorter:
    """Puts pictures into folders that are called as their classes.

    Args:
        directory: of the classes' folders; made if it is not there.
        link: by a symbolic link to the picture, rather than a copy of it.
    Raises:
        AlexNetError: there can be no such folder.
    """

    def __init__(self, directory: str | os.PathLike[str], *, link: bool) -> None:
        self.directory, self.link = Path(directory), link
        with _translated(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)

    def put(self, result: Result) -> Path | None:
        """Put a picture into its best class's folder; one that is there already stays.

        Args:
            result: of a picture.
        Returns:
            where it lies; None where it has no class.
        Raises:
            DataError: it has gone meanwhile, or cannot be linked to as it is no file of its own.
            AlexNetError: the folder cannot be written to.
        """
        if not result.predictions:
            return None
        what = _target(result) if self.link else _content(result)
        folder = self.directory / folder_name(result.predictions[0].name)
        with _translated(folder):
            folder.mkdir(exist_ok=True)
            if not stat.S_ISDIR(folder.lstat().st_mode):  # a link, which may lead anywhere
                raise AlexNetError(
                    f"{folder} is a link or no folder, and pictures are not put there: remove it"
                )
            for path in _candidates(folder, result.picture):
                if _is_there(path, what) or _put(path, what):
                    return path
        raise AssertionError("there is always one more candidate")


def folder_name(name: str) -> str:
    """Return what the folder of a class is called: its name, and no other class's; it stays in its folder.

    What could not be, or would lead elsewhere, is written as in addresses: a/b as a%2Fb. A very long name ends in a
    digest.
    """
    safe = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in os.fsencode(found[0])), name) or "%00"
    encoded = os.fsencode(safe)
    if len(encoded) <= _LONGEST:
        return safe
    return f"{encoded[:_LONGEST].decode('utf-8', 'ignore')}%{_digest(name)}"


def _candidates(folder: Path, picture: str) -> Iterator[Path]:
    """Yield where a picture may lie: under its own name, then with a digest of where it came from, then numbered."""
    path = picture.split("?")[0].split("#")[0] if is_address(picture) else picture
    stem, ending = os.path.splitext(os.path.basename(path).lstrip(".-") or "picture")
    stem, ending = (
        os.fsencode(part)[:length].decode("utf-8", "ignore")
        for part, length in ((stem, _LONGEST), (ending, 16))
    )
    yield folder / f"{stem}{ending}"
    stem = f"{stem}-{_digest(picture if is_address(picture) else os.path.abspath(picture))}"
    yield folder / f"{stem}{ending}"
    number = 2
    while True:
        yield folder / f"{stem}-{number}{ending}"
        number += 1


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:8]


def _target(result: Result) -> str:
    """Return the path that a link to a picture has."""
    source = result.source.content
    if isinstance(source, str | os.PathLike):
        return os.path.abspath(os.fsdecode(source))
    raise DataError(f"{result.picture} is no file that could be linked to: copy it")


def _content(result: Result) -> bytes | Path:
    """Return the bytes of a picture, or the path of its file."""
    match result.source.content:
        case str() | os.PathLike() as path:
            return Path(os.fsdecode(path))
        case Address() as address:
            return address.content
        case bytes() | bytearray() | memoryview() as content:
            return bytes(content)
    raise DataError(f"{result.picture} is no file that could be copied")


def _is_there(path: Path, what: str | bytes | Path) -> bool:
    """Tell whether a picture lies there already: the same link, or a file of the same bytes."""
    with contextlib.suppress(OSError):
        if isinstance(what, str):
            return path.is_symlink() and os.readlink(path) == what
        if path.is_symlink() or not path.is_file():
            return False
        if isinstance(what, Path):
            return filecmp.cmp(path, what, shallow=False)
        return path.stat().st_size == len(what) and read_bounded(path, MAX_BYTES) == what
    return False


def _put(path: Path, what: str | bytes | Path) -> bool:
    """Put a picture there, whole; return False where something is there already."""
    if isinstance(what, str):
        try:
            os.symlink(what, path)
        except FileExistsError:
            return False
        return True
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        if isinstance(what, Path):
            _copy(what, temporary)
        else:
            temporary.write_bytes(what)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))  # the name is ours, or another's
        except FileExistsError:
            return False
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _copy(source: Path, path: Path) -> None:
    """Copy a file's bytes and its time."""
    try:
        content, status = read_bounded(source, MAX_BYTES), source.stat()
    except OSError as error:
        raise DataError(f"{source} could not be copied: {error.strerror}") from None
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn the system's refusals into one line."""
    try:
        yield
    except OSError as error:
        raise AlexNetError(f"{path} cannot be written: {error.strerror}; give another folder") from error
