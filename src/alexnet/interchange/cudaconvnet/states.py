"""The files of the program of 2012: pickles of Python 2, plain, gzip, or in a zip file as its `data`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alexnet.errors import CheckpointError
from alexnet.interchange.opening import Opened, gunzipped, unzipped, zipped
from alexnet.pickles.reader import Pickles

INERT: Final = ("options", "gpumodel")  # modules of the program's option classes
_SAVED: Final = re.compile(r"(\d+)\.(\d+)")


def is_pickle(start: bytes) -> bool:
    """Tell whether a file that begins like this is a pickle: of protocol 2 and later, or of Python 2's first."""
    return start[:1] in (b"(", b"}", b"]") or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05")


def is_state(start: bytes) -> bool:
    """Tell whether a file begins like a pickle, or like one packed by gzip or zip."""
    return is_pickle(start) or start[:2] in (b"\x1f\x8b", b"PK")


def newest(directory: Path) -> Path | None:
    """Return the last saved file of a run's directory, such as 91.1200 after 91.200; None if it has none.

    Raises:
        CheckpointError: the directory may not be read.
    """
    try:
        saved = [(match, path) for path in directory.iterdir() if (match := _SAVED.fullmatch(path.name))]
    except OSError as error:
        raise CheckpointError(f"{directory} cannot be read: {error.strerror}") from error
    if not saved:
        return None
    return max(saved, key=lambda entry: (int(entry[0][1]), int(entry[0][2])))[1]


def read_state(source: Opened) -> Any:
    """Return the value that a file holds.

    Raises:
        CheckpointError: it is damaged, hostile, or would unpack to far more than it is.
    """
    start = bytes(source.content[:2])
    if start == b"\x1f\x8b":
        return Pickles(gunzipped(source), source.name, inert=INERT).read()
    if start == b"PK":
        with zipped(source) as archive:
            members = archive.infolist()
            named = [member for member in members if member.filename == "data"] or members
            if len(named) != 1:
                raise CheckpointError(
                    f"{source.name} is no file of weights: a zip file of {len(members)} members"
                )
            content = unzipped(archive, named[0], source)
        return Pickles(content, source.name, inert=INERT).read()
    return Pickles(source.content, source.name, inert=INERT).read()


def layer_table(state: Any, source: str) -> dict[str, dict[str, Any]]:
    """Return a checkpoint's layers by name, from the list or dictionary in which versions of the program kept
    them.

    Raises:
        CheckpointError: it has none.
    """
    model = state.get("model_state") if isinstance(state, Mapping) else None
    layers = model.get("layers") if isinstance(model, Mapping) else None
    entries = list(layers.values()) if isinstance(layers, Mapping) else layers
    if not isinstance(entries, list) or not entries:
        raise CheckpointError(f"{source} is no checkpoint of the program of 2012: it holds no layers")
    table: dict[str, dict[str, Any]] = {}
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not isinstance(entry.get("type"), str) or name in table:
            raise CheckpointError(
                f"{source} is damaged: layer {len(table)} of its table has no name or type of its own"
            )
        table[name] = entry
    return table
