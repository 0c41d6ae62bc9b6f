"""A shard: some thousand pictures of one split in a few plain files.

    train-00000.images.npy    the pictures, or .images.jpegs and .offsets.npy: see `encoding`
    train-00000.labels.npy    int64, (n,): indices of the card's classes
    train-00000.names.jsonl   n lines, each a name as JSON text (ASCII, so that any bytes come back)
    train-00000.json          how many were listed, what could not be read and why, SHA-256 of each file

The last is written last: a shard that has it is finished. Which pictures a shard holds depends on the source and
the side alone, so any number of workers writes the same bytes.
"""

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from alexnet import files
from alexnet.data.decoding.images import square, square_pixels
from alexnet.data.preparation.statistics import Sums
from alexnet.data.sources.source import Example, Source
from alexnet.data.storage.arrays import read_array, write_array
from alexnet.data.storage.encoding import QUALITY, file_endings, writer
from alexnet.data.storage.shard_files import shard_file
from alexnet.data.workers.jobs import OnProgress, Part, class_labels, divided, label_of
from alexnet.errors import AlexNetError, DataError

PIXELS = 2**26  # at most, in the pictures of a shard: three bytes each make 192 MiB
PICTURES = 2**16  # at most, of a shard: their names lie in memory while it is written

_BLOCK = 64  # pictures summed and written at once


@dataclass(frozen=True)
class Shard(Part):
    """One shard of a plan."""

    def file(self, directory: Path, ending: str) -> Path:
        """Return the path of one of its files."""
        return shard_file(directory, self.split, self.number, ending)


@dataclass(frozen=True)
class Plan:
    """What every shard of a preparation has in common."""

    source: Source
    directory: Path
    side: int
    encoding: str = "raw"
    quality: int = QUALITY
    quarantine: Mapping[str, str] = field(default_factory=dict)
    """Names of pictures to leave out, and why."""

    def shards(self) -> list[Shard]:
        """Divide every split into shards of at most `PIXELS`: 1,024 pictures at a side of 256."""
        size = min(PIXELS // self.side**2, PICTURES) or 1
        return [Shard(part.split, part.number, part.start, part.stop) for part in divided(self.source, size)]

    def do(self, part: Shard, on_progress: OnProgress, known_bad: Mapping[int, str]) -> dict[str, Any]:
        """Write a shard, and return its record."""
        return write_shard(self, part, on_progress, known_bad)

    def failed(self, full: bool, words: str) -> AlexNetError:
        """Return the error for a disk that is full, or refuses."""
        return disk_error(full, words, self.directory)


def write_shard(
    plan: Plan,
    shard: Shard,
    on_progress: OnProgress = lambda entry, decoding: None,
    known_bad: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """Decode, square and write the pictures of one shard, and then its record.

    Args:
        plan: where and how.
        shard: which entries.
        on_progress: called with the number of each entry and whether it is about to be decoded, or has been.
        known_bad: entries whose pictures took a process down before, and how.
    Returns:
        the record: `listed`, `count`, `skipped` (names and reasons of the unreadable), `sha256` of each file, and the
        sums of colour products; for training pictures, the sums of the pixels lie beside it as `sums.npy`.
    """
    path_of = functools.partial(shard.file, plan.directory)
    labels: list[int] = []
    names: list[str] = []
    unreadable: list[dict[str, str]] = []
    block: list[np.ndarray] = []
    class_numbers = class_labels(plan.source)
    sums = Sums.zero(plan.side)
    with writer(plan.encoding, path_of, plan.side, plan.quality) as add:

        def flush() -> None:
            if block:
                images = np.stack(block)
                if shard.split == "train":
                    sums.add(images)
                add(images)
                block.clear()

        for entry, example in enumerate(
            plan.source.examples(shard.split, shard.start, shard.stop), shard.start
        ):
            label = label_of(example, class_numbers)
            on_progress(entry, True)
            try:
                _refuse(example, plan.quarantine.get(example.name), (known_bad or {}).get(entry))
                block.append(_square(example, plan.side))
            except DataError as error:
                unreadable.append({"name": example.name, "reason": str(error)})
            else:
                labels.append(label)
                names.append(example.name)
            on_progress(entry + 1, False)
            if len(block) == _BLOCK:
                flush()
        flush()
    write_array(path_of("labels.npy"), np.array(labels, dtype=np.int64))
    files.write_text(path_of("names.jsonl"), "".join(json.dumps(name) + "\n" for name in names))
    if shard.split == "train":
        write_array(path_of("sums.npy"), sums.pixels)
    endings = (*file_endings(plan.encoding), "labels.npy", "names.jsonl")
    record = {
        "listed": shard.stop - shard.start,
        "count": len(labels),
        "skipped": unreadable,
        "products": sums.products.tolist(),
        "sha256": {ending: files.sha256(path_of(ending)) for ending in endings},
    }
    files.write_text(path_of("json"), json.dumps(record, indent=1) + "\n")
    return record


def disk_error(full: bool, words: str, directory: Path) -> AlexNetError:
    """Return the error for a disk that is full, or refuses."""
    shown = os.fspath(directory)
    elsewhere = ", or name another folder by ALEXNET_HOME" if directory.is_relative_to(files.home()) else ""
    if full:
        return AlexNetError(
            f"the disk of {shown!r} is full: shards that are finished stay; make room and run the same again{elsewhere}"
        )
    return AlexNetError(
        f"{shown!r} cannot be written ({words}), shards that are finished stay: mend that{elsewhere}"
    )


def read_record(shard: Shard, directory: Path) -> dict[str, Any] | None:
    """Return the record of a finished shard; None for one that is not, or whose record is damaged."""
    try:
        record = json.loads(files.read_bounded(shard.file(directory, "json")).decode("ascii"))
    except (OSError, ValueError, RecursionError):  # absent, or cut off by a machine that lost its power
        return None
    wanted = {"listed": int, "count": int, "skipped": list, "products": list, "sha256": dict}
    sound = isinstance(record, dict) and all(
        isinstance(record.get(key), kind) for key, kind in wanted.items()
    )
    return record if sound else None


def read_sums(plan: Plan, shard: Shard, record: dict[str, Any]) -> Sums:
    """Read back the sums over a finished shard's training pictures; DataError where they are damaged."""
    pixels = read_array(shard.file(plan.directory, "sums.npy"), np.int64, (3, plan.side, plan.side))
    return Sums(record["count"], pixels, np.array(record["products"], dtype=np.int64))


def _refuse(example: Example, *reasons: str | None) -> None:
    """Raise the first reason there is for leaving an example out."""
    if isinstance(example.content, DataError):
        raise example.content
    for reason in reasons:
        if reason:
            raise DataError(reason)


def _square(example: Example, side: int) -> np.ndarray:
    if isinstance(example.content, bytes):
        return square(example.content, side)
    assert isinstance(example.content, np.ndarray)
    return square_pixels(example.content, side)
