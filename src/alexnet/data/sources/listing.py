"""Lists of pictures: CSV, TSV or JSON lines with `file_name`, `label` and perhaps `split`."""

import array
import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from alexnet.data.sources.division import FRACTION, SEED
from alexnet.data.sources.files.places import content, fingerprint, remote
from alexnet.data.sources.folders import SYNONYMS, same_classes
from alexnet.data.sources.listed import Listed, divided
from alexnet.data.sources.source import SPLITS, natural
from alexnet.data.sources.texts import Texts
from alexnet.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
_FILE_COLUMNS = ("file_name", "filename", "file", "path", "image")
_LABEL_COLUMNS = ("label", "class", "target")


class ListedFiles:
    """Reads the files that a list names: relative to the list's folder, absolute, or remote."""

    def __init__(self, folder: str, names: Texts) -> None:
        self.folder, self.names = folder, names

    def __call__(self, place: int) -> tuple[str, bytes | DataError]:
        name = self.names[place]
        try:
            return name, content(name if remote(name) else os.path.join(self.folder, name))
        except DataError as error:
            return name, error


def listing(path: str | Path) -> Listed:
    """Open a list of pictures.

    Its first line, or each JSON object, names the columns: `file_name` (or filename, file, path, image), `label`
    (or class, target) and perhaps `split`. Classes are in natural order of their names. Without a column `split`,
    a part of each class is set aside for validation.

    Raises:
        DataError: with the line, what is wrong in it; or classes differ between the splits.
    """
    place = os.fspath(path)
    names, numbers, splits = Texts(), array.array("i"), array.array("b")
    classes: dict[str, int] = {}
    for line, row in _rows(place):
        file, label = _value(row, _FILE_COLUMNS, place, line), _value(row, _LABEL_COLUMNS, place, line)
        names.append(file)
        numbers.append(classes.setdefault(label, len(classes)))
        splits.append(_split(row, place, line))
    if not names:
        raise DataError(f"{place!r} lists no pictures")
    ordered = sorted(classes, key=natural)
    to_label = np.empty(len(classes), dtype=np.int32)
    to_label[[classes[name] for name in ordered]] = np.arange(len(classes))
    labels, parts = to_label[np.frombuffer(numbers, dtype=np.int32)], np.frombuffer(splits, dtype=np.int8)
    return Listed(
        Path(place).stem,
        classes=tuple(ordered),
        splits=_places(parts, labels, tuple(ordered), place),
        labels=labels,
        read=ListedFiles(os.path.dirname(os.path.abspath(place)), names),
        fingerprint=f"listing 1 {fingerprint(place)}",
        notes={"origin": place, "division": None if parts.max() >= 0 else _DIVISION},
    )


_DIVISION = {"method": "stratified", "fraction": FRACTION, "seed": SEED}


def _rows(place: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the line and the fields of each row; names of undecodable bytes come back as they were."""
    try:
        with open(place, encoding="utf-8", errors="surrogateescape", newline="") as file:
            yield from _json_rows(file, place) if place.endswith(ENDINGS[2:]) else _table_rows(file, place)
    except OSError as error:
        raise DataError(f"{place!r} cannot be read: {error.strerror}") from None


def _table_rows(file: TextIO, place: str) -> Iterator[tuple[int, dict[str, object]]]:
    reader = csv.reader(file, delimiter="\t" if place.endswith(".tsv") else ",", strict=True)
    try:
        columns = [column.strip().lstrip("\ufeff") for column in next(reader, [])]
        for row in reader:
            if len(row) != len(columns):
                if not row:
                    continue
                raise DataError(
                    f"{place}:{reader.line_num}: {len(row)} fields, the first line names {len(columns)}: {columns}"
                )
            yield reader.line_num, dict(zip(columns, row, strict=True))
    except csv.Error as error:
        raise DataError(f"{place}:{reader.line_num}: {error}") from None


def _json_rows(file: TextIO, place: str) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{place}:{number}: no JSON: {error}") from None
        if not isinstance(row, dict):
            raise DataError(f"{place}:{number}: expected a JSON object, found {type(row).__name__}")
        yield number, row


def _value(row: dict[str, object], known: tuple[str, ...], place: str, line: int) -> str:
    """Return the field of one of the known names; it must be there and not empty."""
    for column in known:
        if column in row:
            value = row[column]
            if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
                raise DataError(f"{place}:{line}: {column} is {value!r}: expected a name")
            return str(value)
    raise DataError(f"{place}:{line}: no {known[0]}; the columns are {', '.join(row) or 'none'}")


def _split(row: dict[str, object], place: str, line: int) -> int:
    """Return the number of a row's split in `SPLITS`, or -1 where the list has none."""
    if "split" not in row:
        return -1
    for number, split in enumerate(SPLITS):
        if str(row["split"]).lower() in SYNONYMS[split]:
            return number
    raise DataError(f"{place}:{line}: split is {row['split']!r}: expected one of {', '.join(SPLITS)}")


def _places(
    parts: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], place: str
) -> dict[str, np.ndarray]:
    """Return the places of each split, dividing where the list does not."""
    if parts.max() < 0:
        return divided(labels, classes)
    if parts.min() < 0:
        raise DataError(f"{place!r} names the split of some pictures only: name it for all or for none")
    splits = {
        split: np.flatnonzero(parts == number)
        for number, split in enumerate(SPLITS)
        if (parts == number).any()
    }
    if "train" not in splits:
        raise DataError(f"{place!r} lists no training pictures: its splits are {', '.join(splits)}")
    training = {classes[label] for label in np.unique(labels[splits["train"]])}
    for split in splits:
        present = [classes[label] for label in np.unique(labels[splits[split]])]
        same_classes(place, tuple(sorted(training, key=natural)), present, split)
    return splits
