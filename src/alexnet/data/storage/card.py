"""The card of a prepared data set, card.json: what it says, checked as a whole when it is read."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, final

from alexnet import files
from alexnet.data.storage.encoding import ENCODINGS
from alexnet.errors import DataError

CARD: Final = "card.json"
FORMAT: Final = "alexnet prepared pictures 1"
MAX_SIDE: Final = 16_384
"""Pixels: a picture of that side takes 805 MB, and a larger one is no picture for a network."""

V = TypeVar("V")


@final
@dataclass(frozen=True)
class ShardCard:
    """What the card says of one shard."""

    count: int
    """Pictures."""
    sha256: Mapping[str, str]
    """Of each of its files, by their endings."""


@final
@dataclass(frozen=True)
class SplitCard:
    """What the card says of one split."""

    shards: tuple[ShardCard, ...]
    pictures: int
    pictures_per_class: tuple[int, ...]
    """In the order of the classes."""


@final
@dataclass(frozen=True)
class Card:
    """What the card of a prepared data set says; `read_card` has checked each value by itself."""

    name: str
    """A short one, for people."""
    side: int
    """Height and width of the pictures, in pixels."""
    encoding: str
    """One of `ENCODINGS`."""
    classes: tuple[str, ...]
    """The names of the classes; a class's index is its label."""
    words: tuple[str, ...]
    """A readable name of each."""
    splits: Mapping[str, SplitCard]
    """By name, training first."""
    unreadable: int
    """How many pictures were left out."""
    colour_components: tuple[tuple[float, ...], ...]
    """(3, 3): see `Dataset.colour_components`."""
    fingerprint: str
    """A hash of classes, side, pictures and labels."""
    sha256: Mapping[str, str]
    """Of the files beside the shards; empty in data sets of before they were recorded."""
    changed: bool
    """Whether the card is no longer what was written; False where that was not yet recorded."""


def read_card(directory: Path) -> Card:
    """Read the card of a prepared directory.

    Raises:
        DataError: there is none, or it is damaged, of another format, or lacks a value; the message says which.
    """
    values = read_values(directory)
    if values.get("format") != FORMAT:
        raise DataError(
            f"{os.fspath(directory / CARD)!r} is of format {str(values.get('format'))[:80]!r}, "
            f"expected {FORMAT!r}: prepare it again"
        )
    try:
        return _card(values)
    except _Wrong as wrong:
        raise DataError(
            f"{os.fspath(directory / CARD)!r} is damaged: {wrong}; prepare the data set again"
        ) from None


def read_values(directory: Path) -> dict[str, Any]:
    """Read the values of a card as they are, unchecked.

    Raises:
        DataError: there is no card, or it is no JSON object.
    """
    path = directory / CARD
    try:
        values = json.loads(files.read_bounded(path).decode("ascii"))
    except FileNotFoundError:
        raise DataError(
            f"{os.fspath(directory)!r} holds no finished data set (no {CARD}): run `alexnet prepare`"
        ) from None
    except OSError as error:
        raise DataError(
            f"{os.fspath(path)!r} cannot be read ({error.strerror}): prepare the data set again"
        ) from None
    except RecursionError:
        raise DataError(
            f"{os.fspath(path)!r} is damaged: it is nested too deep; prepare the data set again"
        ) from None
    except ValueError as error:
        raise DataError(f"{os.fspath(path)!r} cannot be read ({error}): prepare the data set again") from None
    if not isinstance(values, dict):
        raise DataError(
            f"{os.fspath(path)!r} is of format {type(values).__name__}, expected {FORMAT!r}: prepare it again"
        )
    return values


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card's values with a SHA-256 over all of them, by which a later change is noticed."""
    return {**values, "card_sha256": _seal(values)}


def content_fingerprint(
    classes: tuple[str, ...], side: int, splits: Mapping[str, list[Mapping[str, str]]]
) -> str:
    """Hash class names, side, and the SHA-256 of the pictures and labels of every split, shard by shard."""
    stored = {
        split: [
            [digest for ending, digest in sorted(shard.items()) if ending != "names.jsonl"]
            for shard in shards
        ]
        for split, shards in splits.items()
    }
    content = {"classes": classes, "side": side, "splits": stored}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def _seal(values: Mapping[str, Any]) -> str:
    content = {key: value for key, value in values.items() if key != "card_sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


class _Wrong(Exception):  # noqa: N818  # what is wrong with a value, to be told with the card's path
    """A value of a card is not what it should be."""


def _card(values: Mapping[str, Any]) -> Card:
    classes = [_mapping(entry, "a class") for entry in _list(values, "classes")]
    side, encoding = _count(values, "side", least=1), _value(values, "encoding", str)
    if side > MAX_SIDE:
        raise _Wrong(f"side is {side}, expected at most {MAX_SIDE:,}")
    if encoding not in ENCODINGS:
        raise _Wrong(f"encoding is {encoding[:80]!r}, expected one of {', '.join(ENCODINGS)}")
    components = tuple(_numbers(row) for row in _list(values, "colour_components"))
    if [len(row) for row in components] != [3, 3, 3]:
        raise _Wrong("colour_components are not three rows of three numbers")
    splits = {
        name: _split(_mapping(split, f"split {name[:80]!r}"), len(classes))
        for name, split in _value(values, "splits", dict).items()
    }
    if not classes or "train" not in splits or any("/" in name for name in splits):
        raise _Wrong(f"it names {len(classes)} classes and the splits {', '.join(splits)[:80] or 'none'}")
    return Card(
        name=_value(values, "name", str),
        side=side,
        encoding=encoding,
        classes=tuple(_value(entry, "name", str) for entry in classes),
        words=tuple(_value(entry, "words", str) for entry in classes),
        splits=splits,
        unreadable=_count(values, "skipped"),
        colour_components=components,
        fingerprint=_value(values, "fingerprint", str),
        sha256=_digests(values, "sha256") if "sha256" in values else {},
        changed="card_sha256" in values and values["card_sha256"] != _seal(values),
    )


def _split(values: Mapping[str, Any], classes: int) -> SplitCard:
    shards = tuple(
        ShardCard(_count(shard, "count"), _digests(shard, "sha256"))
        for shard in (_mapping(shard, "a shard") for shard in _list(values, "shards"))
    )
    per_class = _list(values, "pictures_per_class")
    if len(per_class) != classes or not all(type(count) is int and count >= 0 for count in per_class):
        raise _Wrong(f"pictures_per_class is not a number for each of {classes} classes")
    return SplitCard(shards, _count(values, "pictures"), tuple(per_class))


def _value(values: Mapping[str, Any], key: str, kind: type[V]) -> V:
    if key not in values:
        raise _Wrong(f"it lacks {key!r}")
    value = values[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _Wrong(f"{key} is {str(value)[:80]!r}, expected {_KINDS[kind]}")
    return value


_KINDS: Final[Mapping[type, str]] = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}


def _list(values: Mapping[str, Any], key: str) -> list[Any]:
    return _value(values, key, list)


def _count(values: Mapping[str, Any], key: str, least: int = 0) -> int:
    value = _value(values, key, int)
    if not least <= value < 2**40:
        raise _Wrong(f"{key} is {value}, expected {least} or more")
    return value


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{what} is {str(value)[:80]!r}, expected an object")
    return value


def _numbers(row: object) -> tuple[float, ...]:
    if not isinstance(row, list) or not all(
        type(number) in (int, float) and abs(number) < 1e30 for number in row
    ):
        raise _Wrong(f"colour_components hold {str(row)[:80]}, expected numbers")
    return tuple(float(number) for number in row)


def _digests(values: Mapping[str, Any], key: str) -> Mapping[str, str]:
    found = _value(values, key, dict)
    if not all(isinstance(digest, str) and "/" not in ending for ending, digest in found.items()):
        raise _Wrong(f"{key} is not a text for each file")
    return found
