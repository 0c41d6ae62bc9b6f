"""A file's bytes, taken one after the other: never more than are there, whatever the file says."""

import struct
from mmap import mmap
from typing import Any, NoReturn, final

from alexnet.errors import AlexNetError


@final
class ByteReader:
    """The bytes of a file and how many have been taken.

    Args:
        content: the file's bytes, or a memory map of it.
        source: the file's name, for messages.
        error: what to raise.
    """

    def __init__(self, content: bytes | mmap, source: str, error: type[AlexNetError]) -> None:
        self.content, self.size, self.position = content, len(content), 0
        self.source, self.error = source, error

    def take(self, count: int) -> bytes:
        """Return the next bytes; refuse a file that ends before."""
        if count < 0 or count > self.size - self.position:
            left = self.size - self.position
            self.refuse(
                f"it is cut off: byte {self.position} promises {count:,} more bytes, there are {left:,}"
            )
        start, self.position = self.position, self.position + count
        return bytes(self.content[start : self.position])

    def line(self) -> bytes:
        """Return what comes before the next end of a line, and pass over that."""
        end = self.content.find(b"\n", self.position)
        if end < 0:
            self.refuse(f"it is cut off in the line that begins at byte {self.position}")
        line = self.take(end - self.position)
        self.position = end + 1
        return line

    def number(self, form: str) -> Any:
        """Return the next number, in a form of `struct`."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def sized(self, form: str) -> bytes:
        """Return bytes that a number before them counts."""
        return self.take(self.number(form))

    def refuse(self, why: str) -> NoReturn:
        """Raise the error of a file that is not to be read."""
        raise self.error(f"{self.source} is not read: {why}")

    def damaged(self, why: str) -> AlexNetError:
        """Return the error of a file whose values are wrong before the byte that has been reached."""
        return self.error(f"{self.source} is a damaged pickle: {why}, before byte {self.position}")
