"""Paths one a line, from a file or a pipe, as they come: any number of them takes the memory of a few."""

import os
from collections.abc import Iterator
from typing import Final, Protocol

from alexnet.errors import DataError

LONGEST: Final = 2**16
"""Bytes of a line: more than any system's longest path."""
_PIECE: Final = 2**16
_MARK: Final = b"\xef\xbb\xbf"  # of UTF-8, as Windows begins a file


class Bytes(Protocol):
    """What gives bytes as soon as there are some."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most so many bytes, none at the end."""


def paths(file: Bytes, name: str, *, null: bool = False) -> Iterator[str]:
    """Yield the paths of a list; empty lines are none.

    Args:
        file: unbuffered, so that a path is there when its line is.
        name: of the list, for messages.
        null: each ends with a zero byte, as `find -print0` has it, rather than with its line.
    Raises:
        DataError: a line is longer than any path, or it cannot be read.
    """
    end, rest, first = b"\0" if null else b"\n", b"", True
    try:
        while piece := file.read(_PIECE):
            *whole, rest = (rest + piece).split(end)
            if first and whole:
                whole[0], first = whole[0].removeprefix(_MARK), False
            yield from (path for line in whole if (path := _path(line, null)))
            if len(rest) > LONGEST:
                raise DataError(f"{name} has a line of more than {LONGEST} bytes: expected a path on each")
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from None
    if path := _path(rest, null):
        yield path


def _path(line: bytes, null: bool) -> str:
    return os.fsdecode(line if null else line.removesuffix(b"\r"))
