"""The kind `postgresql://...`: pictures are rows of a table, pgvector finds near ones.

The folder of the index holds its card and the name of the table. A copy of it, which is small, is all that another
machine needs to query.

Shapes: N pictures in the index, n queries, D values of a vector, k neighbours.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from alexnet.errors import RecipeError, SearchError
from alexnet.search.exact import as_queries
from alexnet.search.index import Entries, IndexCard, Neighbours, Rows
from alexnet.search.postgresql.connection import Address, answering, close, connect, parsed
from alexnet.search.postgresql.table import Table, is_name
from alexnet.search.storage.change import changing
from alexnet.search.storage.header import damaged
from alexnet.search.storage.store import Store
from alexnet.settings.typed import from_plain

MOST_KEPT: Final = 16_000
"""Values of a vector that pgvector keeps."""
MOST_SEEN: Final = 1000
"""Pictures that its graph keeps in sight, at most; where more are asked for, every vector is compared."""


@final
@dataclass(frozen=True)
class PostgresqlOptions:
    """Settings of an index in PostgreSQL: those of pgvector's graph."""

    links: int = 16
    """Neighbours that a picture is linked with, 2 to 100: pgvector's m."""
    construction: int = 64
    """Pictures that are kept in sight while a new one is linked, at least twice the links: its ef_construction."""
    search: int = 100
    """Pictures that are kept in sight while a query walks, 1 to 1000: its ef_search; of bits, those compared."""

    def __post_init__(self) -> None:
        if not (
            2 <= self.links <= 100 and 2 * self.links <= self.construction <= MOST_SEEN >= self.search >= 1
        ):
            raise RecipeError(
                f"{self}: expected links 2 to 100, construction from twice that and search from 1, both to 1000"
            )


def build(
    folder: Path, card: IndexCard, rows: Iterable[Rows], options: Mapping[str, str]
) -> "PostgresqlIndex":
    """Make a table and its graph in one transaction; the table of an index that is there goes after that."""
    settings = from_plain(PostgresqlOptions, options)
    address, password = parsed(card.kind)
    if card.dimension > MOST_KEPT:
        raise RecipeError(
            f"pgvector keeps vectors of at most {MOST_KEPT:,} values, not {card.dimension:,}: pool maps"
        )
    card = replace(card, kind=str(address))
    connection, old = connect(address, password), None
    try:
        with changing(folder, card) as change, transaction(connection, address):
            old = _old_table(folder, address)
            connection.run("CREATE EXTENSION IF NOT EXISTS vector")
            given = iter(rows)
            first = next(given, None)
            table = Table.create(connection, address.table, card, first)
            table.insert(chain([] if first is None else [first], given), 0)
            table.index(links=settings.links, construction=settings.construction)
            if table.middle is not None:
                with change.part("middle").open("wb") as file:
                    np.save(file, table.middle)
            change.settings = {**asdict(settings), "table": table.name}
        if old is not None:
            with answering(address):
                connection.run(f"DROP TABLE IF EXISTS {old}")
    finally:
        close(connection)
    return PostgresqlIndex(folder, password)


def open(folder: Path) -> "PostgresqlIndex":
    """Open an index that PostgreSQL keeps; see `Kind.open`."""
    return PostgresqlIndex(folder)


@contextmanager
def transaction(connection: Any, address: Address) -> Iterator[None]:
    """Do all of it or nothing; a process that is killed has done nothing."""
    with answering(address):
        connection.run("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(
                Exception
            ):  # of a connection that is broken, for instance: nothing has been done then
                connection.run("ROLLBACK")
            raise
        connection.run("COMMIT")


@final
class PostgresqlIndex:
    """An open index that PostgreSQL keeps; see `Index`. Rows keep their numbers where others are removed.

    Args:
        folder: of the index.
        password: of the database; left out, PGPASSWORD.
    """

    metric = "Euclidean"

    def __init__(self, folder: Path, password: str | None = None) -> None:
        self.folder = folder
        self._open(Store(folder))
        self._connection = connect(self._address, password)
        self._table = Table(
            self._connection, self._name, self._card.dimension, self._card.dtype, self._middle
        )
        try:
            with answering(self._address):
                self._count, _ = self._table.counted()
        except BaseException:
            close(self._connection)
            raise

    def _open(self, store: Store) -> None:
        settings = dict(store.header.settings)
        table = settings.pop("table", "")
        try:
            self._address, _ = parsed(store.card.kind)
            self.options = from_plain(PostgresqlOptions, settings)
        except RecipeError as error:
            raise damaged(self.folder, str(error)) from None
        if not is_name(table, self._address.table):
            raise damaged(self.folder, "it names no table of its own")
        self._name = table
        self._card, self._middle = store.card, None
        if store.header.parts:
            self._middle = np.array(store.array("middle", "<f4", (store.card.dimension,)))

    @property
    def card(self) -> IndexCard:
        """What it holds."""
        return self._card

    def __len__(self) -> int:
        return self._count

    def query(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find near pictures, as pgvector's graph finds them; all are compared where it finds fewer than k."""
        return self._nearest(vectors, k, exact=False)

    def exact(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find the nearest pictures by comparing every vector: what `query` is measured against."""
        return self._nearest(vectors, k, exact=True)

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Return vectors of pictures chosen by chance, (min(count, N), D), as the index keeps them."""
        with answering(self._address):
            return self._table.sample(count, seed)

    def entries(self, rows: np.ndarray) -> Entries:
        """Return what is known of pictures; see `Index.entries`."""
        wanted = rows.reshape(-1).tolist()
        with answering(self._address):
            known = self._table.known(sorted(set(wanted)))
        for row in wanted:
            if row not in known:
                raise IndexError(f"the index holds {len(self)} pictures: there is no row {row}")
        names = tuple(bytes(known[row][0]).decode("utf-8", "surrogatepass") for row in wanted)
        numbers = np.array([known[row][1:] for row in wanted], np.int64).reshape(-1, 3)
        return Entries(names, numbers[:, 0], numbers[:, 1:])

    def add(self, rows: Iterable[Rows], card: IndexCard) -> int:
        """Add pictures; see `Index.add`."""
        with changing(self.folder, card) as change, transaction(self._connection, self._address):
            self._same(Store(self.folder))
            self._table.lock()
            count, before = self._table.counted()
            last = self._table.insert(rows, before)
            self._keep(change)
        self._count, self._card = count + last - before, card
        return last - before

    def remove(self, names: Collection[str]) -> int:
        """Remove pictures; rows after them keep their numbers."""
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        with changing(self.folder, self._card) as change, transaction(self._connection, self._address):
            self._same(Store(self.folder))
            gone = self._table.delete(encoded)
            self._count, _ = self._table.counted()
            self._keep(change)
        return gone

    def info(self) -> Mapping[str, Any]:
        """Ask the server, and return what there is to say; see `Index.info`."""
        with answering(self._address):
            size, version = self._table.facts()
        indexed = (
            self._card.dtype
            if self._middle is None
            else f"bits: whether each of {self._card.dimension} values is above its mean"
        )
        return {
            "pictures": len(self),
            "bytes": size,
            "table": self._name,
            "pgvector": version,
            "indexed": indexed,
            **asdict(self.options),
        }

    def close(self) -> None:
        """Let go of the connection."""
        close(self._connection)

    def _nearest(self, vectors: np.ndarray, k: int, *, exact: bool) -> Neighbours:
        queries, k = as_queries(vectors, k, self._card), min(k, len(self))
        distances = np.zeros((len(queries), k), np.float32)
        rows = np.zeros((len(queries), k), np.int64)
        for number, query in enumerate(queries if k else []):
            with transaction(self._connection, self._address):
                near = not exact and k <= MOST_SEEN
                found = self._table.seen(query, k, self.options.search) if near else []
                if len(found) < k:
                    found = self._table.compared(query, k)
            order = sorted((distance, row) for row, distance in found)[:k]
            distances[number], rows[number] = [each[0] for each in order], [each[1] for each in order]
        return Neighbours(distances, rows)

    def _same(self, store: Store) -> None:
        """Take up what others have added to the index; refuse one that has become another."""
        settings = store.header.settings
        if store.card != self._card or settings.get("table") != self._name:
            raise SearchError(f"{str(self.folder)!r} has been changed by another process: open it again")

    def _keep(self, change: Any) -> None:
        """Let a change keep what the folder holds beside the card."""
        change.settings = {**asdict(self.options), "table": self._name}
        if self._middle is not None:
            change.keep_part(Store(self.folder), "middle")


def _old_table(folder: Path, address: Address) -> str | None:
    """Return the table of the index that is in a folder, where it is in the same database."""
    try:
        store = Store(folder)
        old, _ = parsed(store.card.kind)
    except (SearchError, RecipeError):
        return None
    table = store.header.settings.get("table")
    here = replace(old, table="") == replace(address, table="")
    return str(table) if here and is_name(table, old.table) else None
