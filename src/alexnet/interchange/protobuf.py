"""Messages of Protocol Buffers, read field by field from where they lie in a file.

Only what is asked for is copied, and only after its size is known to be there.
"""

from dataclasses import dataclass, field
from mmap import mmap
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from alexnet.errors import CheckpointError

FIELDS: Final = 100_000  # of a message; a network has some dozens of layers of some fields
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Span:
    """Where the bytes of a field lie."""

    start: int
    stop: int


@dataclass
class Message:
    """A message in a file: its fields by number, in the order of the file.

    Args:
        content: the file's bytes, or a memory map of it.
        source: the file's name, for messages.
        span: where the message lies; the whole file if left out.
    Raises:
        CheckpointError: the bytes are no message, or end too early.
    """

    content: bytes | mmap
    source: str
    span: Span | None = None
    fields: dict[int, list[int | Span]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        span = self.span or Span(0, len(self.content))
        position, count = span.start, 0
        while position < span.stop:
            tag, position = self._varint(position, span.stop)
            value, position = self._value(tag & 7, position, span.stop)
            self.fields.setdefault(tag >> 3, []).append(value)
            count += 1
            if count > FIELDS:
                raise CheckpointError(f"{self.source} is not read: a message has more than {FIELDS:,} fields")

    def _value(self, kind: int, position: int, stop: int) -> tuple[int | Span, int]:
        if kind == _VARINT:
            return self._varint(position, stop)
        if kind == _BYTES:
            size, position = self._varint(position, stop)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise CheckpointError(f"{self.source} is no file of Protocol Buffers, at byte {position:,}")
        if size > stop - position:
            raise CheckpointError(
                f"{self.source} is cut off or damaged: byte {position:,} promises {size:,} bytes, "
                f"there are {stop - position:,}"
            )
        return Span(position, position + size), position + size

    def _varint(self, position: int, stop: int) -> tuple[int, int]:
        value = 0
        for shift in range(0, 70, 7):
            if position >= stop:
                raise CheckpointError(f"{self.source} is cut off: it ends in the middle of a number")
            byte = self.content[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, position
        raise CheckpointError(
            f"{self.source} is damaged: a number of more than ten bytes at byte {position:,}"
        )

    def _spans(self, number: int) -> list[Span]:
        spans = self.fields.get(number, [])
        if not all(isinstance(span, Span) for span in spans):
            raise CheckpointError(f"{self.source} is damaged: field {number} of a message is of another kind")
        return [span for span in spans if isinstance(span, Span)]

    def messages(self, number: int) -> list["Message"]:
        """Return the messages of a repeated field."""
        return [Message(self.content, self.source, span) for span in self._spans(number)]

    def text(self, number: int) -> str:
        """Return a field's text, empty where it is left out."""
        spans = self._spans(number)
        return (
            bytes(self.content[spans[-1].start : spans[-1].stop]).decode("utf-8", "replace") if spans else ""
        )

    def integers(self, number: int) -> list[int]:
        """Return the integers of a field, packed or one by one."""
        values: list[int] = []
        for value in self.fields.get(number, []):
            if isinstance(value, int):
                values.append(value)
                continue
            if value.stop - value.start > FIELDS:
                raise CheckpointError(f"{self.source} is not read: it lists more than {FIELDS:,} numbers")
            position = value.start
            while position < value.stop:
                one, position = self._varint(position, value.stop)
                values.append(one)
        return values

    def floats(self, number: int, kind: str = "<f4") -> NDArray[Any]:
        """Return the floating-point numbers of a field, packed or one by one: type `kind`, (count,).

        Raises:
            CheckpointError: the bytes are not a whole number of them.
        """
        element = np.dtype(kind)
        pieces = [np.empty(0, element)]
        for span in self._spans(number):
            count, rest = divmod(span.stop - span.start, element.itemsize)
            if rest:
                raise CheckpointError(
                    f"{self.source} is damaged: {rest} bytes are left over from its numbers"
                )
            if count:
                pieces.append(np.frombuffer(self.content, element, count, span.start).copy())
        return pieces[1] if len(pieces) == 2 else np.concatenate(pieces)
