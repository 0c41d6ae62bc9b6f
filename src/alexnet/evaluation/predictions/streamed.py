"""What a network says of a stream of pictures, written row by row: see `Classifier.predict_stream`."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from alexnet.evaluation.predictions.columns import columns
from alexnet.evaluation.predictions.formats import writable, written_rows
from alexnet.inference.results import Result

ENDINGS: Final = (".csv", ".jsonl", ".parquet")


@contextlib.contextmanager
def written_results(path: str | Path, count: int) -> Iterator[Callable[[Sequence[Result]], None]]:
    """Give what writes results to a file that takes its place when all are written.

    Args:
        path: of the file. CSV and parquet have the columns picture, class1, probability1 ... and error, which
            `alexnet evaluate` reads; JSON lines are those of `Result.to_dict`.
        count: classes in a row.
    Raises:
        AlexNetError: it cannot be written, or pyarrow is needed and not installed.
        DataError: parquet cannot hold a name.
    """
    path = writable(path, ENDINGS)
    names = ("picture", *columns(count)[3:], "error")
    with written_rows(path, names) as write:
        if path.suffix.lower() == ".jsonl":
            yield lambda results: write([one.to_dict() for one in results])
        else:
            yield lambda results: write([_row(one, names, count) for one in results])


def _row(result: Result, names: Sequence[str], count: int) -> dict[str, Any]:
    """Return a row of the columns; a class that there is none of is empty."""
    ranked: list[object] = [entry for one in result.predictions for entry in (one.name, one.probability)]
    ranked += [None] * (2 * count - len(ranked))
    return dict(
        zip(names, (result.picture, *ranked, str(result.error) if result.error else None), strict=True)
    )
