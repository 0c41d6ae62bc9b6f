"""From a source to a prepared data set on the disk.

Pictures are decoded once, squared and stored in shards; labels are numbers by the source's order of
classes; the mean and the colour components of the training pictures are computed on the way. The card comes
last: a directory that has one is finished.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from alexnet import files
from alexnet.data.dataset import CARD, FORMAT, Dataset
from alexnet.data.images import INTERPOLATION, decoder
from alexnet.data.shards import Shard, read_sums, shards, write_shard
from alexnet.data.sources.opening import open_source
from alexnet.data.sources.source import Source
from alexnet.data.statistics import Sums
from alexnet.errors import DataError

TOLERANCE = 0.05
_PLAN = "plan.json"


def prepare(
    source: str | Path | Source, directory: str | Path, *, side: int = 256, tolerance: float = TOLERANCE
) -> Dataset:
    """Prepare a data set: decode, square, store, and compute the statistics.

    A preparation that was interrupted goes on where it stopped; one that is finished is opened.

    Args:
        source: a path that `open_source` understands, or a source.
        directory: where to write; made if it is not there, otherwise empty or a preparation of the same
            source.
        side: height and width of the stored pictures, in pixels. Section 2 of the paper: 256.
        tolerance: the largest part of a split that may be unreadable and skipped, 0 to 1.
    Returns:
        the prepared data set, opened.
    Raises:
        DataError: the source cannot be used, too many of its pictures cannot be read, a class has none
            left, or the directory holds something else.
    """
    if side < 1:
        raise ValueError(f"side is {side}: expected at least 1 pixel")
    if isinstance(source, str | Path):
        source = open_source(source)
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with files.locked(directory):
        plan = {"format": FORMAT, "source": source.fingerprint(), "side": side, "decoder": decoder()}
        key = hashlib.sha256(json.dumps(plan, sort_keys=True).encode("ascii")).hexdigest()
        if not _finished(directory, key):
            _begin(directory, key)
            work = shards(source, side)
            try:
                records = [_record(source, shard, directory, side) for shard in work]
                _check(source, work, records, directory, tolerance)
            except DataError:
                _clear(directory, work)
                raise
            _finish(source, work, records, directory, side, key)
        return Dataset.open(directory)


def _finished(directory: Path, key: str) -> bool:
    """Tell whether the directory holds this preparation, finished; refuse another one."""
    if not (directory / CARD).exists():
        return False
    if json.loads((directory / CARD).read_text(encoding="ascii")).get("key") != key:
        raise DataError(
            f"{os.fspath(directory)!r} holds another prepared data set (source, side or decoder differ): "
            "choose another directory or remove it"
        )
    for leftover in _leftovers(directory):
        leftover.unlink()
    return True


def _begin(directory: Path, key: str) -> None:
    """Mark the directory as being prepared; refuse one that holds anything else."""
    plan = directory / _PLAN
    if plan.exists():
        if plan.read_text(encoding="ascii") != key:
            raise DataError(
                f"{os.fspath(directory)!r} holds an unfinished preparation of something else: "
                "choose another directory or remove it"
            )
    elif any(directory.iterdir()):
        raise DataError(f"{os.fspath(directory)!r} is not empty: choose another directory")
    files.write_text(plan, key)
    for leftover in directory.glob(".*.tmp"):
        leftover.unlink()


def _record(source: Source, shard: Shard, directory: Path, side: int) -> dict[str, Any]:
    """Return a shard's record, writing the shard unless it is finished."""
    path = shard.file(directory, "json")
    if path.exists():
        record: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
        return record
    return write_shard(source, shard, directory, side)


def _check(
    source: Source, work: list[Shard], records: list[dict[str, Any]], directory: Path, tolerance: float
) -> None:
    """Refuse a data set that lost too many pictures, or all of a class."""
    for split in source.splits:
        pairs = [(shard, record) for shard, record in zip(work, records, strict=True) if shard.split == split]
        listed = sum(record["listed"] for _, record in pairs)
        skipped = [entry for _, record in pairs for entry in record["skipped"]]
        if not listed:
            raise DataError(f"{split} of {source.name!r} lists no pictures")
        if len(skipped) > tolerance * listed:
            first = skipped[0]
            raise DataError(
                f"{len(skipped)} of {listed} {split} pictures of {source.name!r} cannot be read, more than "
                f"{tolerance:.0%}; the first is {first['name']!r} ({first['reason']}): mend or remove them"
            )
        counts = sum(_counts(shard, directory, len(source.classes)) for shard, _ in pairs)
        if empty := [source.classes[label] for label in np.flatnonzero(counts == 0)]:
            raise DataError(
                f"{split} of {source.name!r} has no readable picture of {len(empty)} of its "
                f"{len(source.classes)} classes, the first {empty[0]!r}: add some or remove the class"
            )


def _finish(
    source: Source, work: list[Shard], records: list[dict[str, Any]], directory: Path, side: int, key: str
) -> None:
    """Write the statistics and the card, then remove what only the preparation needed."""
    sums = Sums.zero(side)
    splits: dict[str, Any] = {}
    skipped: list[dict[str, str]] = []
    for split in source.splits:
        pairs = [(shard, record) for shard, record in zip(work, records, strict=True) if shard.split == split]
        for shard, record in pairs:
            skipped += [{"split": split, **entry} for entry in record["skipped"]]
            if split == "train":
                sums.merge(read_sums(shard, directory, record))
        counts = sum(_counts(shard, directory, len(source.classes)) for shard, _ in pairs)
        splits[split] = {
            "pictures": int(np.sum(counts)),
            "pictures_per_class": np.asarray(counts).tolist(),
            "shards": [{"count": record["count"], "sha256": record["sha256"]} for _, record in pairs],
        }
    with files.written_whole(directory / "mean.npy") as path, open(path, "wb") as file:
        np.save(file, sums.mean())
    files.write_text(directory / "skipped.jsonl", "".join(json.dumps(entry) + "\n" for entry in skipped))
    card = {
        "format": FORMAT,
        "key": key,
        "name": source.name,
        "source": dict(source.notes),
        "side": side,
        "encoding": "raw",
        "decoder": decoder(),
        "interpolation": INTERPOLATION,
        "classes": [{"name": name, "words": source.words.get(name, name)} for name in source.classes],
        "splits": splits,
        "skipped": len(skipped),
        "colour_components": sums.colour_components().tolist(),
        "fingerprint": _fingerprint(source, side, splits),
    }
    files.write_text(directory / CARD, json.dumps(card, indent=1) + "\n")
    for leftover in _leftovers(directory):
        leftover.unlink()


def _fingerprint(source: Source, side: int, splits: dict[str, Any]) -> str:
    """Hash the content: class names, side, pixels and labels of every split in order."""
    content = {
        "classes": source.classes,
        "side": side,
        "splits": {
            split: [
                [shard["sha256"]["images.npy"], shard["sha256"]["labels.npy"]] for shard in card["shards"]
            ]
            for split, card in splits.items()
        },
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def _counts(shard: Shard, directory: Path, classes: int) -> np.ndarray:
    """Count a shard's pictures of each class."""
    return np.bincount(np.load(shard.file(directory, "labels.npy")), minlength=classes)


def _leftovers(directory: Path) -> list[Path]:
    """List what only an unfinished preparation needs."""
    return [
        path
        for pattern in (_PLAN, "*-*.sums.npy", "*-*[0-9].json", ".*.tmp")
        for path in directory.glob(pattern)
    ]


def _clear(directory: Path, work: list[Shard]) -> None:
    """Remove everything that a refused preparation wrote."""
    for shard in work:
        for path in directory.glob(f"{shard.split}-{shard.number:05d}.*"):
            path.unlink()
    for leftover in _leftovers(directory):
        leftover.unlink()
