"""Indexes that databases keep: what only they do, and what is said where one is away."""

import json
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexnet.errors import RecipeError, SearchError
from alexnet.search import postgresql, qdrant
from alexnet.search.index import Rows
from alexnet.search.kinds import kind_named
from alexnet.search.measures import measure
from alexnet.search.qdrant import index as qdrant_index
from alexnet.search.qdrant.server import ServerPoints
from search.pictures import DIMENSION, card, nearest, rows, vectors


@pytest.fixture
def table(postgresql: str, request: pytest.FixtureRequest) -> str:
    """The address of a table of the test's own."""
    name = request.node.name[5:40].lower()
    return f"postgresql://postgres@/postgres?host={postgresql}&table={name}"


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def test_vectors_longer_than_the_graph_takes_are_found_by_bits(tmp_path: Path, table: str) -> None:
    """fc7 has 4,096 values, pgvector's graph takes 4,000: bits of them, then the vectors of what is near."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(30, 4096))
    given = np.maximum(centres[rng.integers(0, 30, 400)] + 0.5 * rng.normal(size=(400, 4096)), 0)
    made = given.astype(np.float16)
    some = Rows(made, [str(n) for n in range(400)], np.zeros(400, np.int64), np.zeros((400, 2), np.int64))
    with_bits = replace(card(table), dimension=4096)
    index = postgresql.build(tmp_path / "index", with_bits, [some], {"search": "60"})
    assert "bits" in index.info()["indexed"]
    found, right = index.query(made[:30], 10), nearest(made, made[:30], 10)
    assert found.rows[:, 0].tolist() == list(range(30))
    hits = [len(set(a) & set(b)) for a, b in zip(found.rows.tolist(), right.tolist(), strict=True)]
    assert np.mean(hits) / 10 > 0.9
    index.close()


def test_a_table_that_is_replaced_goes_and_its_name_is_its_own(tmp_path: Path, table: str) -> None:
    first = postgresql.build(tmp_path / "index", card(table), rows(50), {})
    second = postgresql.build(tmp_path / "index", card(table), rows(70), {})
    other = postgresql.build(tmp_path / "other", card(table), rows(60), {})
    assert (len(second), len(other)) == (70, 60)
    with pytest.raises(SearchError, match="does not exist; build the index again"):
        first.query(vectors(1), 1)
    for index in (first, second, other):
        index.close()


def test_a_password_is_not_kept(tmp_path: Path, table: str) -> None:
    address = table.replace("postgres@", "postgres:secret@", 1)
    index = postgresql.build(tmp_path / "index", card(address), rows(50), {})
    assert "secret" not in index.card.kind
    assert not any(b"secret" in path.read_bytes() for path in (tmp_path / "index").iterdir())
    index.close()


def test_a_name_of_any_bytes_comes_back(tmp_path: Path, table: str) -> None:
    names = ["a'b\\c", "tab\t, \u00e9, \u732b", "\udcff broken", "100% /x?"]
    some = Rows(vectors(4), names, np.zeros(4, np.int64), np.zeros((4, 2), np.int64))
    kinds = [table]
    pytest.importorskip("qdrant_edge")
    kinds.append(f"qdrant://{tmp_path}/pictures")
    for number, kind in enumerate(kinds):
        index = kind_named(kind).build(tmp_path / str(number), card(kind), [some], {})
        assert list(index.entries(np.arange(4)).names) == names
        assert index.remove(names[2:]) == 2
        assert list(index.entries(np.arange(2)).names) == names[:2]
        index.close()


def test_an_index_in_a_database_is_measured(tmp_path: Path, table: str) -> None:
    index = postgresql.build(tmp_path / "index", card(table), rows(300), {})
    found = measure(index, queries=20)
    assert found is not None
    assert found.recall > 0.95
    assert found.size == index.info()["bytes"]
    index.close()


def test_postgresql_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("pg8000")
    kind = f"postgresql://me@127.0.0.1:{free_port()}/pictures"
    with pytest.raises(SearchError, match=r"the database is away .*refused.*start it") as said:
        postgresql.build(tmp_path / "index", card(kind), rows(50), {})
    assert "\n" not in str(said.value)
    assert not (tmp_path / "index").exists()


def test_postgresql_without_such_a_user_or_database_says_so(tmp_path: Path, table: str) -> None:
    with pytest.raises(SearchError, match='database "nowhere" does not exist'):
        postgresql.build(tmp_path / "a", card(table.replace("/postgres?", "/nowhere?")), rows(50), {})
    with pytest.raises(SearchError, match="nobody"):
        postgresql.build(tmp_path / "b", card(table.replace("postgres@", "nobody@")), rows(50), {})


def test_qdrant_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("qdrant_client")
    kind = f"qdrant://127.0.0.1:{free_port()}/pictures"
    with pytest.raises(SearchError, match=r"the database is away .*refused.*start it") as said:
        qdrant.build(tmp_path / "index", card(kind), rows(50), {})
    assert "\n" not in str(said.value)


def test_what_a_qdrant_server_refuses_is_said_in_one_line(tmp_path: Path) -> None:
    """A server of the test's own that lets nobody in."""
    pytest.importorskip("qdrant_client")

    class Closed(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:  # http.server's word
            content = json.dumps({"status": {"error": "forbidden"}}).encode()
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(403)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_DELETE = do_PUT  # noqa: N815  # http.server's word

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Closed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kind = f"qdrant://127.0.0.1:{server.server_port}/pictures"
        with pytest.raises(SearchError, match=r"answers 403.*forbidden.*QDRANT_API_KEY"):
            qdrant.build(tmp_path / "index", card(kind), rows(50), {})
        server.shutdown()


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect", "ignore:Local mode performs exact")
def test_a_qdrant_server_is_asked_as_its_client_understands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through qdrant-client's stand-in for a server, which takes the same calls and searches in NumPy."""
    library = pytest.importorskip("qdrant_client")
    client = library.QdrantClient(":memory:")
    monkeypatch.setattr(client, "close", lambda: None)  # what is in memory would be gone
    monkeypatch.setattr(
        qdrant_index, "ServerPoints", lambda url, collection: ServerPoints(url, collection, client)
    )
    index = qdrant.build(tmp_path / "index", card("qdrant://elsewhere:6333/pictures"), rows(300), {})
    assert np.array_equal(
        index.query(vectors(20, seed=5), 10).rows, nearest(vectors(300), vectors(20, seed=5), 10)
    )
    assert index.add(rows(40, seed=3, prefix="other"), index.card) == 40
    assert not index.query(vectors(40, seed=3)[:5], 1).distances.any()
    assert index.remove([f"other {number}" for number in range(40)]) == 40
    assert index.entries(np.array([299, 3])).names == ("picture 299", "picture 3")
    assert index.sample(7, 0).shape == (7, DIMENSION)
    again = qdrant.build(tmp_path / "index", card("qdrant://elsewhere:6333/pictures"), rows(50), {})
    assert len(again) == 50
    assert len(client.get_collections().collections) == 1
    with pytest.raises((SearchError, ValueError), match="not found"):  # the stand-in's own error
        index.query(vectors(1), 1)


def test_an_addition_to_qdrant_that_was_killed_is_not_found(tmp_path: Path) -> None:
    """What a dead process left has rows that the index's header does not know of."""
    pytest.importorskip("qdrant_edge")
    index = qdrant.build(tmp_path / "index", card(f"qdrant://{tmp_path}/pictures"), rows(100), {})
    qdrant_index._insert(index._points, rows(30, seed=3, prefix="lost"), 100)
    found = index.query(vectors(30, seed=3), 5)
    assert found.rows.max() < 100
    assert index.add(rows(20, seed=4, prefix="new"), index.card) == 20
    assert len(index) == 120
    assert index.entries(np.array([119])).names == ("new 19",)
    index.close()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me@host:port/pictures",
        "postgresql://me@host/pictures?table=a;b",
        "postgresql://me@host/pictures?sslmode=off",
        "qdrant://host:6333/",
        "qdrant://host:6333/a/b",
        "qdrant://host:6333/a b",
        "qdrant://key@host:6333/a",
    ],
)
def test_addresses_that_are_none_are_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(RecipeError, match="is not understood"):
        kind_named(address).build(tmp_path / "index", card(address), rows(10), {})
