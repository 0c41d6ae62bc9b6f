"""A process that decodes one picture after another: `python -m alexnet.data.workers.decoder`, see `decoders`.

A request is a head and so many bytes: of a path, or of a picture's file. An answer is a head and so many bytes: of
pixels, or of the reason why there are none. Natural byte order: both ends are one machine.
"""

import contextlib
import os
import resource
import struct
from pathlib import Path
from typing import IO, Final

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.data.decoding.images import square
from alexnet.data.workers.processes import belong_to_parent
from alexnet.errors import DataError
from alexnet.files import read_bounded

REQUEST: Final = struct.Struct("?IQ")
"""Whether a path follows, the side of the square, and how many bytes follow."""
ANSWER: Final = struct.Struct("?Q")
"""Whether pixels follow, uint8 (3, side, side), and how many bytes."""
ADDRESS_SPACE: Final = 4 * 2**30
"""Bytes that a picture may make a decoder ask for; the largest that is decoded takes a third of it."""


def main() -> None:
    """Decode until there are no more requests."""
    requests, descriptor = belong_to_parent()
    with contextlib.suppress(OSError, ValueError):  # a system that knows no such limit, or has a lower one
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    with open(descriptor, "wb", buffering=0) as answers:
        while head := requests.read(REQUEST.size):
            is_path, side, length = REQUEST.unpack(head)
            decoded, content = _answer(requests.read(length), is_path, side)
            _send(answers, ANSWER.pack(decoded, len(content)) + content)


def _answer(content: bytes, is_path: bool, side: int) -> tuple[bool, bytes]:
    """Return whether there are pixels, and these or why not."""
    try:
        return True, square(_read(content) if is_path else content, side).tobytes()
    except DataError as error:
        return False, str(error).encode("utf-8", "surrogateescape")


def _read(path: bytes) -> bytes:
    """Return the bytes of a picture's file."""
    try:
        return read_bounded(Path(os.fsdecode(path)), MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise DataError(f"unreadable: {getattr(error, 'strerror', None) or error}") from None
    except MemoryError:
        raise DataError("too large: there is no memory for the file") from None


def _send(answers: IO[bytes], content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[answers.write(rest) :]


if __name__ == "__main__":
    main()
