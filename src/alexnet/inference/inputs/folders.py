"""The pictures in a folder and in those below it: in the order of their paths, a folder's names in memory at a time."""

import os
from collections.abc import Callable, Iterator
from typing import Final

from alexnet.data.sources.files.trees import junk
from alexnet.data.sources.folders import ENDINGS
from alexnet.errors import DataError
from alexnet.inference.inputs.named import NamedPicture

LINKED: Final = "links to folders were not followed"
Passed = Callable[[str, str], None]
"""Told of what is passed over: its path, and what has become of such, in words that go for several."""


def walked(folder: str, passed: Passed, exclude: frozenset[str] = frozenset()) -> Iterator[NamedPicture]:
    """Yield the pictures below a folder by their endings; hidden names are left out, as a shell does.

    A link to a picture is the picture. A link to a folder is not followed, so that no walk leaves the folder or goes
    round in a circle.

    Args:
        folder: where to begin.
        passed: is told of links to folders.
        exclude: real paths of folders that are left out.
    Yields:
        pictures, and folders that cannot be listed, with the reason.
    """
    waiting = [folder]  # the next one last; what ends in a separator is a folder
    while waiting:
        path = waiting.pop()
        if path != folder and not path.endswith(os.sep):
            yield NamedPicture(path, path)
            continue
        if exclude and os.path.realpath(path) in exclude:
            continue
        try:
            names = _names(path, passed)
        except OSError as error:
            yield NamedPicture(path, DataError(f"unreadable: {error.strerror}"))
            continue
        waiting += [os.path.join(path, name) for name in reversed(names)]


def _names(folder: str, passed: Passed) -> list[str]:
    """Return the pictures and, with a separator at their end, the folders in a folder, sorted as whole paths are."""
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if junk(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                names.append(entry.name + os.sep)
            elif entry.name.lower().endswith(ENDINGS):
                names.append(entry.name)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                passed(entry.path, LINKED)
    return sorted(names)
