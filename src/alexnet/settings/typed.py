"""Frozen settings as plain values, ready for JSON, and back.

Settings are frozen dataclasses of frozen dataclasses. Their types say what is read: a text for a number or a switch,
as `--set` gives it, a list for a tuple, `none` for what may be absent. Nothing here knows what the settings are of.
"""

import dataclasses
import math
import numbers
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, Union, final, get_args, get_origin, get_type_hints

from alexnet.errors import RecipeError, choices

Settings = TypeVar("Settings")

ONE_OF: Final = "one of"
"""In the metadata of a field that takes one of several kinds of settings: the `OneOf` that tells them apart."""
_EXAMPLES: Final = {bool: "true", int: "64", float: "0.01", str: "relu"}
_SWITCHES: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_LONGEST: Final = 80  # characters of a value in a message


@final
@dataclass(frozen=True)
class OneOf:
    """Several kinds of settings, told apart by a name that is written down with them."""

    key: str
    """Under which the name is written."""
    kinds: Mapping[str, type]
    """The kinds by their names."""
    name_of: Callable[[Any], str]
    """Gives the name of the kind of some settings, which may be none of these: they can be written, not read."""


def to_plain(value: Any) -> Any:
    """Return settings as dictionaries, lists, strings and numbers, ready for JSON."""
    if is_settings(value):
        return {field.name: _field_to_plain(field, getattr(value, field.name)) for field in _fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(entry) for entry in value]
    return value


def from_plain(kind: type[Settings], plain: Any, path: str = "") -> Settings:
    """Return the settings that `to_plain` wrote down, or that a person did.

    Args:
        kind: a frozen dataclass.
        plain: its fields by name, at any depth plain or settings already.
        path: where in larger settings they are, for messages.
    Raises:
        RecipeError: a name that is no field, a field that is missing, or a value that is not of its type; the path
            and the choices are named.
    """
    if isinstance(plain, kind):
        return plain
    fields = {field.name: field for field in _fields(kind)}
    hints = get_type_hints(kind)
    plain = _parts(plain, path or kind.__name__.lower())
    for name in plain:
        if name not in fields:
            raise RecipeError(f"`{joined(path, name)}` is not a setting; {choices(short(name), fields)}")
    for name, field in fields.items():
        if name not in plain and not has_default(field):
            raise RecipeError(f"`{joined(path, name)}` is missing: it has no default")
    return kind(
        **{name: _typed(hints[name], plain[name], joined(path, name), fields[name]) for name in plain}
    )


def renamed(plain: Any, paths: Mapping[str, str]) -> Any:
    """Return plain settings with entries moved from old paths to new ones, where they are still at the old."""
    for old, new in paths.items():
        plain = _moved(plain, old.split("."), new.split("."))
    return plain


def is_settings(value: object) -> bool:
    """Whether a value is a dataclass's, and not the class."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def has_default(field: "dataclasses.Field[Any]") -> bool:
    """Whether a field may be left out."""
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def joined(path: str, name: object) -> str:
    """Return the path of a field of the settings at a path."""
    return f"{path}.{short(name)}" if path else short(name)


def optional_kind(kind: type, name: str) -> type | None:
    """Return the settings that a field may have where it has none: T of `T | None`."""
    inner = _without_none(get_type_hints(kind)[name])
    return inner if isinstance(inner, type) and dataclasses.is_dataclass(inner) else None


def short(value: object) -> str:
    """Return a value as a message shows it: one that is long, cut."""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _typed(hint: Any, value: Any, path: str, field: "dataclasses.Field[Any] | None" = None) -> Any:
    """Return `value` as the type that `hint` names, reading texts and plain values."""
    if field is not None and ONE_OF in field.metadata:
        return _named_kind(field.metadata[ONE_OF], value, path)
    if hint is Any:
        return value
    if kinds := _alternatives(hint):
        return value if isinstance(value, kinds) else from_plain(_fitting(kinds, value), value, path)
    if (inner := _without_none(hint)) is not None:
        return None if value in (None, "none") else _typed(inner, value, path)
    if dataclasses.is_dataclass(hint):
        return from_plain(hint, value, path)  # type: ignore[arg-type]  # a hint that is a class
    if get_origin(hint) is tuple:
        return _typed_tuple(hint, value, path)
    if get_origin(hint) is not None:
        entries = {} if value in (None, "none") else _parts(value, path)
        return {
            str(name): _typed(get_args(hint)[1], entry, joined(path, name)) for name, entry in entries.items()
        }
    return _typed_scalar(hint, value, path)


def _named_kind(one_of: OneOf, value: Any, path: str) -> Any:
    """Read settings of the kind whose name is written with them."""
    if isinstance(value, tuple(one_of.kinds.values())):
        return value
    plain = dict(_parts(value, path))
    name = plain.pop(one_of.key, None)
    if not isinstance(name, str) or name not in one_of.kinds:
        raise RecipeError(
            f"{joined(path, one_of.key)}={short(name)} is none of the kinds; {choices(short(name), one_of.kinds)}"
        )
    return from_plain(one_of.kinds[name], plain, path)


def _typed_tuple(hint: Any, value: Any, path: str) -> tuple[Any, ...]:
    arguments = get_args(hint)
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip() not in ("", "none")]
    values = value if isinstance(value, list | tuple) else [value]
    if arguments[-1] is not Ellipsis and len(values) != len(arguments):
        raise RecipeError(f"{path}={short(value)} does not fit: {len(arguments)} values expected")
    return tuple(_typed(arguments[0], entry, path) for entry in values)


def _typed_scalar(hint: Any, value: Any, path: str) -> Any:
    wrong = RecipeError(
        f"{path}={short(repr(value))} does not fit: {hint.__name__} expected, for instance {_EXAMPLES[hint]}"
    )
    if hint is bool:
        if str(value).lower() not in _SWITCHES:
            raise wrong
        return _SWITCHES[str(value).lower()]
    if isinstance(value, bool) or not isinstance(value, str if hint is str else str | numbers.Real):
        raise wrong
    try:
        result = hint(value)
    except (ValueError, OverflowError):
        raise wrong from None
    if hint is int and result != value and not isinstance(value, str):
        raise wrong  # 3.7 is no whole number
    if hint is float and not math.isfinite(result):
        raise RecipeError(f"{path}={short(repr(value))} does not fit: a finite number expected")
    return result


def _parts(value: Any, path: str) -> Mapping[Any, Any]:
    """Return settings written down as a mapping, or say that they are none."""
    if not isinstance(value, Mapping):
        raise RecipeError(f"{path}={short(repr(value))} does not fit: it has parts, set them one by one")
    return value


def _without_none(hint: Any) -> Any:
    """Return the type T of `T | None`, or None where the hint is not of that form."""
    if get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
        inner = [argument for argument in get_args(hint) if argument is not type(None)]
        return inner[0] if len(inner) == 1 else None
    return None


def _alternatives(hint: Any) -> tuple[type, ...]:
    """Return the kinds of settings that a field takes one of, by their parts; else nothing."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else ()
    return kinds if len(kinds) > 1 and all(dataclasses.is_dataclass(kind) for kind in kinds) else ()


def _fitting(kinds: tuple[type, ...], plain: Any) -> type:
    """Return the kind of settings that has the most of the parts written down; of several, the first."""
    names = set(plain) if isinstance(plain, Mapping) else set()
    return max(kinds, key=lambda kind: (len(names & {f.name for f in _fields(kind)}), -kinds.index(kind)))


def _field_to_plain(field: "dataclasses.Field[Any]", value: Any) -> Any:
    one_of = field.metadata.get(ONE_OF)
    return to_plain(value) if one_of is None else {one_of.key: one_of.name_of(value), **to_plain(value)}


def _moved(plain: Any, old: list[str], new: list[str]) -> Any:
    """Return nested dictionaries with one entry at another path; the two differ in their last names."""
    if not isinstance(plain, Mapping) or old[0] not in plain:
        return plain
    if len(old) > 1:
        return {**plain, old[0]: _moved(plain[old[0]], old[1:], new[1:])}
    return {new[0] if name == old[0] else name: entry for name, entry in plain.items()}


def _fields(kind: Any) -> "tuple[dataclasses.Field[Any], ...]":
    return dataclasses.fields(kind)
