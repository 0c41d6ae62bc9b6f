"""A table of pictures, and pgvector's graph over it: every statement that is sent.

pgvector's graph takes vectors of at most 2,000 values, or 4,000 of half precision. Of longer ones, as fc7's 4,096, it
takes bits: whether a value is above its mean. The pictures of the nearest bits are then compared by their vectors.

Shapes: N pictures in the table, D values of a vector, k neighbours.
"""

import io
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, final

import numpy as np

from alexnet.search.index import IndexCard, Rows
from alexnet.search.postgresql.copying import HEADER, TRAILER, above, copied

MOST: Final = {"float16": 4000, "float32": 2000}
"""Values of a vector that pgvector's graph takes."""
TYPES: Final = {"float16": "halfvec", "float32": "vector"}


@final
@dataclass(frozen=True)
class Table:
    """A table that an index has made, as one connection sees it."""

    connection: Any
    name: str
    dimension: int
    """D."""
    dtype: str
    """Of the vectors: float16 or float32."""
    middle: np.ndarray | None = None
    """What bits say that values are above: float32, (D,); None where the graph takes the vectors themselves."""

    @classmethod
    def create(cls, connection: Any, base: str, card: IndexCard, first: Rows | None) -> Self:
        """Make a table without pictures.

        Args:
            connection: in a transaction.
            base: what its name begins with.
            card: of the index.
            first: some of its pictures, whose mean bits are told by; None where it will have none.
        """
        name, middle = f"{base}_{secrets.token_hex(4)}", _middle(card, first)
        made = cls(connection, name, card.dimension, card.dtype, middle)
        extra = "" if middle is None else f", bits bit({card.dimension}) NOT NULL"
        made.run(
            f"CREATE TABLE {name} (row bigint PRIMARY KEY, name bytea NOT NULL, label bigint NOT NULL, "
            f"source bigint NOT NULL, number bigint NOT NULL, vector {made.type} NOT NULL{extra})"
        )
        made.run(f"ALTER TABLE {name} ALTER vector SET STORAGE EXTERNAL")  # it does not compress
        return made

    @property
    def type(self) -> str:
        """The type of its vectors in SQL."""
        return f"{TYPES[self.dtype]}({self.dimension})"

    def run(self, statement: str, **values: Any) -> list[Any]:
        """Send a statement, and return its rows."""
        return list(self.connection.run(statement, **values) or [])

    def insert(self, rows: Iterable[Rows], first: int) -> int:
        """Copy pictures into it, numbered from `first`, and return the number after the last."""
        for some in rows:
            stream = io.BytesIO(HEADER + copied(some, first, self.middle) + TRAILER)
            self.connection.run(f"COPY {self.name} FROM STDIN WITH (FORMAT binary)", stream=stream)
            first += len(some.names)
        return first

    def index(self, *, links: int, construction: int) -> None:
        """Make the graph over what it holds, and a way to find names."""
        column = f"vector {TYPES[self.dtype]}_l2_ops" if self.middle is None else "bits bit_hamming_ops"
        self.run(
            f"CREATE INDEX ON {self.name} USING hnsw ({column}) "
            f"WITH (m = {links}, ef_construction = {construction})"
        )
        self.run(f"CREATE INDEX ON {self.name} USING hash (name)")

    def lock(self) -> None:
        """Keep other writers away until the transaction ends, those on other machines too."""
        self.run(f"LOCK TABLE {self.name} IN SHARE ROW EXCLUSIVE MODE")

    def counted(self) -> tuple[int, int]:
        """Return how many pictures it has, and the number of the next."""
        count, following = self.run(f"SELECT count(*), coalesce(max(row) + 1, 0) FROM {self.name}")[0]
        return int(count), int(following)

    def delete(self, names: Sequence[bytes]) -> int:
        """Remove the pictures of these names, and return how many they were."""
        gone = self.run(
            f"WITH gone AS (DELETE FROM {self.name} WHERE name = ANY(:names) RETURNING 1) "
            "SELECT count(*) FROM gone",
            names=names,
        )
        return int(gone[0][0])

    def known(self, rows: Sequence[int]) -> dict[int, list[Any]]:
        """Return name, label, source and number of pictures by their rows; of those that there are."""
        found = self.run(
            f"SELECT row, name, label, source, number FROM {self.name} WHERE row = ANY(:rows)", rows=rows
        )
        return {row: values for row, *values in found}

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Return vectors of pictures chosen by chance, (min(count, N), D), as they are kept."""
        found = self.run(
            f"SELECT vector::text FROM (SELECT vector, row FROM {self.name} "
            "ORDER BY hashint8extended(row, :seed) LIMIT :count) AS chosen ORDER BY row",
            seed=seed,
            count=count,
        )
        values = [np.fromstring(text[1:-1], np.float32, sep=",") for (text,) in found]
        return np.array(values, self.dtype).reshape(-1, self.dimension)

    def seen(self, query: np.ndarray, k: int, sight: int) -> list[Any]:
        """Return near rows and their distances, as the graph finds them.

        Args:
            query: float32, (D,).
            k: how many, at most.
            sight: pictures that are kept in sight while it walks.
        """
        self.run(f"SET LOCAL hnsw.ef_search = {max(k, sight)}")
        near, bits = f"SELECT row, vector FROM {self.name}", {}
        if self.middle is None:
            near += f" ORDER BY vector <-> CAST(:query AS {self.type}) LIMIT {k}"
        else:
            near += f" ORDER BY bits <~> CAST(:bits AS bit({self.dimension})) LIMIT {max(k, sight)}"
            packed = above(query[None], self.middle)
            bits = {"bits": "".join(map(str, np.unpackbits(packed, axis=1)[0, : self.dimension]))}
        return self.run(
            f"SELECT row, vector <-> CAST(:query AS {self.type}) AS distance FROM ({near}) AS near "
            f"ORDER BY distance, row LIMIT {k}",
            query=_text(query),
            **bits,
        )

    def compared(self, query: np.ndarray, k: int) -> list[Any]:
        """Return the nearest rows and their distances, by comparing every vector."""
        self.run("SET LOCAL enable_indexscan = off")
        return self.run(
            f"SELECT row, vector <-> CAST(:query AS {self.type}) AS distance FROM {self.name} "
            f"ORDER BY distance, row LIMIT {k}",
            query=_text(query),
        )

    def facts(self) -> tuple[int, str]:
        """Return its bytes with those of its graph, and the version of pgvector."""
        size, version = self.run(
            f"SELECT pg_total_relation_size('{self.name}'), extversion FROM pg_extension WHERE extname = 'vector'"
        )[0]
        return int(size), str(version)


def is_name(table: object, base: str) -> bool:
    """Whether a name is that of a table that `create` made: it becomes a part of statements."""
    start = f"{base}_"
    return (
        isinstance(table, str)
        and table.startswith(start)
        and table[len(start) :].isalnum()
        and table.isascii()
    )


def _text(query: np.ndarray) -> str:
    return f"[{','.join(map(repr, query.astype(float).tolist()))}]"


def _middle(card: IndexCard, first: Rows | None) -> np.ndarray | None:
    """Return what bits are to say that values are above: float32, (D,); None where vectors are short enough."""
    if card.dimension <= MOST[card.dtype]:
        return None
    if first is None:
        return np.zeros(card.dimension, np.float32)
    middle: np.ndarray = first.vectors.mean(0, dtype=np.float64).astype(np.float32)
    return middle
