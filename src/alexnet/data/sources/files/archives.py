"""Archives as trees, read in place and never unpacked: names in them never become paths on the disk.

Only regular members count. What is cut off or damaged is refused as a whole before anything is read from it.
"""

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.data.sources.files.members import Members
from alexnet.data.sources.files.remote import file_fingerprint, open_file
from alexnet.errors import DataError

TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Endings of tar archives, plain and compressed."""
MAX_RATIO = 200
"""Of unpacked to packed: beyond it an archive, or a member of one, is a bomb; pictures have a ratio near 1."""
_LARGE = 2**26  # bytes, up to which any ratio is harmless
_SAYS_UTF8 = 1 << 11  # of a zip member's flags (APPNOTE.TXT, 4.4.4)

_PACKED: dict[bytes, Callable[[BinaryIO], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}


def open_archive(origin: str) -> "Zip | Tar | None":
    """Open an archive as a tree; None where a name does not end as one's does.

    Raises:
        DataError: it is damaged, cut off, or a bomb.
    """
    if origin.lower().endswith(".zip"):
        return Zip(origin)
    return Tar(origin) if origin.lower().endswith(TARS) else None


class Zip:
    """A zip archive."""

    def __init__(self, origin: str | Path) -> None:
        self.origin = os.fspath(origin)
        file = open_file(self.origin)
        try:
            self._archive = zipfile.ZipFile(file)
        except Exception as error:  # seen: BadZipFile, NotImplementedError, IndexError, struct.error
            file.close()
            raise DataError(f"{self.origin!r} is not a readable zip archive: {error}") from None
        weakref.finalize(self, file.close)
        self._infos = self._archive.infolist()
        self._members = Members()
        for number, info in enumerate(self._infos):
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.filename and not info.is_dir() and kind in (0, stat.S_IFREG):
                self._members.add(_name(info), number, info.file_size)

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder."""
        return self._members.folders(path)

    def files(self, path: str, *, deep: bool = False) -> list[str]:
        """Return the paths of the files in a folder."""
        return self._members.files(path, deep)

    def read(self, path: str) -> bytes:
        """Return a member's bytes; their checksum is verified."""
        number, size = _found(self._members, path, self.origin)
        if size > max(_LARGE, self._infos[number].compress_size * MAX_RATIO):
            raise DataError(f"too large: it unpacks to over {MAX_RATIO} times its size, as a bomb does")
        try:
            return self._archive.read(self._infos[number])
        except Exception as error:  # as above, and each compression has errors of its own
            raise DataError(f"unreadable: {' '.join(str(error).split())}") from None

    def fingerprint(self) -> str:
        """Return a hash of the archive's path, size and time."""
        return file_fingerprint(self.origin)

    def __getstate__(self) -> str:
        return self.origin

    def __setstate__(self, origin: str) -> None:
        self.__init__(origin)  # type: ignore[misc]  # open anew in the other process


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name: UTF-8 where it is, which macOS and Info-ZIP write without saying so."""
    if info.flag_bits & _SAYS_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")  # cp437 is what zipfile took it for
    except UnicodeError:
        return info.filename


class Tar:
    """A tar archive. One that is compressed as a whole is first unpacked into an unnamed temporary file."""

    def __init__(self, origin: str | Path) -> None:
        self.origin = os.fspath(origin)
        self._file = unpacked(open_file(self.origin), self.origin)
        weakref.finalize(self, self._file.close)
        self._members = Members()
        for name, start, size in tar_members(self._file, self.origin):
            self._members.add(name, start, size)

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder."""
        return self._members.folders(path)

    def files(self, path: str, *, deep: bool = False) -> list[str]:
        """Return the paths of the files in a folder."""
        return self._members.files(path, deep)

    def read(self, path: str) -> bytes:
        """Return a member's bytes."""
        start, size = _found(self._members, path, self.origin)
        return read_at(self._file, start, size)

    def fingerprint(self) -> str:
        """Return a hash of the archive's path, size and time."""
        return file_fingerprint(self.origin)

    def __getstate__(self) -> str:
        return self.origin

    def __setstate__(self, origin: str) -> None:
        self.__init__(origin)  # type: ignore[misc]  # open anew in the other process


def read_at(file: BinaryIO, start: int, size: int) -> bytes:
    """Return bytes of an uncompressed archive."""
    try:
        file.seek(start)
        found = file.read(size)
    except OSError as error:
        raise DataError(f"unreadable: {error.strerror or error}") from None
    if len(found) != size:
        raise DataError(f"truncated: {len(found)} of {size} bytes are there")
    return found


def unpacked(file: BinaryIO, origin: str) -> BinaryIO:
    """Return the file itself, or a temporary one with its content where it is compressed.

    All of it is read, so that a wrong checksum at its end is found.

    Raises:
        DataError: it is damaged, cut off, or a bomb.
    """
    try:
        head = file.read(6)
        file.seek(0)
    except OSError as error:
        file.close()
        raise DataError(f"{origin!r} cannot be read: {error.strerror}") from None
    kind = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), None)
    if kind is None:
        return file
    whole = cast(BinaryIO, tempfile.TemporaryFile(prefix="alexnet-"))  # noqa: SIM115  # the caller's
    try:
        with file, kind(file) as content:
            while piece := content.read(2**20):
                whole.write(piece)
                if whole.tell() > max(_LARGE, file.tell() * MAX_RATIO):
                    raise DataError(
                        f"{origin!r} unpacks to over {MAX_RATIO} times its size: it is refused as a bomb"
                    )
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        whole.close()
        raise DataError(f"{origin!r} cannot be unpacked: {' '.join(str(error).split())}") from None
    except DataError:
        whole.close()
        raise
    return whole


def tar_members(
    file: BinaryIO, origin: str, start: int = 0, stop: int | None = None
) -> Iterator[tuple[str, int, int]]:
    """Walk an uncompressed tar, or one that lies inside a file from `start` to `stop`.

    Yields:
        the name, first byte and size of each regular member, in the archive's order.
    Raises:
        DataError: it is no tar, is damaged, or is cut off, even exactly between two members.
    """
    stop = file.seek(0, os.SEEK_END) if stop is None else stop
    file.seek(start)
    count = 0
    try:
        with tarfile.open(fileobj=file, mode="r:", encoding="utf-8") as archive:
            while (member := archive.next()) is not None:
                count += 1
                if member.offset_data + member.size > stop:
                    raise DataError(f"{origin!r} is cut off inside its member {count} ({member.name!r})")
                if member.isreg() and not member.issparse():
                    yield member.name, member.offset_data, member.size
                archive.members = []  # type: ignore[attr-defined]  # it would keep every one
            end = archive.offset
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise DataError(f"{origin!r} is not a readable tar archive: {error}") from None
    file.seek(end)
    if file.read(tarfile.BLOCKSIZE) != b"\0" * tarfile.BLOCKSIZE:
        raise DataError(f"{origin!r} is cut off after its member {count}: the end of the archive is missing")


def _found(members: Members, path: str, origin: str) -> tuple[int, int]:
    """Look a member up; one that is too large to be a picture is refused."""
    if path not in members.where:
        raise DataError(f"unreadable: {origin!r} holds no {path!r}")
    start, size = members.where[path]
    if size > MAX_BYTES:
        raise DataError(f"too large: {size} bytes, at most {MAX_BYTES} are read")
    return start, size
