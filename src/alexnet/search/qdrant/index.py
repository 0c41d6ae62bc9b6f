"""The kind `qdrant://...`: pictures are points of a collection, Qdrant finds near ones.

The folder of the index holds its card and the name of the collection. A copy of it, which is small, is all that
another machine needs to query.

Shapes: N pictures in the index, n queries, D values of a vector, k neighbours.
"""

import os
import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, final
from urllib.parse import quote, unquote, urlsplit

import numpy as np

from alexnet.errors import RecipeError, SearchError
from alexnet.search.exact import as_queries
from alexnet.search.index import Entries, IndexCard, Neighbours, Rows
from alexnet.search.qdrant.engine import EnginePoints
from alexnet.search.qdrant.points import NAME, ROW, Points, QdrantOptions
from alexnet.search.qdrant.server import ServerPoints
from alexnet.search.sampling import sampled_rows
from alexnet.search.storage.change import changing
from alexnet.search.storage.header import damaged
from alexnet.search.storage.store import Store
from alexnet.settings.typed import from_plain

_ROWS = 1024  # points that are written at a time


def build(folder: Path, card: IndexCard, rows: Iterable[Rows], options: Mapping[str, str]) -> "QdrantIndex":
    """Make a collection and its graph; the collection of an index that is there goes after that."""
    settings = from_plain(QdrantOptions, options)
    collection = f"{_parsed(card.kind)[1]}-{secrets.token_hex(4)}"
    points = _points(card.kind, collection)
    old = None
    try:
        with changing(folder, card) as change:
            old = _old_points(folder)
            points.create(card.dimension, card.dtype, settings)
            try:
                count = _insert(points, rows, 0)
                points.settle()
            except BaseException:
                points.drop()
                raise
            change.settings = {**asdict(settings), "collection": collection, "next": count, "count": count}
        if old is not None:
            old.drop()
    finally:
        points.close()
    return QdrantIndex(folder)


def open(folder: Path) -> "QdrantIndex":
    """Open an index that Qdrant keeps; see `Kind.open`."""
    return QdrantIndex(folder)


@final
class QdrantIndex:
    """An open index that Qdrant keeps; see `Index`. Rows keep their numbers where others are removed."""

    metric = "Euclidean"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read(Store(folder))
        self._points = _points(self._card.kind, self._collection)
        self._points.known([0], vectors=False)  # says now whether it is there

    def _read(self, store: Store) -> None:
        settings = dict(store.header.settings)
        self._collection = settings.pop("collection", "")
        self._next, self._count = settings.pop("next", -1), settings.pop("count", -1)
        self._card = store.card
        try:
            name = _parsed(store.card.kind)[1]
            self.options = from_plain(QdrantOptions, settings)
        except RecipeError as error:
            raise damaged(self.folder, str(error)) from None
        named = isinstance(self._collection, str) and re.fullmatch(rf"{name}-[0-9a-f]{{8}}", self._collection)
        if not named or not all(isinstance(value, int) and value >= 0 for value in (self._next, self._count)):
            raise damaged(self.folder, "it names no collection of its own")

    @property
    def card(self) -> IndexCard:
        """What it holds."""
        return self._card

    def __len__(self) -> int:
        return int(self._count)

    def query(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find near pictures, as Qdrant's graph finds them."""
        return self._nearest(vectors, k, exact=False)

    def exact(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find the nearest pictures by comparing every vector: what `query` is measured against."""
        return self._nearest(vectors, k, exact=True)

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Return vectors of pictures chosen by chance, (at most count, D), as the index keeps them."""
        rows = sampled_rows(self._next, count, seed).tolist()
        found = sorted(self._points.known(rows, vectors=True).items())
        return np.array([vector for _, (_, vector) in found], self._card.dtype).reshape(
            -1, self._card.dimension
        )

    def entries(self, rows: np.ndarray) -> Entries:
        """Return what is known of pictures; see `Index.entries`."""
        wanted = rows.reshape(-1).tolist()
        known = self._points.known(sorted(set(wanted)), vectors=False) if wanted else {}
        for row in wanted:
            if row not in known:
                raise IndexError(f"the index holds {len(self)} pictures: there is no row {row}")
        found = [known[row][0] for row in wanted]
        numbers = [[int(each[field]) for field in ("label", "source", "number")] for each in found]
        values = np.array(numbers, np.int64).reshape(-1, 3)
        names = tuple(unquote(str(each[NAME]), errors="surrogatepass") for each in found)
        return Entries(names, values[:, 0], values[:, 1:])

    def add(self, rows: Iterable[Rows], card: IndexCard) -> int:
        """Add pictures: those of an addition that was cut short are not found, and are removed here."""
        with changing(self.folder, card) as change:
            self._take_up(Store(self.folder))
            before = self._next
            self._points.cut(before)
            try:
                last = _insert(self._points, rows, before)
                self._points.settle()
            except BaseException:
                self._points.cut(before)
                raise
            self._next, self._count, self._card = last, self._count + last - before, card
            change.settings = self._settings()
        return int(last - before)

    def remove(self, names: Collection[str]) -> int:
        """Remove pictures; rows after them keep their numbers."""
        encoded = [_encoded(name) for name in names]
        with changing(self.folder, self._card) as change:
            self._take_up(Store(self.folder))
            gone = self._points.count(encoded, self._next) if encoded else 0
            if gone:
                self._points.remove(encoded)
            self._count -= gone
            change.settings = self._settings()
        return gone

    def info(self) -> Mapping[str, Any]:
        """Return what there is to say; see `Index.info`."""
        return {"pictures": len(self), "collection": self._collection, **asdict(self.options)}

    def close(self) -> None:
        """Let go of the connection."""
        self._points.close()

    def _nearest(self, vectors: np.ndarray, k: int, *, exact: bool) -> Neighbours:
        queries, k = as_queries(vectors, k, self._card), min(k, len(self))
        distances = np.zeros((len(queries), k), np.float32)
        rows = np.zeros((len(queries), k), np.int64)
        sight = max(k, self.options.search)
        for number, query in enumerate(queries.tolist() if k else []):
            found = self._points.search(query, k, sight=sight, exact=exact, before=self._next)
            if len(found) < k:
                found = self._points.search(query, k, sight=sight, exact=True, before=self._next)
            if len(found) < k:
                raise SearchError(
                    f"{self._card.kind} holds fewer than {len(self)} pictures: build the index again"
                )
            for rank, (distance, row) in enumerate(sorted(found)):
                distances[number, rank], rows[number, rank] = distance, row
        return Neighbours(distances, rows)

    def _settings(self) -> dict[str, Any]:
        own = {"collection": self._collection, "next": self._next, "count": self._count}
        return {**asdict(self.options), **own}

    def _take_up(self, store: Store) -> None:
        """Take up what others have changed; refuse an index that has become another."""
        if store.card != self._card or store.header.settings.get("collection") != self._collection:
            raise SearchError(
                f"{os.fspath(self.folder)!r} has been changed by another process: open it again"
            )
        self._read(store)


def _insert(points: Points, rows: Iterable[Rows], first: int) -> int:
    """Put pictures into a collection, and return the row after the last."""
    for some in rows:
        known = [
            {ROW: first + number, NAME: _encoded(name), "label": label, "source": source, "number": of}
            for number, (name, label, (source, of)) in enumerate(
                zip(some.names, some.labels.tolist(), some.origins.tolist(), strict=True)
            )
        ]
        for start in range(0, len(known), _ROWS):
            points.insert(first + start, some.vectors[start : start + _ROWS], known[start : start + _ROWS])
        first += len(known)
    return first


def _encoded(name: str) -> str:
    """Return a name as JSON can hold it, whatever bytes it was made of."""
    return quote(name, safe=" /", errors="surrogatepass")


def _parsed(address: str) -> tuple[str, str]:
    """Return the server's URL, or the folder's path, and the name of the collection."""
    try:
        parts = urlsplit(address)
        port = parts.port or 6333
    except ValueError as error:
        raise _wrong(str(error)) from None
    folder, _, name = unquote(parts.path).rpartition("/")
    if not re.fullmatch(r"[A-Za-z0-9_]{1,80}", name) or parts.query not in ("", "https"):
        raise _wrong("a collection has letters, digits and _; after ? may stand https")
    if not parts.hostname:
        return folder, name
    if folder.strip("/") or parts.username or parts.password:
        raise _wrong("a server's has a host, a port and a collection; its key is read from QDRANT_API_KEY")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"http{'s' if parts.query else ''}://{host}:{port}", name


def _points(address: str, collection: str) -> Points:
    base, _ = _parsed(address)
    return ServerPoints(base, collection) if "://" in base else EnginePoints(Path(base, collection))


def _old_points(folder: Path) -> Points | None:
    """Return the collection of the index that is in a folder."""
    try:
        store = Store(folder)
        name = _parsed(store.card.kind)[1]
    except (SearchError, RecipeError):
        return None
    collection = store.header.settings.get("collection")
    if not isinstance(collection, str) or not re.fullmatch(rf"{name}-[0-9a-f]{{8}}", collection):
        return None
    return _points(store.card.kind, collection)


def _wrong(reason: str) -> RecipeError:
    return RecipeError(
        f"the address of an index in Qdrant is not understood ({reason}): expected qdrant://host:6333/collection, "
        "or qdrant:///folder/collection"
    )
