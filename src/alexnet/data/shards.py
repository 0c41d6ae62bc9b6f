"""A shard: some thousand pictures of one split in a few plain files.

    train-00000.images.npy    uint8, (n, 3, side, side), RGB
    train-00000.labels.npy    int64, (n,)
    train-00000.names.jsonl   n lines, each a name as JSON text (ASCII, so that any bytes come back)
    train-00000.json          how many were listed, what was skipped and why, SHA-256 of each file

The last is written last: a shard that has it is finished. Which pictures a shard holds depends on the
source and the side alone, so any number of workers writes the same bytes.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from alexnet import files
from alexnet.data.images import square, square_pixels
from alexnet.data.sources.source import Example, Source
from alexnet.data.statistics import Sums
from alexnet.errors import DataError

PIXELS = 2**26  # at most, in the pictures of a shard: three bytes each make 192 MiB

_HEADER = 128  # bytes before the pixels: room for any shape
_BLOCK = 64  # pictures summed at once


@dataclass(frozen=True)
class Shard:
    """One shard of a plan: entries `start` to `stop` of a split's listing."""

    split: str
    number: int
    start: int
    stop: int

    def file(self, directory: Path, ending: str) -> Path:
        """Return the path of one of its files."""
        return directory / f"{self.split}-{self.number:05d}.{ending}"


def shards(source: Source, side: int) -> list[Shard]:
    """Divide every split into shards of at most `PIXELS`: 1,024 pictures at a side of 256."""
    size = PIXELS // side**2 or 1
    return [
        Shard(split, number, start, min(start + size, count))
        for split in source.splits
        for count in (source.count(split),)
        for number, start in enumerate(range(0, count, size))
    ]


def write_shard(source: Source, shard: Shard, directory: Path, side: int) -> dict[str, Any]:
    """Decode, square and write the pictures of one shard, and then its record.

    Returns:
        the record: `listed`, `count`, `skipped` (names and reasons), `sha256` of each file, and for training
        pictures the sums of colour products; those of the pixels lie beside it as `sums.npy`.
    """
    labels: list[int] = []
    names: list[str] = []
    skipped: list[dict[str, str]] = []
    numbers = {name: label for label, name in enumerate(source.classes)}
    sums = Sums.zero(side)
    with files.written_whole(shard.file(directory, "images.npy")) as path, open(path, "wb") as file:
        file.write(b"\0" * _HEADER)
        block: list[np.ndarray] = []
        for example in source.examples(shard.split, shard.start, shard.stop):
            try:
                block.append(_square(example, side))
            except DataError as error:
                skipped.append({"name": example.name, "reason": str(error)})
                continue
            labels.append(numbers[example.label])
            names.append(example.name)
            if len(block) == _BLOCK:
                _write_block(block, file, sums)
        _write_block(block, file, sums)
        file.seek(0)
        file.write(_header((len(labels), 3, side, side)))
    _write_array(shard.file(directory, "labels.npy"), np.array(labels, dtype=np.int64))
    files.write_text(shard.file(directory, "names.jsonl"), "".join(json.dumps(name) + "\n" for name in names))
    if shard.split == "train":
        _write_array(shard.file(directory, "sums.npy"), sums.pixels)
    endings = ("images.npy", "labels.npy", "names.jsonl")
    record = {
        "listed": shard.stop - shard.start,
        "count": len(labels),
        "skipped": skipped,
        "products": sums.products.tolist(),
        "sha256": {ending: files.sha256(shard.file(directory, ending)) for ending in endings},
    }
    files.write_text(shard.file(directory, "json"), json.dumps(record, indent=1) + "\n")
    return record


def read_sums(shard: Shard, directory: Path, record: dict[str, Any]) -> Sums:
    """Read back the sums over a finished shard's pictures."""
    pixels = np.load(shard.file(directory, "sums.npy"))
    return Sums(record["count"], pixels, np.array(record["products"], dtype=np.int64))


def _square(example: Example, side: int) -> np.ndarray:
    if isinstance(example.content, DataError):
        raise example.content
    if isinstance(example.content, bytes):
        return square(example.content, side)
    return square_pixels(example.content, side)


def _write_block(block: list[np.ndarray], file: BinaryIO, sums: Sums) -> None:
    """Write the pictures gathered so far and empty the block."""
    if block:
        images = np.stack(block)
        sums.add(images)
        file.write(images.data)
        block.clear()


def _write_array(path: Path, array: np.ndarray) -> None:
    with files.written_whole(path) as temporary, open(temporary, "wb") as file:
        np.save(file, array)


def _header(shape: tuple[int, ...]) -> bytes:
    """Return a .npy header of version 1 for uint8 of a shape, padded to `_HEADER` bytes."""
    text = repr({"descr": "|u1", "fortran_order": False, "shape": shape})
    space = _HEADER - 10
    return b"\x93NUMPY\x01\x00" + space.to_bytes(2, "little") + text.encode("latin1").ljust(space - 1) + b"\n"
