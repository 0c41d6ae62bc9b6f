"""The Hub's parquet layout: train-00000-of-00001.parquet with a column of pictures and one of labels."""

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from alexnet.data.sources.files.remote import file_fingerprint
from alexnet.data.sources.folders import SYNONYMS
from alexnet.data.sources.source import SPLITS, Example, natural
from alexnet.errors import DataError, missing

IMAGE_COLUMNS = ("image", "img", "jpg", "picture")
LABEL_COLUMNS = ("label", "fine_label", "labels", "target", "class")
_SHARD = re.compile(r"([A-Za-z]+)[^/]*\.parquet$")


class Parquet:
    """Pictures in parquet files, as the Hub stores them.

    The column of pictures holds structs of `bytes` (and `path`) or bytes; labels are integers, named by the
    Hub's metadata in the schema where there are any, or texts.

    Args:
        directory: a folder of parquet files named by their split, possibly in a folder `data`.
    Raises:
        DataError: no such files, or columns that cannot be understood.
        AlexNetError: pyarrow is not installed.
    """

    words: Mapping[str, str] = {}

    def __init__(self, directory: str | Path) -> None:
        self.origin = os.path.abspath(directory)
        self.name = os.path.basename(self.origin)
        self._files = _files(Path(self.origin))
        self.splits = tuple(split for split in SPLITS if split in self._files)
        if "train" not in self._files:
            raise DataError(
                f"{self.origin!r} holds no train-*.parquet: its splits are {', '.join(self.splits) or 'none'}"
            )
        with _reading(self._files["train"][0]):
            schema = _parquet().ParquetFile(self._files["train"][0]).schema_arrow
        self._image = column(schema.names, IMAGE_COLUMNS, self.origin)
        self._label = column(schema.names, LABEL_COLUMNS, self.origin)
        self._names = _class_names(schema, self._label)
        self._rows = {s: [_count(file) for file in files] for s, files in self._files.items()}
        self.classes = tuple(self._names) if self._names else self._values()
        self.notes: Mapping[str, object] = {"origin": self.origin, "columns": [self._image, self._label]}

    def count(self, split: str) -> int:
        """Return how many rows a split has."""
        return sum(self._rows[split])

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the rows of a split in order; row groups outside the range are not read."""
        stop = self.count(split) if stop is None else min(stop, self.count(split))
        first = 0
        for path, rows in zip(self._files[split], self._rows[split], strict=True):
            if first < stop and first + rows > start:
                yield from self._rows_of(path, start - first, stop - first)
            first += rows

    def fingerprint(self) -> str:
        """Return a hash of the files' paths, sizes and times."""
        return "parquet 1 " + " ".join(file_fingerprint(f) for s in self.splits for f in self._files[s])

    def _rows_of(self, path: Path, start: int, stop: int) -> Iterator[Example]:
        with _reading(path):
            file, first = _parquet().ParquetFile(path), 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if first < stop and first + rows > start:
                with _reading(path):
                    table = file.read_row_group(group, columns=[self._image, self._label])
                    images, labels = table.column(self._image), table.column(self._label)
                for row in range(max(start - first, 0), min(stop - first, rows)):
                    image, label = images[row].as_py(), labels[row].as_py()
                    yield example(f"{path.name} row {first + row}", image, label, self._names, self.origin)
            first += rows

    def _values(self) -> tuple[str, ...]:
        """Collect the class names from the labels where the schema names none."""
        found: set[str] = set()
        for path in self._files["train"]:
            with _reading(path):
                labels = _parquet().ParquetFile(path).read(columns=[self._label])[self._label]
                found.update(str(value) for value in labels.unique().to_pylist())
        return tuple(sorted(found, key=natural))


def example(name: str, image: Any, label: Any, names: list[str], origin: str) -> Example:
    """Make an example of a row's fields.

    Args:
        name: of the row, for people.
        image: a struct with `bytes`, or bytes.
        label: a number into `names` where there are any, else the class itself.
        names: the names of the classes, or none.
        origin: of the data set, for messages.
    """
    content = image.get("bytes") if isinstance(image, dict) else image
    if not isinstance(content, bytes):
        content = DataError("unreadable: the row holds no bytes")
    if names:
        if not isinstance(label, int) or not 0 <= label < len(names):
            raise DataError(f"{name} of {origin!r}: label {label!r} is not 0 to {len(names) - 1}")
        return Example(name, content, names[label])
    return Example(name, content, str(label))


def _files(directory: Path) -> dict[str, list[Path]]:
    """Find the parquet files of each split, in natural order."""
    folder = directory / "data" if not list(directory.glob("*.parquet")) else directory
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.parquet"), key=lambda path: natural(path.name)):
        if not path.is_file():  # a pipe would be waited for
            raise DataError(f"{os.fspath(path)!r} is not a regular file: move it away")
        match = _SHARD.match(path.name)
        split = next((s for s, names in SYNONYMS.items() if match and match[1].lower() in names), None)
        if split:
            found.setdefault(split, []).append(path)
    return found


def column(names: list[str], known: tuple[str, ...], origin: str) -> str:
    """Return the first column of a known name."""
    for name in known:
        if name in names:
            return name
    raise DataError(f"{origin!r} has the columns {', '.join(names)}: expected one of {', '.join(known)}")


def _class_names(schema: Any, column: str) -> list[str]:
    """Read the class names from the Hub's metadata; empty where there are none."""
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        return [str(name) for name in features[column]["names"]]
    except (KeyError, TypeError, ValueError, RecursionError):
        return []


def _count(path: Path) -> int:
    """Return how many rows a file has."""
    with _reading(path):
        return int(_parquet().ParquetFile(path).metadata.num_rows)


@contextlib.contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    """Tell of a file that Arrow cannot read, whatever it raises."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{os.fspath(path)!r} cannot be read: {' '.join(str(error).split())[:200]}") from None


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise missing("pyarrow", "parquet", "reading parquet files") from None
    return pyarrow.parquet
