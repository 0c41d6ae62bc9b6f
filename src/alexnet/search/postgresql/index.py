"""The kind `postgresql://...`: pictures are rows of a table, pgvector finds near ones.

The folder of the index holds its card and the name of the table. A copy of it, which is small, is all that another
machine needs to query.

pgvector's graph takes vectors of at most 2,000 values, or 4,000 of half precision. Of longer ones, as fc7's 4,096, it
takes bits: whether a value is above its mean. The pictures of the nearest bits are then compared by their vectors.

Shapes: N pictures in the index, n queries, D values of a vector, k neighbours.
"""

import io
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from alexnet.errors import RecipeError, SearchError
from alexnet.search.change import changing
from alexnet.search.exact import as_queries
from alexnet.search.header import damaged
from alexnet.search.index import Entries, IndexCard, Neighbours, Rows
from alexnet.search.postgresql.connection import Address, answering, close, connect, parsed
from alexnet.search.postgresql.copying import HEADER, TRAILER, above, copied
from alexnet.search.store import Store
from alexnet.settings.typed import from_plain

MOST: Final = {"float16": 4000, "float32": 2000}
"""Values of a vector that pgvector's graph takes."""
MOST_KEPT: Final = 16_000
"""Values of a vector that pgvector keeps."""
MOST_SEEN: Final = 1000
"""Pictures that its graph keeps in sight, at most; where more are asked for, every vector is compared."""
TYPES: Final = {"float16": "halfvec", "float32": "vector"}


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
    table = f"{address.table}_{secrets.token_hex(4)}"
    connection, old = connect(address, password), None
    try:
        with changing(folder, card) as change, transaction(connection, address):
            old = _old_table(folder, address)
            connection.run("CREATE EXTENSION IF NOT EXISTS vector")
            given = iter(rows)
            first = next(given, None)
            middle = _middle(card, first)
            _create(connection, table, card, middle is not None)
            _insert(connection, table, chain([] if first is None else [first], given), 0, middle)
            _graph(connection, table, card, settings, middle is not None)
            if middle is not None:
                with change.part("middle").open("wb") as file:
                    np.save(file, middle)
            change.settings = {**asdict(settings), "table": table}
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
        try:
            with answering(self._address):
                self._count, _ = self._counted()
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
        if not _is_ours(table, self._address):
            raise damaged(self.folder, "it names no table of its own")
        self._table = table
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
            found = self._run(
                f"SELECT vector::text FROM (SELECT vector, row FROM {self._table} "
                "ORDER BY hashint8extended(row, :seed) LIMIT :count) AS chosen ORDER BY row",
                seed=seed,
                count=count,
            )
        values = [np.fromstring(text[1:-1], np.float32, sep=",") for (text,) in found]
        return np.array(values, self._card.dtype).reshape(-1, self._card.dimension)

    def entries(self, rows: np.ndarray) -> Entries:
        """Return what is known of pictures; see `Index.entries`."""
        wanted = rows.reshape(-1).tolist()
        with answering(self._address):
            found = self._run(
                f"SELECT row, name, label, source, number FROM {self._table} WHERE row = ANY(:rows)",
                rows=sorted(set(wanted)),
            )
        known = {row: values for row, *values in found}
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
            self._run(f"LOCK TABLE {self._table} IN SHARE ROW EXCLUSIVE MODE")  # against other machines, too
            count, before = self._counted()
            last = _insert(self._connection, self._table, rows, before, self._middle)
            self._keep(change)
        self._count, self._card = count + last - before, card
        return last - before

    def remove(self, names: Collection[str]) -> int:
        """Remove pictures; rows after them keep their numbers."""
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        with changing(self.folder, self._card) as change, transaction(self._connection, self._address):
            self._same(Store(self.folder))
            gone = self._run(
                f"WITH gone AS (DELETE FROM {self._table} WHERE name = ANY(:names) RETURNING 1) "
                "SELECT count(*) FROM gone",
                names=encoded,
            )[0][0]
            self._count, _ = self._counted()
            self._keep(change)
        return int(gone)

    def info(self) -> Mapping[str, Any]:
        """Ask the server, and return what there is to say; see `Index.info`."""
        with answering(self._address):
            size, version = self._run(
                f"SELECT pg_total_relation_size('{self._table}'), extversion FROM pg_extension WHERE extname = 'vector'"
            )[0]
        indexed = (
            self._card.dtype
            if self._middle is None
            else f"bits: whether each of {self._card.dimension} values is above its mean"
        )
        return {
            "pictures": len(self),
            "bytes": int(size),
            "table": self._table,
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
                found = [] if exact or k > MOST_SEEN else self._seen(query, k)
                if len(found) < k:
                    found = self._compared(query, k)
            order = sorted((distance, row) for row, distance in found)[:k]
            distances[number], rows[number] = [each[0] for each in order], [each[1] for each in order]
        return Neighbours(distances, rows)

    def _seen(self, query: np.ndarray, k: int) -> list[Any]:
        """Return near rows and their distances, as the graph finds them."""
        self._run(f"SET LOCAL hnsw.ef_search = {max(k, self.options.search)}")
        kind, near = _type(self._card), f"SELECT row, vector FROM {self._table}"
        if self._middle is None:
            near += f" ORDER BY vector <-> CAST(:query AS {kind}) LIMIT {k}"
            bits = {}
        else:
            size = self._card.dimension
            near += f" ORDER BY bits <~> CAST(:bits AS bit({size})) LIMIT {max(k, self.options.search)}"
            packed = above(query[None], self._middle)
            bits = {"bits": "".join(map(str, np.unpackbits(packed, axis=1)[0, :size]))}
        return self._run(
            f"SELECT row, vector <-> CAST(:query AS {kind}) AS distance FROM ({near}) AS near "
            f"ORDER BY distance, row LIMIT {k}",
            query=_text(query),
            **bits,
        )

    def _compared(self, query: np.ndarray, k: int) -> list[Any]:
        """Return the nearest rows and their distances, by comparing every vector."""
        self._run("SET LOCAL enable_indexscan = off")
        kind = _type(self._card)
        return self._run(
            f"SELECT row, vector <-> CAST(:query AS {kind}) AS distance FROM {self._table} "
            f"ORDER BY distance, row LIMIT {k}",
            query=_text(query),
        )

    def _counted(self) -> tuple[int, int]:
        """Return how many rows the table has, and the number of the next."""
        count, following = self._run(f"SELECT count(*), coalesce(max(row) + 1, 0) FROM {self._table}")[0]
        return int(count), int(following)

    def _run(self, statement: str, **values: Any) -> list[Any]:
        return list(self._connection.run(statement, **values) or [])

    def _same(self, store: Store) -> None:
        """Take up what others have added to the index; refuse one that has become another."""
        settings = store.header.settings
        if store.card != self._card or settings.get("table") != self._table:
            raise SearchError(f"{str(self.folder)!r} has been changed by another process: open it again")

    def _keep(self, change: Any) -> None:
        """Let a change keep what the folder holds beside the card."""
        change.settings = {**asdict(self.options), "table": self._table}
        if self._middle is not None:
            change.keep_part(Store(self.folder), "middle")


def _type(card: IndexCard) -> str:
    return f"{TYPES[card.dtype]}({card.dimension})"


def _text(query: np.ndarray) -> str:
    return f"[{','.join(map(repr, query.astype(float).tolist()))}]"


def _is_ours(table: object, address: Address) -> bool:
    """Whether a name is that of a table that `build` made: it becomes a part of statements."""
    start = f"{address.table}_"
    return (
        isinstance(table, str)
        and table.startswith(start)
        and table[len(start) :].isalnum()
        and table.isascii()
    )


def _old_table(folder: Path, address: Address) -> str | None:
    """Return the table of the index that is in a folder, where it is in the same database."""
    try:
        store = Store(folder)
        old, _ = parsed(store.card.kind)
    except (SearchError, RecipeError):
        return None
    table = store.header.settings.get("table")
    here = replace(old, table="") == replace(address, table="")
    return str(table) if here and _is_ours(table, old) else None


def _middle(card: IndexCard, first: Rows | None) -> np.ndarray | None:
    """Return what bits are to say that values are above: float32, (D,); None where vectors are short enough."""
    if card.dimension <= MOST[card.dtype]:
        return None
    if first is None:
        return np.zeros(card.dimension, np.float32)
    middle: np.ndarray = first.vectors.mean(0, dtype=np.float64).astype(np.float32)
    return middle


def _create(connection: Any, table: str, card: IndexCard, bits: bool) -> None:
    extra = f", bits bit({card.dimension}) NOT NULL" if bits else ""
    connection.run(
        f"CREATE TABLE {table} (row bigint PRIMARY KEY, name bytea NOT NULL, label bigint NOT NULL, "
        f"source bigint NOT NULL, number bigint NOT NULL, vector {_type(card)} NOT NULL{extra})"
    )
    connection.run(f"ALTER TABLE {table} ALTER vector SET STORAGE EXTERNAL")  # it does not compress


def _insert(connection: Any, table: str, rows: Iterable[Rows], first: int, middle: np.ndarray | None) -> int:
    """Copy pictures into a table, and return the row after the last."""
    for some in rows:
        stream = io.BytesIO(HEADER + copied(some, first, middle) + TRAILER)
        connection.run(f"COPY {table} FROM STDIN WITH (FORMAT binary)", stream=stream)
        first += len(some.names)
    return first


def _graph(connection: Any, table: str, card: IndexCard, options: PostgresqlOptions, bits: bool) -> None:
    column = "bits bit_hamming_ops" if bits else f"vector {TYPES[card.dtype]}_l2_ops"
    connection.run(
        f"CREATE INDEX ON {table} USING hnsw ({column}) "
        f"WITH (m = {options.links}, ef_construction = {options.construction})"
    )
    connection.run(f"CREATE INDEX ON {table} USING hash (name)")
