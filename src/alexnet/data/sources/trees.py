"""Trees of files that sources read: a directory on the disk, or an archive that is never unpacked.

Paths inside a tree are relative and use "/"; "" is the root. Hidden names and the leftovers of operating
systems are left out everywhere.
"""

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from alexnet.data.decoding import MAX_BYTES
from alexnet.errors import DataError

_LEFTOVERS = ("__MACOSX", "Thumbs.db", "desktop.ini", "Icon\r", "lost+found", "$RECYCLE.BIN", "@eaDir")


class Tree(Protocol):
    """Files by their path; listings are sorted by plain text, so that every machine sees one order."""

    @property
    def place(self) -> str:
        """Where it is, for messages."""

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder."""

    def files(self, path: str, *, deep: bool = False) -> list[str]:
        """Return the paths, from the root, of the files in a folder; with `deep`, in the folders below
        too."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes, at most `MAX_BYTES`; DataError says why it cannot be read."""

    def fingerprint(self) -> str:
        """Return a text that changes when names, sizes or times do."""


def junk(name: str) -> bool:
    """Tell whether a name is hidden or an operating system's leftover."""
    return name.startswith(".") or name in _LEFTOVERS


class Directory:
    """A tree on the disk. Nothing is kept: each listing reads the folder anew."""

    def __init__(self, root: str | Path) -> None:
        self.root = os.fspath(root)
        self.place = self.root

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder; links are followed."""
        return sorted(entry.name for entry in self._entries(path) if _is_folder(entry))

    def files(self, path: str, *, deep: bool = False) -> list[str]:
        """Return the paths of the files in a folder; pipes, sockets and devices are left to `read` to
        refuse."""
        return sorted(self._walk(path, deep, frozenset()))

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes; anything else is refused without waiting for it."""
        try:
            descriptor = os.open(os.path.join(self.root, path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise DataError("unreadable: not a regular file")
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise DataError(f"unreadable: {error.strerror or error}") from None

    def fingerprint(self) -> str:
        """Return a hash over the path, size and time of every file."""
        digest = hashlib.sha256(os.fsencode(os.path.abspath(self.root)))
        for path in self.files("", deep=True):
            try:
                status = os.stat(os.path.join(self.root, path))
                size, time = status.st_size, status.st_mtime_ns
            except OSError:
                size, time = -1, -1
            digest.update(f"{path}\0{size} {time}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        folder = os.path.join(self.root, path)
        try:
            with os.scandir(folder) as entries:
                return [entry for entry in entries if not junk(entry.name)]
        except OSError as error:
            raise DataError(
                f"{folder!r} cannot be listed: {error.strerror}; mend it or move it away"
            ) from None

    def _walk(self, path: str, deep: bool, above: frozenset[tuple[int, int]]) -> Iterator[str]:
        for entry in self._entries(path):
            inside = f"{path}/{entry.name}" if path else entry.name
            if not _is_folder(entry):
                yield inside
            elif deep:
                status = os.stat(entry.path)
                identity = (status.st_dev, status.st_ino)
                if identity not in above:  # a link to a folder that it lies in would go round for ever
                    yield from self._walk(inside, deep, above | {identity})


class Zip:
    """A zip archive, read in place. Only regular members count; names never become paths on the disk."""

    def __init__(self, path: str | Path) -> None:
        self.place = os.fspath(path)
        self._open()

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder."""
        return sorted(self._folders.get(path, ()))

    def files(self, path: str, *, deep: bool = False) -> list[str]:
        """Return the paths of the files in a folder."""
        found = list(self._files.get(path, ()))
        if deep:
            for name in self._folders.get(path, ()):
                found += self.files(f"{path}/{name}" if path else name, deep=True)
        return sorted(found)

    def read(self, path: str) -> bytes:
        """Return a member's bytes; their checksum is verified."""
        try:
            member = self._members[path]
            if member.file_size > MAX_BYTES:
                raise DataError(f"too large: {member.file_size} bytes, at most {MAX_BYTES} are read")
            return self._archive.read(member)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            raise DataError(f"unreadable: {' '.join(str(error).split())}") from None

    def fingerprint(self) -> str:
        """Return the archive's path, size and time."""
        return file_fingerprint(self.place)

    def _open(self) -> None:
        try:
            self._archive = zipfile.ZipFile(self.place)
        except (zipfile.BadZipFile, OSError) as error:
            raise DataError(f"{self.place!r} is not a readable zip archive: {error}") from None
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._folders: dict[str, set[str]] = {}
        self._files: dict[str, list[str]] = {}
        for member in self._archive.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            parts = safe_parts(member.filename)
            if member.is_dir() or kind not in (0, stat.S_IFREG) or not parts:
                continue
            path = "/".join(parts)
            for depth in range(len(parts) - 1):
                self._folders.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
            if path not in self._members:
                self._files.setdefault("/".join(parts[:-1]), []).append(path)
            self._members[path] = member  # as in unpacking, the last member of a name counts

    def __getstate__(self) -> str:
        return self.place

    def __setstate__(self, place: str) -> None:
        self.place = place
        self._open()


def safe_parts(name: str) -> list[str]:
    """Split a member's name into its parts; empty where it is junk, absolute or reaches outside."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or any(junk(part) for part in parts):
        return []
    return parts


def file_fingerprint(path: str | Path) -> str:
    """Return a hash over a file's path, size and time."""
    status = os.stat(path)
    text = f"{os.path.abspath(path)}\0{status.st_size} {status.st_mtime_ns}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False
