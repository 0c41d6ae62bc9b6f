"""The fields of an architecture from what a person or a file gives for them: the right type, or a line that says so."""

import contextlib
import dataclasses
import math
import numbers
import operator
from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin, get_type_hints

from alexnet.errors import RecipeError, choices
from alexnet.networks.stage import LARGEST_SIDE

_TAKEN: Final = {bool: "True or False", int: "a whole number", float: "a finite number", str: "a text"}


def typed_fields(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as the types of an architecture's fields.

    NumPy's numbers are numbers; of a field that takes several texts, one text is taken as a list of names
    between commas.

    Args:
        kind: the architecture: a dataclass.
        values: by the names of its fields; not all have to be there.
    Raises:
        RecipeError: a field that there is not, or a value that is of another type or far too large.
    """
    hints = get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(kind)]
    for name in values:
        if name not in known:
            raise RecipeError(
                f"`{name[:80]}` is not a choice of the network {kind.kind}; {choices(name, known)}"
            )
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    typed = {name: _typed(hints[name], value, name, defaults[name]) for name, value in values.items()}
    if typed.get("side", 0) > LARGEST_SIDE:
        raise RecipeError(
            f"side={typed['side']} is too large: an input has at most {LARGEST_SIDE:,} pixels a side"
        )
    return typed


def _typed(hint: Any, value: Any, name: str, default: Any) -> Any:
    if get_origin(hint) is tuple:
        return _tuple(get_args(hint), value, name)
    if hint is str and isinstance(value, str):
        return value
    if hint is bool and type(value).__name__ in ("bool", "bool_"):  # NumPy's too, which is called either
        return bool(value)
    is_number = not isinstance(value, bool) and isinstance(value, numbers.Real)
    if hint is int and is_number and isinstance(value, numbers.Integral):
        return operator.index(value)
    if hint is float and is_number:
        with contextlib.suppress(OverflowError):
            if math.isfinite(number := float(value)):
                return number
    such = f", such as {default!r}" if isinstance(default, bool | int | float | str) else ""
    raise RecipeError(f"{name}={shown(value)} does not fit: {_TAKEN[hint]} is taken{such}")


def _tuple(hints: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if isinstance(value, str) and hints[0] is str:
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise RecipeError(f"{name}={shown(value)} does not fit: a list is taken")
    if hints[-1] is not Ellipsis and len(value) != len(hints):
        raise RecipeError(f"{name}={shown(value)} does not fit: {len(hints)} values are taken")
    return tuple(_typed(hints[0], entry, name, None) for entry in value)


def shown(value: object) -> str:
    """Return a value as a message has it: on one line, and not longer than a line."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
