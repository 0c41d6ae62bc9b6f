"""MATLAB files of version 5, as much of them as the development kits of ImageNet need: arrays of structures.

Source: MathWorks, MAT-File Format (version 5), 2019.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from alexnet.errors import DataError

_NUMBERS = {
    1: "i1",
    2: "u1",
    3: "<i2",
    4: "<u2",
    5: "<i4",
    6: "<u4",
    7: "<f4",
    9: "<f8",
    12: "<i8",
    13: "<u8",
}
_NUMBERS |= {16: "u1", 17: "<u2"}
_MATRIX, _COMPRESSED = 14, 15
_STRUCTURE, _TEXT = 2, 4
_UTF8 = 16
_MOST_BYTES = 2**28


def read_structures(content: bytes, name: str) -> list[dict[str, Any]]:
    """Read an array of structures.

    Args:
        content: the whole file.
        name: the variable's name, for instance "synsets".
    Returns:
        one dict for each structure: texts as str, single numbers as float, other arrays flat.
    Raises:
        DataError: it is no such file, or holds no such variable.
    """
    if len(content) < 128 or content[126:128] != b"IM":
        raise DataError("it is no MATLAB file of version 5")
    try:
        for kind, body in _elements(content[128:]):
            if kind == _COMPRESSED:
                unpacker = zlib.decompressobj()
                kind, body = next(_elements(unpacker.decompress(body, _MOST_BYTES)))
                if not unpacker.eof:
                    raise DataError("it is a MATLAB file that is cut off")
            if kind == _MATRIX:
                found, value = _matrix(body)
                if found == name and isinstance(value, list):
                    return value
    except (
        struct.error,
        zlib.error,
        KeyError,
        ValueError,
        IndexError,
        StopIteration,
        RecursionError,
    ) as error:
        raise DataError(f"it is a damaged MATLAB file ({type(error).__name__})") from None
    raise DataError(f"it holds no structures called {name!r}")


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the body of each element."""
    position = 0
    while position + 8 <= len(content):
        kind, size = struct.unpack_from("<II", content, position)
        if kind >> 16:  # a small element: both numbers in four bytes, the body in the other four
            kind, size, start, step = kind & 0xFFFF, kind >> 16, position + 4, 8
        else:
            start, step = position + 8, 8 + (size if kind == _COMPRESSED else -(-size // 8) * 8)
        yield kind, content[start : start + size]
        position += step


def _matrix(body: bytes) -> tuple[str, Any]:
    """Read an array: its name and its value."""
    parts = _elements(body)
    flags = struct.unpack_from("<I", next(parts)[1])[0]
    shape = np.frombuffer(next(parts)[1], dtype="<i4")
    name = next(parts)[1].decode("ascii", "replace")
    if flags & 0xFF == _STRUCTURE:
        length = struct.unpack_from("<i", next(parts)[1])[0]
        packed = next(parts)[1]
        fields = [
            packed[start : start + length].split(b"\0")[0].decode("ascii", "replace")
            for start in range(0, len(packed), length)
        ]
        return name, [
            {field: _matrix(next(parts)[1])[1] for field in fields} for _ in range(int(shape.prod()))
        ]
    kind, content = next(parts, (2, b""))
    if flags & 0xFF == _TEXT and kind == _UTF8:
        return name, content.decode("utf-8", "replace")
    values = np.frombuffer(content, dtype=_NUMBERS.get(kind, "u1"))
    if flags & 0xFF == _TEXT:
        return name, "".join(map(chr, values.tolist()))
    return name, float(values[0]) if values.size == 1 else values.astype(np.float64)
