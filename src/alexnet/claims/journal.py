"""What experiments gave: one JSON object a line, an arm and a seed each, in a file a claim.

A line is enough to compute every interval again: it holds what happened to each picture.
"""

import base64
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from alexnet.claims.claim import Measured
from alexnet.errors import RunError
from alexnet.files import read_bounded
from alexnet.runs.journal import is_number

SCHEMA: Final = 1
_PICTURES: Final = 10_000_000


@final
@dataclass(frozen=True)
class Record:
    """An arm of a claim, run and measured with one seed."""

    claim: str
    arm: str
    seed: int
    key: str
    """Of the arm; see `Arm.key`."""
    measured: Measured
    seconds: float
    """Of training and measuring, on the clock, in the call that ended it: neither what was trained before is counted,
    nor what an earlier call had done."""
    date: str
    """The day, as 2026-11-24."""
    machine: str
    version: str
    """Of this package."""
    data: str
    """Name of the data set and a note on it."""
    command: str
    trainings: tuple[Mapping[str, Any], ...] = ()
    """What was trained, as plain values."""
    fingerprint: str = ""
    """Of the claim's data sets, which a folder holds results of no others; empty in lines older than this field."""


def path_of(folder: Path, claim: str) -> Path:
    """Return where the journal of a claim lies."""
    return folder / f"{claim}.jsonl"


def append(folder: Path, record: Record) -> None:
    """Write a record at the end of its claim's journal, and see it to the disk.

    Raises:
        RunError: it cannot be written.
    """
    values = asdict(record)
    measured = values.pop("measured")
    scores = record.measured.scores
    measured["scores"] = None if scores is None else _packed(scores)
    measured["figure"] = record.measured.figure if np.isfinite(record.measured.figure) else None
    line = json.dumps({"schema": SCHEMA, **values, **measured}, ensure_ascii=False, allow_nan=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = path_of(folder, record.claim)
        with open(path, "ab+") as file:
            if file.tell() and not _ends_line(file.fileno(), file.tell()):
                file.write(b"\n")  # after a line that a process was killed at
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}; give another --into") from error


def read(folder: Path, claim: str) -> list[Record]:
    """Read the journal of a claim; a line that was cut off is left out.

    Returns:
        its records, in the order they were written; none where there is no journal.
    Raises:
        RunError: it cannot be read, or a whole line is no record.
    """
    path = path_of(folder, claim)
    try:
        lines = read_bounded(path).split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if line.startswith(b"{") and not line.endswith(b"}"):  # what a process was killed at
            continue
        try:
            found.append(_record(json.loads(line.decode("utf-8"))))
        except (ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
            reason = " ".join(str(error).split())[:120]
            raise RunError(
                f"line {number} of {path} is no result of an experiment ({reason}): remove it, and run the claim again"
            ) from None
    return found


def _record(values: Any) -> Record:
    """Return a line as a record."""
    if not isinstance(values, dict) or values["schema"] != SCHEMA:
        raise ValueError(f"it is not of schema {SCHEMA}")
    texts = {
        name: values[name]
        for name in ("claim", "arm", "key", "date", "machine", "version", "data", "command")
    }
    if not all(isinstance(text, str) for text in texts.values()) or not all(
        isinstance(one, dict) for one in values["trainings"]
    ):
        raise ValueError("a text is missing")
    numbers = {name: values[name] for name in ("seed", "seconds", "count", "scale")}
    figure = float("inf") if values["figure"] is None else values["figure"]
    curve = tuple((float(x), float(y)) for x, y in values["curve"])
    if not all(map(is_number, numbers.values())) or not (is_number(figure) or figure == float("inf")):
        raise ValueError("a number is missing")
    count, scale = int(numbers["count"]), int(numbers["scale"])
    scores = None if values["scores"] is None else _unpacked(values["scores"], count)
    measured = Measured(float(figure), count, scores, scale, curve)
    return Record(
        **texts,
        seed=int(numbers["seed"]),
        seconds=float(numbers["seconds"]),
        measured=measured,
        trainings=tuple(values["trainings"]),
        fingerprint=str(values.get("fingerprint", "")),
    )


def _packed(scores: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(scores.astype(np.uint8).tobytes(), 9)).decode()


def _unpacked(text: str, count: int) -> np.ndarray:
    """Return scores of so many pictures; no more is unpacked than there may be."""
    if not 0 <= count <= _PICTURES:
        raise ValueError(f"{count} pictures")
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(base64.b64decode(text, validate=True), count + 1)
    if len(content) != count:
        raise ValueError("its scores are not those of its pictures")
    return np.frombuffer(content, np.uint8)


def _ends_line(descriptor: int, size: int) -> bool:
    return os.pread(descriptor, 1, size - 1) == b"\n"
