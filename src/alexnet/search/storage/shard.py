"""Some consecutive pictures of an index on the disk: their vectors, what they are of, and their names.

Shapes: n pictures of some, D values of a vector.
"""

import secrets
from pathlib import Path
from typing import BinaryIO, Final, final

import numpy as np
import torch
from numpy.typing import DTypeLike

from alexnet.data.storage.arrays import array_start
from alexnet.errors import DataError
from alexnet.search.index import IndexCard, Rows
from alexnet.search.storage.header import ShardCard, damaged

RECORD: Final = np.dtype(
    [
        ("label", "<i8"),
        ("source", "<i8"),
        ("number", "<i8"),
        ("name_end", "<i8"),
        ("squared_length", "<f8"),
    ]
)
"""What is kept of a picture beside its vector: `name_end` is where its name ends in its shard's names."""


@final
class Shard:
    """Some consecutive pictures of an index, memory-mapped.

    Args:
        folder: of the index.
        card: what the header says of the shard.
        dimension, dtype: of its vectors.
    Raises:
        SearchError: a file is not what the header says.
    """

    def __init__(self, folder: Path, card: ShardCard, dimension: int, dtype: str) -> None:
        self.count = card.count
        self.vectors = mapped(folder / card.vectors, dtype, (card.count, dimension))
        """(count, D), as it is kept."""
        self.records = mapped(folder / card.records, RECORD, (card.count,))
        path = folder / card.names
        size = path.stat().st_size
        self._names = np.memmap(path, np.uint8, "c") if size else np.zeros(0, np.uint8)
        ends = self.records["name_end"]
        if ends[-1] != size or ends[0] < 0 or bool((np.diff(ends) < 0).any()):
            raise damaged(path, "its names do not end where they should")

    def name(self, row: int) -> str:
        """Return the name of a picture, 0 to count - 1; bytes that are no text come back as `os.fsdecode` has them."""
        ends = self.records["name_end"]
        return bytes(self._names[ends[row - 1] if row else 0 : ends[row]]).decode("utf-8", "surrogatepass")


@final
class OpenShard:
    """The files of a shard while it is written: its count is not known before its end."""

    def __init__(self, folder: Path, card: IndexCard) -> None:
        self.count = 0
        self._card, self._name_end = card, 0
        self._paths = [
            folder / f".{what}.{secrets.token_hex(4)}.tmp" for what in ("vectors", "records", "names")
        ]
        self._files: list[BinaryIO] = [open(path, "xb") for path in self._paths]  # noqa: SIM115  # closed by close
        self._headers()

    def _headers(self) -> None:
        """Write the headers of the two arrays: as long for any count, so that they can be written again."""
        for file, dtype, shape in (
            (self._files[0], np.dtype(self._card.dtype), (self.count, self._card.dimension)),
            (self._files[1], RECORD, (self.count,)),
        ):
            file.seek(0)
            values = {
                "descr": np.lib.format.dtype_to_descr(dtype),
                "fortran_order": False,
                "shape": shape,
            }
            np.lib.format.write_array_header_1_0(file, values)

    def write(self, rows: Rows) -> None:
        """Put rows after those that are there."""
        encoded = [name.encode("utf-8", "surrogatepass") for name in rows.names]
        records = np.zeros(len(encoded), RECORD)
        records["label"], records["source"], records["number"] = rows.labels, *rows.origins.T
        records["name_end"] = self._name_end + np.cumsum([len(name) for name in encoded])
        exact = as_float32(np.ascontiguousarray(rows.vectors))
        records["squared_length"] = np.einsum("nd,nd->n", exact, exact, dtype=np.float64)
        contents = (np.ascontiguousarray(rows.vectors).tobytes(), records.tobytes(), b"".join(encoded))
        for file, content in zip(self._files, contents, strict=True):
            file.write(content)
        self.count += len(encoded)
        self._name_end += sum(map(len, encoded))

    def end(self) -> list[Path]:
        """End the files, and return where they are."""
        self._headers()
        self.close()
        return self._paths

    def close(self) -> None:
        """Close the files as they are."""
        for file in self._files:
            file.close()


def mapped(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.ndarray:
    """Return the numbers of a .npy file, read when they are looked at.

    Raises:
        SearchError: it holds something else.
    """
    try:
        start = array_start(path, dtype, shape)
    except DataError as error:
        raise damaged(path, str(error)) from None
    return np.memmap(path, dtype, "c", start, shape)  # shared until it is written to, which nobody does


def as_float32(values: np.ndarray) -> np.ndarray:
    """Return floating numbers as float32: by torch, which converts fifteen times as fast as NumPy does."""
    return torch.from_numpy(values).float().numpy()
