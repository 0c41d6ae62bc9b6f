"""What a person names, told apart: files, folders, patterns, lists, archives and their members, addresses."""

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.data.sources.files.archives import Tar, Zip, open_archive
from alexnet.data.sources.folders import pictures as pictures_of
from alexnet.errors import DataError, RecipeError
from alexnet.inference.inputs.addresses import Address, is_address
from alexnet.inference.inputs.folders import Passed, walked
from alexnet.inference.inputs.lists import paths
from alexnet.inference.inputs.named import NamedPicture

STDIN: Final = "-"
LIST: Final = "@"
FOLDERS: Final = "folders on a list were passed over: what lies in them has lines of its own"
_NOT_ALLOWED: Final = "nothing is fetched without --allow-urls"


def pictures(
    *inputs: str | os.PathLike[str],
    allow_urls: bool = False,
    bytes_on_stdin: bool = False,
    null: bool = False,
    exclude: tuple[str | os.PathLike[str], ...] = (),
    passed: Passed = lambda path, why: None,
) -> Iterator[NamedPicture]:
    """Find pictures by whatever names them, one after another; none is read yet, but members of archives.

    Args:
        inputs: each the path of a picture; of a folder, for those in it and below; of a zip or tar archive, or of
            something within one, archive.zip/folder/a.jpg; a pattern such as photos/**/*.jpg; @FILE, a list of paths
            one a line; - for such a list on standard input; or an http:// or https:// address. On a list stand paths
            and addresses, relative ones as here; no patterns and no further lists.
        allow_urls: pictures may be fetched from addresses.
        bytes_on_stdin: - stands for one picture, not for a list.
        null: paths on lists end with a zero byte each, not with their line.
        exclude: folders that are left out where they lie in others.
        passed: is told of what is passed over: its path, and why.
    Yields:
        pictures in the order of the inputs, those of a folder or an archive in the order of their paths. What cannot
        be found or read is among them, with the reason.
    Raises:
        RecipeError: an address that is not allowed, or - twice.
        DataError: a list cannot be read.
    """
    words = [os.fspath(one) for one in inputs]
    if words.count(STDIN) > 1:
        raise RecipeError("- is given twice: standard input can be read once")
    for word in words:
        if is_address(word) and not allow_urls:
            raise RecipeError(f"{word} is an address: {_NOT_ALLOWED}")
        if word.startswith(LIST) and not os.path.exists(word[1:]):
            raise DataError(f"list {word[1:]!r} does not exist: give @FILE, with a path on each line")
    folders = frozenset(os.path.realpath(one) for one in exclude)
    return _Finder(allow_urls, bytes_on_stdin, null, folders, passed).found(words)


@final
@dataclass(frozen=True)
class _Finder:
    """How names are understood."""

    allow_urls: bool
    bytes_on_stdin: bool
    null: bool
    exclude: frozenset[str]
    passed: Passed
    opened: dict[str, Zip | Tar] = field(default_factory=dict)
    """The archive that was read last: a list may name its members one by one."""

    def found(self, words: list[str]) -> Iterator[NamedPicture]:
        """Yield the pictures that words name."""
        for word in words:
            if word == STDIN and self.bytes_on_stdin:
                yield _from_stdin()
            elif word == STDIN or (word.startswith(LIST) and not is_address(word)):
                yield from self._listed(word)
            elif os.path.isdir(word):
                yield from self._folder(word)
            elif os.path.lexists(word) or is_address(word) or _archive_above(word):
                yield from self._path(word)
            elif glob.has_magic(word):
                yield from self._matching(word)
            else:
                yield NamedPicture(word, word)  # whoever reads it says what is wrong

    def _listed(self, word: str) -> Iterator[NamedPicture]:
        """Yield the pictures of a list; a folder on it is passed over, as `find` names what lies in it, too."""
        source = 0 if word == STDIN else word[1:]
        try:
            file = open(source, "rb", buffering=0, closefd=source != 0)  # noqa: SIM115  # closed below
        except OSError as error:
            raise DataError(f"list {word} cannot be read: {error.strerror}") from None
        with file:
            for path in paths(file, "standard input" if word == STDIN else word[1:], null=self.null):
                if os.path.isdir(path):
                    self.passed(path, FOLDERS)
                else:
                    yield from self._path(path)

    def _folder(self, folder: str) -> Iterator[NamedPicture]:
        empty = True
        for picture in walked(folder, self.passed, self.exclude):
            empty = False
            yield picture
        if empty:
            yield NamedPicture(folder, DataError("empty: the folder holds no pictures"))

    def _matching(self, pattern: str) -> Iterator[NamedPicture]:
        """Yield the pictures that a pattern names, and those of the folders that it does."""
        names = sorted(glob.iglob(pattern, recursive=True))
        below = {name for name in names if os.path.isdir(name)} if "**" not in pattern else set()
        for name in names:
            if name in below:
                yield from self._folder(name)
            elif not os.path.isdir(name):
                yield from self._path(name)
        if not names:
            yield NamedPicture(pattern, DataError("unreadable: nothing matches the pattern"))

    def _path(self, path: str) -> Iterator[NamedPicture]:
        """Yield a picture, those of an archive, or one that is to be fetched."""
        if is_address(path):
            why = DataError(f"unreadable: {_NOT_ALLOWED}")
            yield NamedPicture(path, Address(path) if self.allow_urls else why)
            return
        try:
            archive = path if os.path.isfile(path) else _archive_above(path)
            tree = self._archive(archive)
        except DataError as error:
            yield NamedPicture(path, error)
            return
        if tree is None:
            yield NamedPicture(path, path)
            return
        inner = os.path.relpath(path, archive).replace(os.sep, "/") if path != archive else ""
        members = pictures_of(tree, inner)[0] or ([inner] if inner else [])
        for member in members:
            try:
                yield NamedPicture(f"{archive}/{member}", tree.read(member))
            except DataError as error:
                yield NamedPicture(f"{archive}/{member}", error)
        if not members:
            yield NamedPicture(path, DataError("empty: the archive holds no pictures"))

    def _archive(self, path: str) -> Zip | Tar | None:
        """Open an archive, or go on with it; None for what is none."""
        if path not in self.opened and (tree := open_archive(path)):
            self.opened.clear()
            self.opened[path] = tree
        return self.opened.get(path)


def _archive_above(path: str) -> str:
    """Return the file that a path leads into, as archive.zip of archive.zip/a.jpg; empty where there is none."""
    above = next((os.fspath(one) for one in Path(path).parents if os.path.lexists(one)), "")
    return above if os.path.isfile(above) else ""


def _from_stdin() -> NamedPicture:
    """Return the picture whose bytes are on standard input."""
    try:
        with open(0, "rb", closefd=False) as file:
            return NamedPicture(STDIN, file.read(MAX_BYTES + 1))
    except OSError as error:
        return NamedPicture(STDIN, DataError(f"unreadable: {error.strerror}"))
