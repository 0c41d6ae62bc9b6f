"""Settings by their paths, `training.rates.weight`: changed, listed, and found by the end of a path."""

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from alexnet.errors import RecipeError, choices
from alexnet.settings.typed import (
    from_plain,
    has_default,
    is_settings,
    optional_kind,
    short,
    to_plain,
)

Settings = TypeVar("Settings")

BEGINS_AS: Final = "begins as"
"""In the metadata of a field that maps names to settings: the field beside it that a new entry begins as."""


def with_settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return settings with some of them changed, checked together once all are.

    Args:
        settings: a frozen dataclass of frozen dataclasses.
        changes: by the setting's path (`training.batch_size`, `training.stages.conv1.weight`): a value of the
            setting's type, or a text that says one ("64", "0.5", "true", "conv3,conv4").
    Raises:
        RecipeError: no such setting, or a value that is not of its type or does not fit the others.
    """
    plain = to_plain(settings)
    for path, value in changes.items():
        _put(settings, plain, path.split("."), value, path)
    return from_plain(type(settings), plain)


def flat(settings: Any, path: str = "") -> list[tuple[str, str]]:
    """Return settings as pairs of path and text, as `--set` takes them."""
    found: list[tuple[str, str]] = []
    for name, value in to_plain(settings).items():
        here = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping) and value:
            found += flat(value, here)
        elif isinstance(value, list) and all(isinstance(entry, str | int | float) for entry in value):
            found.append((here, ",".join(str(entry) for entry in value) or "none"))
        else:
            found.append((here, "none" if value in (None, {}) else _one_line(value)))
    return found


def differing(settings: Any) -> list[tuple[str, str]]:
    """Return those settings that are not what their own kind has by default; a kind's name always is one."""
    usual = {path: value for part in _defaults(settings) for path, value in part}
    return [(path, value) for path, value in flat(settings) if usual.get(path) != value]


def setting_paths(kind: type) -> list[str]:
    """Return the paths of all settings of a kind that has defaults but for its name."""
    return [path for path, _ in flat(kind("any"))]


def full_paths(name: str, paths: list[str]) -> list[str]:
    """Return the paths that a short one probably means: those that end like it, or else nearly so."""
    ending = [path for path in paths if path.endswith(f".{name}")]
    if ending:
        return ending
    ends = {path.rpartition(".")[2]: path for path in reversed(paths)}
    near = difflib.get_close_matches(name.rpartition(".")[2], ends, n=1, cutoff=0.75)
    return [ends[end] for end in near]


def _put(settings: Any, plain: dict[str, Any], names: list[str], value: Any, path: str) -> None:
    """Put a value into plain settings, walking down the settings that they were written from."""
    first, rest = names[0], names[1:]
    fields = {field.name: field for field in dataclasses.fields(settings)}
    if first not in fields:
        raise _unknown(path, first, settings)
    current = getattr(settings, first)
    if isinstance(current, Mapping) and rest:
        name, below = _entry(current, rest)
        if not below:
            raise RecipeError(
                f"`{path}` names no setting: say {first}.STAGE.SETTING, as in {first}.conv1.weight"
            )
        entry = current.get(name, getattr(settings, fields[first].metadata[BEGINS_AS]))
        _put(entry, plain[first].setdefault(name, to_plain(entry)), below, value, path)
    elif not rest:
        plain[first] = to_plain(value)
    elif is_settings(current):
        _put(current, plain[first], rest, value, path)
    elif (kind := optional_kind(type(settings), first)) is not None:
        plain[first] = plain[first] or to_plain(kind())
        _put(kind(), plain[first], rest, value, path)
    else:
        raise RecipeError(f"`{path}` is not a setting: `{first}` has no parts, it is {current!r}")


def _entry(entries: Mapping[str, Any], names: list[str]) -> tuple[str, list[str]]:
    """Divide names into that of an entry, which may have points itself, and what comes below it."""
    for count in range(len(names) - 1, 1, -1):
        if (name := ".".join(names[:count])) in entries:
            return name, names[count:]
    return names[0], names[1:]


def _unknown(path: str, name: str, settings: Any) -> RecipeError:
    """Return the error for a path that leads nowhere: with the full one where a short one was given."""
    names = [field.name for field in dataclasses.fields(settings)]
    if path.partition(".")[0] == name:
        found = full_paths(path, [known for known, _ in flat(settings)])
        if found:
            return RecipeError(f"`{short(path)}` is not a setting: did you mean {_or(found)}?")
    return RecipeError(f"`{short(path)}` is not a setting: no `{short(name)}`; {choices(short(name), names)}")


def _or(paths: list[str]) -> str:
    return " or ".join(f"`{path}`" for path in paths[:4])


def _defaults(settings: Any) -> list[list[tuple[str, str]]]:
    """Return the defaults of each part of the settings, as pairs of path and text."""
    found = []
    for field in dataclasses.fields(settings):
        part = getattr(settings, field.name)
        if is_settings(part):
            usual = type(part)() if all(has_default(own) for own in dataclasses.fields(part)) else part
            found.append(flat({field.name: to_plain(usual)}))
    return found


def _one_line(value: object) -> str:
    """Return a setting as text; of a text of many lines, such as a definition, how many it has."""
    text = str(value)
    return text if "\n" not in text else f"({len(text.splitlines())} lines)"
