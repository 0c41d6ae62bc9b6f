"""Lists of pictures as tables: CSV, TSV or JSON lines with `file_name`, `label` and perhaps `split`."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from alexnet.data.sources.files.remote import file_fingerprint
from alexnet.data.sources.folders import SYNONYMS
from alexnet.data.sources.listed import Listed
from alexnet.data.sources.lists.entries import Entry, lines, list_of_files, open_list
from alexnet.data.sources.source import SPLITS
from alexnet.errors import DataError

ENDINGS: Final = (".csv", ".tsv", ".jsonl", ".ndjson")
_FILE_COLUMNS: Final = ("file_name", "filename", "file", "path", "image")
_LABEL_COLUMNS: Final = ("label", "class", "target")


def listing(path: str | Path) -> Listed:
    """Open a list of pictures.

    Its first line, or each JSON object, names the columns: `file_name` (or filename, file, path, image), `label`
    (or class, target) and perhaps `split`. Classes are in natural order of their names. Without a column `split`,
    a part of each class is set aside for validation.

    Raises:
        DataError: with the line, what is wrong in it; or classes differ between the splits.
    """
    path = os.fspath(path)
    return list_of_files(path, _entries(path), f"listing 1 {file_fingerprint(path)}")


def _entries(path: str) -> Iterator[Entry]:
    with open_list(path) as file:
        rows = json_rows if path.lower().endswith(ENDINGS[2:]) else table_rows
        for line, row in rows(file, path):
            where = f"{path}:{line}"
            yield Entry(
                _value(row, _FILE_COLUMNS, where), _value(row, _LABEL_COLUMNS, where), _split(row, where)
            )


def table_rows(file: TextIO, path: str, *, distinct: bool = False) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the line and the fields of each row; `distinct` refuses two columns of one name, the last counts else."""
    delimiter = "\t" if path.lower().endswith(".tsv") else ","
    reader = csv.reader(lines(file, path), delimiter=delimiter, strict=True)
    try:
        columns = [column.strip().lstrip("\ufeff") for column in next(reader, [])]
        if distinct and len(set(columns)) < len(columns):
            raise DataError(f"{path}:1: a column comes twice")
        for row in reader:
            if len(row) != len(columns):
                if not row:
                    continue
                raise DataError(
                    f"{path}:{reader.line_num}: {len(row)} fields, the first line names {len(columns)}: {columns}"
                )
            yield reader.line_num, dict(zip(columns, row, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: {error}") from None


def json_rows(file: TextIO, path: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the line and the fields of each object."""
    for number, line in enumerate(lines(file, path), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}:{number}: no JSON: {error}") from None
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: expected a JSON object, found {type(row).__name__}")
        yield number, row


def _value(row: dict[str, object], known: tuple[str, ...], where: str) -> str:
    """Return the field of one of the known names; it must be there and not empty."""
    for column in known:
        if column in row:
            value = row[column]
            if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
                raise DataError(f"{where}: {column} is {str(value)[:80]!r}: expected a name")
            try:
                str(value).encode("utf-8", "surrogateescape")
            except UnicodeEncodeError:  # half of a character, which only JSON can write
                raise DataError(f"{where}: {column} is {str(value)[:80]!r}: it is no text") from None
            return str(value)
    raise DataError(f"{where}: no {known[0]}; the columns are {', '.join(row)[:200] or 'none'}")


def _split(row: dict[str, object], where: str) -> str | None:
    """Return a row's split, or None where the list has none."""
    if "split" not in row:
        return None
    for split in SPLITS:
        if str(row["split"]).lower() in SYNONYMS[split]:
            return split
    raise DataError(f"{where}: split is {str(row['split'])[:80]!r}: expected one of {', '.join(SPLITS)}")
