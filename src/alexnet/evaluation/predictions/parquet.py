"""Predictions in parquet files: the one file of this room that knows pyarrow."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from alexnet.data.sources.files.remote import open_file
from alexnet.errors import DataError, missing

_ROWS: Final = 1024  # that are written, or read, together


def library() -> Any:
    """Return pyarrow, its part for parquet loaded.

    Raises:
        AlexNetError: it is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError:
        raise missing("pyarrow", "parquet", "a file of predictions in parquet") from None
    return pyarrow


def rows(path: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the number, from 1, and the fields of each row.

    Raises:
        DataError: Arrow cannot read it.
        AlexNetError: pyarrow is not installed.
    """
    arrow, number = library(), 0
    try:
        with open_file(path) as file:
            for batch in arrow.parquet.ParquetFile(file).iter_batches(batch_size=_ROWS):
                for fields in batch.to_pylist():
                    number += 1
                    yield number, fields
    except (arrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path!r} cannot be read: {' '.join(str(error).split())[:200]}") from None


@contextlib.contextmanager
def writing(path: Path, columns: Sequence[str]) -> Iterator[Callable[[Sequence[Mapping[str, Any]]], None]]:
    """Give what writes rows to a file, some at a time, and end the file."""
    arrow, held = library(), list[Mapping[str, Any]]()
    schema = arrow.schema(
        [(name, arrow.float32() if name.startswith("probability") else arrow.string()) for name in columns]
    )

    with arrow.parquet.ParquetWriter(path, schema) as file:

        def write(given: Sequence[Mapping[str, Any]], least: int = _ROWS) -> None:
            held.extend(given)
            if len(held) >= least:
                file.write_table(arrow.Table.from_pylist(held, schema=schema))
                held.clear()

        yield write
        if held:
            write((), least=0)
