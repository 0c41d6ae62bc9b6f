"""WebDataset: tar shards in which files of one picture share a key: 000012.jpg and 000012.cls (or .json)."""

import array
import json
import os
import re
from pathlib import Path

import numpy as np

from alexnet.data.sources.division import FRACTION, SEED
from alexnet.data.sources.files.archives import read_at, tar_members
from alexnet.data.sources.files.remote import file_fingerprint, read_file
from alexnet.data.sources.files.tarred import TarredFiles
from alexnet.data.sources.folders import ENDINGS, SYNONYMS, check_same_classes
from alexnet.data.sources.listed import Listed, divided
from alexnet.data.sources.source import SPLITS, natural
from alexnet.errors import DataError

_LABELS = (".cls", ".json", ".label")
_KEYS = ("label", "cls", "class", "target")


def is_webdataset(shard: str) -> bool:
    """Tell whether a tar archive begins with a picture and its label side by side."""
    endings: dict[str, set[str]] = {}
    files = TarredFiles([shard])
    try:
        for number, (name, _, _) in enumerate(tar_members(files.file(0), shard)):
            key, ending = _key(name)
            endings.setdefault(key, set()).add(ending)
            if endings[key] & set(_LABELS) and endings[key] & set(ENDINGS):
                return True
            if number > 64:
                break
    except DataError:
        return False
    return False


def webdataset(shards: list[str], name: str) -> Listed:
    """Open WebDataset shards.

    A shard's split is the word for one in its path (train, val, ...); without any, a part of each class is set
    aside for validation. Numbers as labels are named by a classnames.txt or classes.txt beside the shards, if
    there is one.

    Raises:
        DataError: a shard is damaged or cut off, or a picture has no label; the message names both.
    """
    files, values, splits = TarredFiles(shards), [], array.array("b")
    for number, shard in enumerate(shards):
        found = _pictures(files, number)
        values += found
        splits.extend([_split(shard)] * len(found))
    named = _names(os.path.dirname(os.path.abspath(shards[0])))
    numbered = all(value.isdecimal() and len(value) < 10 for value in set(values))
    if named and numbered:
        if (most := max(int(value) for value in values)) >= len(named):
            raise DataError(f"{name!r}: label {most}, but the list of class names has {len(named)}")
        values = [named[int(value)] for value in values]
    classes = tuple(named) if named and numbered else tuple(sorted(set(values), key=natural))
    known = {value: label for label, value in enumerate(classes)}
    labels, parts = np.array([known[v] for v in values], np.int32), np.frombuffer(splits, dtype=np.int8)
    if not (parts >= 0).all() or not (parts == 0).any():
        indices, division = (
            divided(labels, classes),
            {"method": "stratified", "fraction": FRACTION, "seed": SEED},
        )
    else:
        indices = {s: np.flatnonzero(parts == n) for n, s in enumerate(SPLITS) if (parts == n).any()}
        division = None
        training = tuple(classes[label] for label in np.unique(labels[indices["train"]]))
        for split, where in indices.items():
            check_same_classes(name, training, [classes[label] for label in np.unique(labels[where])], split)
    return Listed(
        name,
        classes=classes,
        splits=indices,
        labels=labels,
        read=files,
        fingerprint="webdataset 1 " + " ".join(file_fingerprint(shard) for shard in shards),
        notes={"origin": os.path.dirname(shards[0]), "shards": len(shards), "division": division},
    )


def _pictures(files: TarredFiles, number: int) -> list[str]:
    """Add a shard's pictures to the list; return their labels."""
    shard, file = files.archives[number], files.file(number)
    pictures: dict[str, tuple[int, int, str]] = {}
    labels: dict[str, str] = {}
    for name, start, size in tar_members(file, shard):
        key, ending = _key(name)
        if ending in ENDINGS:
            pictures[key] = (start, size, name)
        elif ending in _LABELS and size < 2**20:
            value = _label(read_at(file, start, size), ending)
            if value is not None:
                labels[key] = value
    for key, (start, size, name) in pictures.items():
        if key not in labels:
            raise DataError(
                f"{name!r} of shard {shard!r} has no label: expected {key}.cls or {key}.json beside it"
            )
        files.add(number, start, size, f"{os.path.basename(shard)}/{name}")
    return [labels[key] for key in pictures]


def _label(content: bytes, ending: str) -> str | None:
    """Return the label that a file holds."""
    text = content.decode("utf-8", "replace").strip()
    if ending != ".json":
        return text or None
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return next((str(row[key]) for key in _KEYS if key in row), None) if isinstance(row, dict) else None


def _key(name: str) -> tuple[str, str]:
    """Split a member's name into the key, up to the first dot of the last part, and the ending."""
    folder, _, last = name.rpartition("/")
    stem, dot, ending = last.partition(".")
    return f"{folder}/{stem}" if folder else stem, f"{dot}{ending}".lower()


def _split(shard: str) -> int:
    """Return the number of the split that a shard's path names, or -1."""
    path = Path(shard)
    words = set(re.findall(r"[a-z]+", f"{path.parent.name}/{path.name}".lower()))
    return next((n for n, split in enumerate(SPLITS) if words & set(SYNONYMS[split])), -1)


def _names(folder: str) -> list[str]:
    """Read the names of the classes beside the shards, or in the folder above them."""
    for directory in (folder, os.path.dirname(folder)):
        for name in ("classnames.txt", "classes.txt"):
            path = Path(directory, name)
            if path.is_file():
                lines = read_file(path).decode("utf-8", "surrogateescape").split("\n")
                return lines[:-1] if len(lines) > 1 and not lines[-1] else lines
    return []
