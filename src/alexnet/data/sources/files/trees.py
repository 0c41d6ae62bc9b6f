"""Trees of files that sources read: a directory on the disk or a remote one; archives are in `archives`.

Paths inside a tree are relative and use "/"; "" is the root. Hidden names and the leftovers of operating systems
are left out everywhere.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from alexnet.data.sources.files.remote import read_file, reason, remote_filesystem
from alexnet.errors import DataError

_LEFTOVERS = ("__MACOSX", "Thumbs.db", "desktop.ini", "Icon\r", "lost+found", "$RECYCLE.BIN", "@eaDir")

_Identity = tuple[int, int]
"""The device and the number of a folder."""


class Tree(Protocol):
    """Files by their path; listings are sorted by plain text, so that every machine sees one order."""

    @property
    def origin(self) -> str:
        """Where it is, for messages."""

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder."""

    def files(self, path: str, *, deep: bool = False) -> list[str]:
        """Return the paths, from the root, of the files in a folder; with `deep`, in those below too."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes, at most `MAX_BYTES`; DataError says why it cannot be read."""

    def fingerprint(self) -> str:
        """Return a text that changes when names, sizes or times do."""


def junk(name: str) -> bool:
    """Tell whether a name is hidden or an operating system's leftover."""
    return name.startswith(".") or name in _LEFTOVERS


def join(folder: str, name: str) -> str:
    """Return the path of a name in a folder of a tree."""
    return f"{folder}/{name}" if folder else name


class Directory:
    """A tree on the disk. Nothing stays in memory: each listing reads the folder anew.

    Links to folders are followed, but for those that lead round in a circle: to a folder above them, or to one in
    this tree from which a link leads back. What lies there is listed where it is, and nowhere else.
    """

    def __init__(self, root: str | Path) -> None:
        self.origin = os.fspath(root)

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder; links are followed, but for circles."""
        above = self._chain(path)
        return sorted(
            entry.name
            for entry in self._entries(os.path.join(self.origin, path))
            if _is_folder(entry) and not (entry.is_symlink() and self._circular(entry, above))
        )

    def files(self, path: str, *, deep: bool = False) -> list[str]:
        """Return the paths of the files in a folder; `read` will refuse pipes, sockets and devices."""
        return sorted(self._walk(path, deep, self._chain(path)))

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes; anything else is refused without waiting for it."""
        return read_file(os.path.join(self.origin, path))

    def fingerprint(self) -> str:
        """Return a hash over the path, size and time of every file."""
        digest = hashlib.sha256(os.fsencode(os.path.abspath(self.origin)))
        for path in self.files("", deep=True):
            try:
                status = os.stat(os.path.join(self.origin, path))
                size, time = status.st_size, status.st_mtime_ns
            except OSError:
                size, time = -1, -1
            digest.update(f"{path}\0{size} {time}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _walk(self, path: str, deep: bool, above: frozenset[_Identity]) -> Iterator[str]:
        """Yield the paths of the files in a folder; `above` are that folder and those that it lies in."""
        for entry in self._entries(os.path.join(self.origin, path)):
            if not _is_folder(entry):
                yield join(path, entry.name)
            elif deep and not (entry.is_symlink() and self._circular(entry, above)):
                yield from self._walk(join(path, entry.name), deep, above | {_identity(entry.path)})

    def _circular(self, link: os.DirEntry[str], above: frozenset[_Identity]) -> bool:
        """Tell whether a link to a folder leads to one of those above it; or back to one, from within this tree."""
        if _identity(link.path) in above:
            return True
        root, target = os.path.realpath(self.origin), os.path.realpath(link.path)
        return os.path.commonpath([root, target]) == root and self._leads_to(target, above)

    def _leads_to(self, folder: str, above: frozenset[_Identity]) -> bool:
        """Tell whether a link in a folder, or further on, leads to one of `above`."""
        seen, waiting = {_identity(folder)}, [folder]
        while waiting:
            for entry in self._entries(waiting.pop()):
                if not _is_folder(entry):
                    continue
                identity = _identity(entry.path)
                if entry.is_symlink() and identity in above:
                    return True
                if identity not in seen:
                    seen.add(identity)
                    waiting.append(entry.path)
        return False

    def _chain(self, path: str) -> frozenset[_Identity]:
        """Return a folder of this tree and those that it lies in, up to the root."""
        parts = path.split("/") if path else []
        return frozenset(
            _identity(os.path.join(self.origin, *parts[:depth])) for depth in range(len(parts) + 1)
        )

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return [entry for entry in entries if not junk(entry.name)]
        except (OSError, ValueError) as error:
            raise DataError(
                f"{folder!r} cannot be listed: {reason(error)}; mend it or move it away"
            ) from None


class Remote:
    """A tree behind s3://, gs://, https:// and other protocols that fsspec knows."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._files, self._root = remote_filesystem(origin)

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder."""
        return sorted(name for name, kind in self._listed(path) if kind == "directory")

    def files(self, path: str, *, deep: bool = False) -> list[str]:
        """Return the paths of the files in a folder."""
        found = []
        for name, kind in self._listed(path):
            if kind != "directory":
                found.append(join(path, name))
            elif deep:
                found += self.files(join(path, name), deep=True)
        return sorted(found)

    def read(self, path: str) -> bytes:
        """Return a file's bytes."""
        try:
            found: bytes = self._files.cat_file(join(self._root.rstrip("/"), path))
            return found
        except Exception as error:  # each protocol has errors of its own
            raise DataError(f"unreadable: {' '.join(str(error).split())}") from None

    def fingerprint(self) -> str:
        """Return a hash over the path and size of every file."""
        listing = sorted(
            (path, about.get("size")) for path, about in self._files.find(self._root, detail=True).items()
        )
        return hashlib.sha256(repr((self.origin, listing)).encode("utf-8", "surrogateescape")).hexdigest()

    def _listed(self, path: str) -> list[tuple[str, str]]:
        folder = join(self._root.rstrip("/"), path)
        try:
            found = [
                (entry["name"].rstrip("/").rsplit("/", 1)[-1], entry["type"])
                for entry in self._files.ls(folder)
            ]
        except Exception as error:  # as above
            raise DataError(
                f"{join(self.origin, path)!r} cannot be listed: {' '.join(str(error).split())}"
            ) from None
        return [(name, kind) for name, kind in found if not junk(name)]

    def __getstate__(self) -> str:
        return self.origin

    def __setstate__(self, origin: str) -> None:
        self.__init__(origin)  # type: ignore[misc]  # open anew in the other process


def _identity(folder: str) -> _Identity:
    """Return what tells a folder from all others, by whichever path it is reached."""
    try:
        status = os.stat(folder)
    except (OSError, ValueError) as error:  # ValueError: a list has given it a name with a zero byte
        raise DataError(f"{folder!r} cannot be read: {reason(error)}; mend it or move it away") from None
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False
