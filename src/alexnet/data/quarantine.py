"""The list of pictures that a person, or `alexnet check`, has set aside: JSON lines of `name` and `reason`."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from alexnet import files
from alexnet.data.sources.files.remote import is_remote
from alexnet.data.sources.source import Source
from alexnet.errors import DataError


def quarantine_of(source: Source) -> Path | None:
    """Return the list that lies with a source's pictures, which everything that prepares them honours.

    It is called quarantine.jsonl, in their folder; of an archive or a list, its name and .quarantine.jsonl.
    """
    origin = source.notes.get("origin")
    if not isinstance(origin, str) or is_remote(origin):
        return None
    path = Path(origin, "quarantine.jsonl") if os.path.isdir(origin) else Path(f"{origin}.quarantine.jsonl")
    return path if path.is_file() else None


def read_quarantine(path: str | Path) -> dict[str, str]:
    """Read a quarantine list.

    A line is a JSON object with `name`, as the source names its pictures, and perhaps `reason`; or a plain name.

    Returns:
        the reason for each name.
    Raises:
        DataError: the file cannot be read, is a pipe or a device, is larger than any list, or a line is neither.
    """
    try:
        lines = files.read_bounded(Path(path)).decode("utf-8", "surrogateescape").split("\n")
    except OSError as error:
        raise DataError(f"quarantine list {os.fspath(path)!r} cannot be read: {error.strerror}") from None
    found = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            name, reason = _entry(line, f"{os.fspath(path)}:{number}")
            found[name] = f"quarantined: {reason}"
    return found


def write_quarantine(path: Path, entries: Iterable[tuple[str, str]]) -> None:
    """Write names and reasons as a quarantine list."""
    lines = (json.dumps({"name": name, "reason": reason}) + "\n" for name, reason in entries)
    files.write_text(path, "".join(lines))


def _entry(line: str, where: str) -> tuple[str, str]:
    if not line.lstrip().startswith("{"):
        return line.rstrip("\r"), "listed"
    try:
        row = json.loads(line)
        name, reason = row["name"], row.get("reason", "listed")
    except (ValueError, KeyError, RecursionError) as error:
        words = " ".join(str(error).split())[:120]
        raise DataError(f"{where}: expected a name or {{'name': ..., 'reason': ...}} ({words})") from None
    if not isinstance(name, str) or not isinstance(reason, str):
        raise DataError(f"{where}: expected a name or {{'name': ..., 'reason': ...}}, each a text")
    return name, reason
