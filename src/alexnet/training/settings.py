"""Frozen settings as plain values and back, and one setting changed by its path."""

import copy
import dataclasses
import types
from collections.abc import Mapping
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from alexnet.errors import RecipeError, choices
from alexnet.networks.catalogue import NETWORKS, described, from_description
from alexnet.networks.stage import Architecture

Settings = TypeVar("Settings")


def to_plain(value: Any) -> Any:
    """Return settings as dictionaries, lists, strings and numbers, ready for JSON."""
    if hasattr(value, "stages") and hasattr(value, "kind"):
        return described(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(entry) for entry in value]
    return value


def from_plain(kind: type[Settings], plain: Any, path: str = "") -> Settings:
    """Return the settings that `to_plain` wrote down; RecipeError names a setting that does not fit."""
    result: Settings = _typed(kind, plain, path)
    return result


def with_settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return the settings with some of them changed, checked together once all are.

    Args:
        settings: a frozen dataclass of frozen dataclasses.
        changes: by the setting's names, joined by points (`training.batch_size`,
            `training.stages.conv1.weight`): a value of the setting's type, or a text that says one
            ("64", "0.5", "true", "conv3,conv4").
    Raises:
        RecipeError: no such setting, or a value that is not of its type or does not fit the others.
    """
    plain = to_plain(settings)
    for path, value in changes.items():
        _place(type(settings), plain, path.split("."), value, path)
    return from_plain(type(settings), plain)


def _place(kind: type, plain: dict[str, Any], names: list[str], value: Any, path: str) -> None:
    """Put a value at its place in plain settings, walking down the types that they stand for."""
    first, rest = names[0], names[1:]
    hints = {field.name: get_type_hints(kind)[field.name] for field in dataclasses.fields(kind)}
    if first not in hints:
        raise RecipeError(f"`{path}` is not a setting: no `{first}`; {choices(first, hints)}")
    hint = hints[first]
    if issubclass(_class(hint), Mapping):
        if len(rest) < 2:
            raise RecipeError(
                f"`{path}` names no setting: say {first}.STAGE.SETTING, as in {first}.conv1.weight"
            )
        entry = plain[first].setdefault(rest[0], copy.deepcopy(plain.get("rates", {})))
        _place(get_args(hint)[1], entry, rest[1:], value, path)
    elif not rest:
        plain[first] = to_plain(_typed(hint, value, path))
    elif hint is Architecture:
        _place(NETWORKS[plain[first]["network"]], plain[first], rest, value, path)
    elif kinds := _alternatives(hint):
        _place(_fitting(kinds, plain[first]), plain[first], rest, value, path)
    elif dataclasses.is_dataclass(_class(inner := _optional(hint) or hint)):
        if plain[first] is None:
            plain[first] = to_plain(inner())
        _place(inner, plain[first], rest, value, path)
    else:
        raise RecipeError(f"`{path}` is not a setting: `{first}` has no parts, it is {plain[first]!r}")


def _typed(hint: Any, value: Any, path: str) -> Any:
    """Return `value` as the type that `hint` names, reading texts and plain values."""
    if hint is Any:
        return value
    if hint is Architecture:
        if not isinstance(value, Mapping) and not dataclasses.is_dataclass(value):
            raise RecipeError(f"{path}={str(value)[:80]!r} does not fit: --network names a network")
        return from_description(value) if isinstance(value, Mapping) else value
    if kinds := _alternatives(hint):
        return value if isinstance(value, kinds) else _typed_settings(_fitting(kinds, value), value, path)
    inner = _optional(hint)
    if inner is not None:
        return None if value in (None, "none") else _typed(inner, value, path)
    if get_origin(hint) is not None:
        return _typed_collection(hint, value, path)
    if dataclasses.is_dataclass(hint):
        return value if isinstance(value, _class(hint)) else _typed_settings(hint, value, path)
    return _typed_scalar(hint, value, path)


def _typed_settings(hint: Any, value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise RecipeError(f"{path}={value!r} does not fit: it has parts, set them one by one")
    hints = get_type_hints(hint)
    for name in value:
        if name not in hints:
            raise RecipeError(f"`{_joined(path, name)}` is not a setting; {choices(name, hints)}")
    return hint(**{name: _typed(hints[name], entry, _joined(path, name)) for name, entry in value.items()})


def _typed_collection(hint: Any, value: Any, path: str) -> Any:
    arguments = get_args(hint)
    if issubclass(_class(hint), Mapping):
        return {name: _typed(arguments[1], entry, f"{path}.{name}") for name, entry in value.items()}
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        value = [value]
    return tuple(_typed(arguments[0], entry, path) for entry in value)


def _typed_scalar(hint: Any, value: Any, path: str) -> Any:
    wrong = RecipeError(
        f"{path}={value!r} does not fit: {hint.__name__} expected, for instance {_EXAMPLES[hint]}"
    )
    if hint is bool:
        if isinstance(value, bool):
            return value
        texts = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if str(value).lower() not in texts:
            raise wrong
        return texts[str(value).lower()]
    if isinstance(value, bool) or (hint is str and not isinstance(value, str)):
        raise wrong
    try:
        if hint is int and isinstance(value, float) and value != int(value):
            raise wrong
        result = hint(value)
    except (TypeError, ValueError):
        raise wrong from None
    if hint is float and result != result:
        raise wrong
    return result


_EXAMPLES = {bool: "true", int: "64", float: "0.01", str: "relu"}


def _optional(hint: Any) -> Any:
    """Return the type T of `T | None`, or None where the hint is not of that form."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [argument for argument in get_args(hint) if argument is not type(None)]
        return inner[0] if len(inner) == 1 else None
    return None


def _alternatives(hint: Any) -> tuple[type, ...]:
    """Return the settings that may stand at a place that takes one of several kinds of them, else nothing."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else ()
    return kinds if len(kinds) > 1 and all(dataclasses.is_dataclass(kind) for kind in kinds) else ()


def _fitting(kinds: tuple[type, ...], plain: Any) -> type:
    """Return the first kind of settings that has every part of those written down."""
    names = set(plain) if isinstance(plain, Mapping) else set()
    having = (kind for kind in kinds if names <= {field.name for field in dataclasses.fields(kind)})
    return next(having, kinds[0])


def _class(hint: Any) -> type:
    origin = get_origin(hint) or hint
    return origin if isinstance(origin, type) else object


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def flat(settings: Any, path: str = "") -> list[tuple[str, str]]:
    """Return settings as pairs of path and text, as `--set` takes them."""
    found: list[tuple[str, str]] = []
    for name, value in to_plain(settings).items():
        here = _joined(path, name)
        if isinstance(value, Mapping) and value:
            found += flat(value, here)
        elif isinstance(value, list) and all(isinstance(entry, str | int | float) for entry in value):
            found.append((here, ",".join(str(entry) for entry in value) or "none"))
        else:
            found.append((here, "none" if value in (None, {}) else _one_line(value)))
    return found


def differing(settings: Any) -> list[tuple[str, str]]:
    """Return those settings that are not what their own kind has by default, and the network's name."""
    usual = {path: value for part in _defaults(settings) for path, value in part}
    return [(path, value) for path, value in flat(settings) if usual.get(path) != value]


def setting_paths(kind: type) -> list[str]:
    """Return the paths of all settings of a kind that has defaults but for its name."""
    return [path for path, _ in flat(kind("any"))]


def _defaults(settings: Any) -> list[list[tuple[str, str]]]:
    """Return the defaults of each part of the settings, as pairs of path and text."""
    found = []
    for field in dataclasses.fields(settings):
        part = getattr(settings, field.name)
        if dataclasses.is_dataclass(part) and not isinstance(part, type):
            given = {f.name for f in dataclasses.fields(part) if _has_default(f)}
            usual = type(part)() if len(given) == len(dataclasses.fields(part)) else part
            found.append(flat({field.name: to_plain(usual)}))
    return [[(path, value) for path, value in part if not path.endswith(".network")] for part in found]


def _has_default(field: "dataclasses.Field[Any]") -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _one_line(value: object) -> str:
    """Return a setting as text; of a text of many lines, such as a definition, how many it has."""
    text = str(value)
    return text if "\n" not in text else f"({len(text.splitlines())} lines)"
