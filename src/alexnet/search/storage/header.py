"""The header of an index, index.json: what lies beside it, with the size and SHA-256 of each file.

It is replaced last and whole, so that an index is always the old one or the new one. Files are called by their
digests and never changed: what a new index shares with the old one stays where it is.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

from alexnet import files
from alexnet.errors import RecipeError, SearchError
from alexnet.search.index import DTYPES, IndexCard
from alexnet.settings.typed import from_plain, to_plain

HEADER: Final = "index.json"
FORMAT: Final = "alexnet index 1"
FILE: Final = re.compile(r"[a-z][a-z0-9-]*-[0-9a-f]{16}\.[a-z0-9]+")
"""How the files of an index are called; nothing else in its folder is read, or removed."""
MAX_DIMENSION: Final = 1 << 24
"""Values of a vector: a map of conv1 kept whole has 290,400."""


@final
@dataclass(frozen=True)
class FileCard:
    """What the header says of a file."""

    size: int
    """Bytes."""
    sha256: str
    modified_ns: int
    """When it was written: a file of another time is read whole to be compared with its digest."""


@final
@dataclass(frozen=True)
class ShardCard:
    """Some of the pictures, the same number in each shard but the last."""

    count: int
    vectors: str
    """The file of vectors: .npy, (count, D)."""
    records: str
    """The file of labels, origins and lengths: .npy, (count,)."""
    names: str
    """The file of names, end to end."""


@final
@dataclass(frozen=True)
class Header:
    """What the header says."""

    card: IndexCard
    shard_rows: int
    """Pictures of a whole shard."""
    shards: tuple[ShardCard, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    """Files of the kind's own, by what they are."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of the kind: plain values."""
    files: Mapping[str, FileCard] = field(default_factory=dict)
    """Every file that the index has."""

    @property
    def count(self) -> int:
        """Pictures of all shards."""
        return sum(shard.count for shard in self.shards)


def read_header(folder: Path) -> Header:
    """Read the header of an index, and compare each file's size with it, and its digest where its time is another.

    Raises:
        SearchError: there is no index, or something of it is not what was written.
    """
    path = folder / HEADER
    try:
        values = json.loads(files.read_bounded(path).decode("ascii"))
    except (FileNotFoundError, NotADirectoryError):
        raise SearchError(
            f"{os.fspath(folder)!r} holds no index (no {HEADER}): make one with `alexnet search build`"
        ) from None
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"it is no JSON: {str(error)[:120]}") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise damaged(path, f"it is not of format {FORMAT!r}")
    if values.pop("sha256", None) != _seal(values):
        raise damaged(path, "it is not what was written")
    header = _header(path, values)
    for name in header.files:
        check_file(folder, name, header.files[name])
    return header


def named_files(folder: Path) -> set[str] | None:
    """Return the names of the files that a header speaks of, unchecked: none of no header, None of a damaged one."""
    try:
        return set(json.loads(files.read_bounded(folder / HEADER))["files"])
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None


def write_header(folder: Path, header: Header) -> None:
    """Replace the header of an index: from here on it is the new one."""
    values = {"format": FORMAT, **to_plain(header)}
    files.write_text(folder / HEADER, json.dumps({**values, "sha256": _seal(values)}, indent=1) + "\n")


def file_card(path: Path) -> FileCard:
    """Return what a header is to say of a file that is written and will not be changed."""
    status = path.stat()
    return FileCard(status.st_size, files.sha256(path), status.st_mtime_ns)


def check_file(folder: Path, name: str, card: FileCard, *, whole: bool = False) -> None:
    """Compare a file with what the header says of it.

    Args:
        folder, name: of the file.
        card: what is said.
        whole: compare its digest even where nothing seems to have touched it.
    Raises:
        SearchError: it is missing, cut or changed.
    """
    path = folder / name
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise damaged(path, "it is no regular file")
        if status.st_size != card.size:
            raise damaged(path, f"it has {status.st_size:,} bytes, not {card.size:,}")
        if (whole or status.st_mtime_ns != card.modified_ns) and files.sha256(path) != card.sha256:
            raise damaged(path, "its SHA-256 is another than when it was written")
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from None


def damaged(path: Path, reason: str) -> SearchError:
    """Return the error for a file of an index that is not what was written."""
    return SearchError(f"{os.fspath(path)!r} is damaged ({reason}): build the index again")


def _seal(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("ascii")).hexdigest()


def _header(path: Path, values: Mapping[str, Any]) -> Header:
    """Return values as a header, each checked by itself and against the others."""
    try:
        header = from_plain(Header, {name: value for name, value in values.items() if name != "format"})
    except RecipeError as error:
        raise damaged(path, str(error)) from None
    card, named = header.card, set(header.parts.values())
    for shard in header.shards:
        named |= {shard.vectors, shard.records, shard.names}
    sound = (
        1 <= card.dimension <= MAX_DIMENSION
        and card.dtype in DTYPES
        and len(card.words) == len(card.classes)
        and all(shard.count == header.shard_rows for shard in header.shards[:-1])
        and all(1 <= shard.count <= header.shard_rows for shard in header.shards)
        and named == header.files.keys()
        and all(map(FILE.fullmatch, named))
    )
    if not sound:
        raise damaged(path, "its values do not agree")
    return header
