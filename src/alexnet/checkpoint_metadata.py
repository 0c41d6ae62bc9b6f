"""The JSON text in a checkpoint: what it has to be, before any of it is believed. The file may be anybody's."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from alexnet.errors import DamagedError

LONGEST: Final = 64 * 2**20
"""Characters: a journal of a hundred thousand rows fits."""
DEEPEST: Final = 32
"""How deep lists and tables may be nested; a recipe's are 6."""
_PARTS: Final[Mapping[str, tuple[type[Any], type]]] = MappingProxyType(
    {
        "architecture": (dict, str),
        "classes": (list, str),
        "words": (list, str),
        "recipe": (dict, str),
        "history": (list, dict),
        "data": (dict, str),
        "state": (dict, str),
    }
)
"""A table, whose keys are text, or a list of texts or tables."""
_TEXTS: Final = ("name", "fingerprint", "converted from", "class order")
"""Of `data`, where they are there."""
_COUNTS: Final = ("step", "wrong", "images", "unreadable")
"""Of `state`: numbers of steps and pictures; of a mixture of classes parts of a picture may be wrong."""


def read_metadata(text: str) -> dict[str, Any]:
    """Return the table that a JSON text holds.

    Raises:
        ValueError: it is no such text, too long, or has numbers that are not finite.
    """
    if len(text) > LONGEST:
        raise ValueError(f"its metadata is longer than {LONGEST:,} characters")
    try:
        found = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("its metadata is nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("its metadata is no JSON object")
    return found


def check_depth(metadata: Mapping[str, Any], path: Path) -> None:
    """Refuse lists and tables nested deeper than any that were ever written, before anything walks through them.

    Raises:
        DamagedError: they are.
    """
    if nested_too_deep(metadata):
        raise DamagedError(
            f"{path} is no checkpoint that alexnet has written: its metadata is nested too deep"
        )


def nested_too_deep(plain: Mapping[str, Any]) -> bool:
    """Whether lists and tables are nested deeper than any that were ever written."""
    level: list[Any] = [plain]
    for _ in range(DEEPEST):
        parts = [part for part in level if isinstance(part, dict | list)]
        level = [entry for part in parts for entry in (part.values() if isinstance(part, dict) else part)]
    return any(isinstance(part, dict | list) for part in level)


def check_parts(metadata: Mapping[str, Any], path: Path) -> None:
    """Check that what says of itself that it is whole has the parts of a checkpoint.

    Raises:
        DamagedError: one is missing or of another type; the message names it.
    """
    wrong = f"{path} is no checkpoint that alexnet has written"
    for name, (form, entries) in _PARTS.items():
        part: Any = metadata.get(name)
        if not isinstance(part, form) or not all(isinstance(entry, entries) for entry in part):
            raise DamagedError(f"{wrong}: its {name} cannot be read")
    data, state = metadata["data"], metadata["state"]
    for name in _TEXTS:
        if not isinstance(data.get(name, ""), str):
            raise DamagedError(f"{wrong}: its data's {name} is {shown(data[name])}")
    notes = data.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise DamagedError(f"{wrong}: its data's notes are {shown(notes)}")
    if state:
        _check_state({"unreadable": 0, **state}, wrong)  # which was not kept at first


def _check_state(state: Mapping[str, Any], wrong: str) -> None:
    """Check the fields from which training goes on."""
    for name in _COUNTS:
        whole = name != "wrong"
        if not _is_number(state.get(name), whole=whole) or not 0 <= state[name] < 2**63:
            raise DamagedError(f"{wrong}: its state's {name} is {shown(state.get(name))}")
    if not _is_number(state.get("loss")):
        raise DamagedError(f"{wrong}: its state's loss is {shown(state.get('loss'))}")
    errors = state.get("validation_errors")
    if not isinstance(errors, list) or not all(_is_number(error) for error in errors):
        raise DamagedError(f"{wrong}: its state's validation_errors are {shown(errors)}")


def _is_number(value: object, *, whole: bool = False) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return isinstance(value, float) or abs(value) < 2**63  # floats are finite: `read_metadata`


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"its metadata has {text[:40]} where a number should be")
    return value


def shown(value: object) -> str:
    """Return a value as a message has it: on one line, and not longer than a line."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
