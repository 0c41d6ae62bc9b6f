"""Rows as CSV, JSON lines or parquet: the file is there whole, or as it was before."""

import contextlib
import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from alexnet.errors import AlexNetError, DataError
from alexnet.evaluation.predictions import parquet
from alexnet.files import written_whole

WriteRows = Callable[[Sequence[Mapping[str, Any]]], None]
Format = Callable[[Path, Sequence[str]], AbstractContextManager[WriteRows]]
"""From a path and the columns of a row to what writes rows there."""


def writable(path: str | Path, endings: Sequence[str]) -> Path:
    """Return the path of a file that can be written there, before anything is computed.

    Args:
        path: of the file.
        endings: that name a format.
    Raises:
        AlexNetError: it cannot, or its format has no name or needs pyarrow, which is not installed.
    """
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise AlexNetError(f"{path} names no format of predictions: it ends in {', '.join(endings)}")
    if path.suffix.lower() == ".parquet":
        parquet.library()
    if not os.path.isdir(path.parent) or not os.access(path.parent, os.W_OK):
        raise AlexNetError(f"{path} cannot be written: {path.parent} is no folder that we may write in")
    if os.path.exists(path) and not os.path.isfile(path):
        raise AlexNetError(f"{path} cannot be written: it is no regular file, and is not replaced")
    return path


@contextlib.contextmanager
def written_rows(
    path: Path, columns: Sequence[str], more: Mapping[str, Format] | None = None
) -> Iterator[WriteRows]:
    """Give what writes rows to a file that takes its place when all is written.

    Args:
        path: of the file, as `writable` gives it.
        columns: of a row, in their order.
        more: formats beside the three, by their endings.
    Raises:
        AlexNetError: it cannot be written.
        DataError: its format cannot hold a name.
    """
    ending = path.suffix.lower()
    try:
        with (
            written_whole(path) as temporary,
            {**_FORMATS, **(more or {})}[ending](temporary, columns) as write,
        ):
            yield write
    except UnicodeEncodeError as error:
        raise DataError(
            f"{error.object[:80]!r} is a name that {ending} cannot hold: write .csv or .jsonl"
        ) from None
    except OSError as error:
        raise AlexNetError(f"{path} cannot be written: {error.strerror}; give another file") from error


@contextlib.contextmanager
def _csv(path: Path, columns: Sequence[str]) -> Iterator[WriteRows]:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        yield lambda rows: writer.writerows([_shown(value) for value in row.values()] for row in rows)


@contextlib.contextmanager
def _json_lines(path: Path, columns: Sequence[str]) -> Iterator[WriteRows]:
    with open(path, "w", encoding="ascii") as file:
        yield lambda rows: file.writelines(json.dumps(_short(row)) + "\n" for row in rows)


_FORMATS: Final[Mapping[str, Format]] = {".csv": _csv, ".jsonl": _json_lines, ".parquet": parquet.writing}


def _shown(value: object) -> object:
    """Return a probability as the shortest text that is the same float32 again; anything else as it is."""
    return f"{value:.9g}" if isinstance(value, float) else value


def _short(value: object) -> object:
    """Return plain values with numbers of no more digits than a float32 has."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, Mapping):
        return {name: _short(entry) for name, entry in value.items()}
    return [_short(entry) for entry in value] if isinstance(value, list) else value
