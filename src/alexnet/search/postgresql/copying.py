"""Pictures as the bytes that PostgreSQL's COPY reads, so that no number goes through text.

Shapes: n pictures, D values of a vector.
"""

import struct
from typing import Final

import numpy as np

from alexnet.search.index import Rows

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER: Final = struct.pack(">h", -1)


def copied(rows: Rows, first: int, middle: np.ndarray | None) -> bytes:
    """Return pictures as rows of a table: row, name, label, source, number, vector and, where asked for, bits.

    Args:
        rows: n pictures.
        first: row of the first.
        middle: float32, (D,): a bit says whether a value is above its own; None: no bits.
    """
    halves = rows.vectors.dtype == np.float16
    vectors = np.ascontiguousarray(rows.vectors, ">f2" if halves else ">f4")
    bits = None if middle is None else above(rows.vectors, middle)
    parts = []
    for number, (name, label, origin) in enumerate(
        zip(rows.names, rows.labels.tolist(), rows.origins.tolist(), strict=True)
    ):
        fields = [
            struct.pack(">q", first + number),
            name.encode("utf-8", "surrogatepass"),
            *(struct.pack(">q", value) for value in (label, *origin)),
            struct.pack(">hh", vectors.shape[1], 0) + vectors[number].tobytes(),
        ]
        if bits is not None:
            fields.append(struct.pack(">i", vectors.shape[1]) + bits[number].tobytes())
        parts.append(struct.pack(">h", len(fields)))
        for field in fields:
            parts += [struct.pack(">i", len(field)), field]
    return b"".join(parts)


def above(vectors: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return whether values are above those of a middle, eight to a byte, the first in its highest bit: uint8."""
    return np.packbits(vectors.astype(np.float32) > middle, axis=1)
