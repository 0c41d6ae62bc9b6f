"""What every kind of index has to do, whatever it does it with: in a folder, in a database, in a process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexnet.errors import RecipeError, SearchError
from alexnet.search.index import Index, Neighbours, Rows
from alexnet.search.kinds import kind_named
from search.pictures import card, nearest, rows, vectors

COUNT = 1200
KINDS: dict[str, tuple[str, dict[str, str], float]] = {
    "exact": ("exact", {}, 1.0),
    "auto-encoder": ("codes", {"bits": "64", "rerank": "100", "epochs": "4", "hidden": "64"}, 0.9),
    "principal components": ("codes", {"encoder": "pca", "bits": "24", "rerank": "100"}, 0.9),
    "random planes": ("codes", {"encoder": "random", "bits": "128", "rerank": "100"}, 0.9),
    "lists": ("ivf", {"lists": "20", "probes": "6"}, 0.9),
    "graph": ("hnsw", {"links": "16"}, 0.95),
    "PostgreSQL": ("postgresql", {}, 0.95),
    "Qdrant's engine": ("qdrant", {}, 0.95),
}
"""By name: the kind, its options, and the recall that it has at least."""


OPEN: list[Index] = []


@pytest.fixture(params=KINDS)
def chosen(request: pytest.FixtureRequest) -> tuple[str, dict[str, str], float]:
    kind, options, recall = KINDS[request.param]
    if kind in ("ivf", "hnsw"):
        pytest.importorskip("faiss")
    if kind == "postgresql":
        kind = f"postgresql://postgres@/postgres?host={request.getfixturevalue('postgresql')}"
    if kind == "qdrant":
        pytest.importorskip("qdrant_edge")
        kind = f"qdrant://{request.getfixturevalue('tmp_path')}/pictures"
    return kind, options, recall


def in_a_folder(chosen: tuple[str, Mapping[str, str], float]) -> bool:
    return "://" not in chosen[0]


def built(
    folder: Path, chosen: tuple[str, Mapping[str, str], float], given: Iterator[Rows] | None = None
) -> Index:
    """Build an index, which is closed at the end of the test."""
    kind, options, _ = chosen
    made = kind_named(kind).build(folder, card(kind), rows(COUNT) if given is None else given, options)
    OPEN.append(made)
    return made


def opened(folder: Path, chosen: tuple[str, Mapping[str, str], float]) -> Index:
    """Open an index, which is closed at the end of the test."""
    OPEN.append(kind_named(chosen[0]).open(folder))
    return OPEN[-1]


@pytest.fixture(autouse=True)
def _closing() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def named(index: Index, found: Neighbours) -> list[str]:
    return list(index.entries(found.rows.reshape(-1)).names)


def same(one: Index, two: Index, k: int = 10) -> bool:
    """Whether two indexes answer the same: names and distances of the neighbours of 100 vectors."""
    queries = vectors(100, seed=5)
    first, second = one.query(queries, k), two.query(queries, k)
    return named(one, first) == named(two, second) and bool((first.distances == second.distances).all())


def test_a_picture_is_its_own_nearest(tmp_path: Path, chosen: Any) -> None:
    index = built(tmp_path / "index", chosen)
    found = index.query(vectors(COUNT)[::40], 3)
    assert index.metric == "Euclidean"
    assert found.rows[:, 0].tolist() == list(range(0, COUNT, 40))
    assert not found.distances[:, 0].any()
    assert (np.diff(found.distances, axis=1) >= 0).all()


def test_what_is_nearest_is_found_as_often_as_the_kind_promises(tmp_path: Path, chosen: Any) -> None:
    """Beside a search of every vector in float64."""
    index, queries = built(tmp_path / "index", chosen), vectors(200, seed=5)
    right, found = nearest(vectors(COUNT), queries, 10), index.query(queries, 10).rows
    hits = [len(set(a) & set(b)) for a, b in zip(right.tolist(), found.tolist(), strict=True)]
    assert np.mean(hits) / 10 >= chosen[2]


def test_all_pictures_are_found_where_more_are_asked_for_than_there_are(tmp_path: Path, chosen: Any) -> None:
    index = built(tmp_path / "index", chosen, rows(50))
    found = index.query(vectors(3, seed=5), 80)
    assert found.rows.shape == found.distances.shape == (3, 50)
    assert all(sorted(row) == list(range(50)) for row in found.rows.tolist())


def test_entries_are_what_went_in(tmp_path: Path, chosen: Any) -> None:
    entries = built(tmp_path / "index", chosen).entries(np.array([7, 3, 1199]))
    assert entries.names == ("picture 7", "picture 3", "picture 1199")
    assert entries.labels.tolist() == [3, 3, 3]
    assert entries.origins.tolist() == [[0, 7], [0, 3], [0, 1199]]


def test_adding_and_removing_the_same_pictures_is_a_fresh_build(tmp_path: Path, chosen: Any) -> None:
    """Encoders, centres and means stay those that were learned at first, so that a fresh build learns the same."""
    index, fresh = built(tmp_path / "index", chosen), built(tmp_path / "fresh", chosen)
    assert index.add(rows(300, seed=3, prefix="other"), index.card) == 300
    assert len(index) == COUNT + 300
    assert index.entries(np.array([COUNT])).names == ("other 0",)
    assert not index.query(vectors(300, seed=3)[:20], 1).distances.any()
    assert not same(index, fresh)
    assert index.remove([f"other {number}" for number in range(300)]) == 300
    assert len(index) == COUNT
    assert same(index, fresh)
    index.close()
    assert same(opened(tmp_path / "index", chosen), fresh)


def test_rows_after_those_removed_move_up_but_in_a_database(tmp_path: Path, chosen: Any) -> None:
    index, up = built(tmp_path / "index", chosen), 2 if in_a_folder(chosen) else 0
    assert index.remove({"picture 0", "picture 5", "nobody"}) == 2
    assert index.entries(np.array([6, 10]) - up).names == ("picture 6", "picture 10")
    assert index.query(vectors(COUNT)[6:7], 1).rows.tolist() == [[6 - up]]
    found = index.query(vectors(COUNT)[[0, 5]], 1)
    assert not {"picture 0", "picture 5"} & set(named(index, found))


def test_nothing_is_left_after_everything_was_removed(tmp_path: Path, chosen: Any) -> None:
    index = built(tmp_path / "index", chosen, rows(60))
    assert index.remove([f"picture {number}" for number in range(60)]) == 60
    assert len(index) == 0
    assert index.query(vectors(2), 3).rows.shape == (2, 0)
    assert index.add(rows(60), index.card) == 60
    assert named(index, index.query(vectors(60)[9:10], 1)) == ["picture 9"]


@pytest.mark.slow
def test_another_process_answers_the_same(tmp_path: Path, chosen: Any) -> None:
    if chosen[0].startswith("qdrant:"):
        pytest.skip("one process at a time has a folder of Qdrant's engine open; a server has no such limit")
    index, queries = built(tmp_path / "index", chosen), vectors(100, seed=5)
    np.save(tmp_path / "queries.npy", queries)
    program = """
import sys
from pathlib import Path
import numpy as np
from alexnet.search.kinds import kind_named
folder = Path(sys.argv[1])
found = kind_named(sys.argv[2]).open(folder / "index").query(np.load(folder / "queries.npy"), 10)
np.savez(folder / f"{sys.argv[3]}.npz", distances=found.distances, rows=found.rows)
"""
    started = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path, chosen[0], str(number)])
        for number in (1, 2)
    ]
    ours = index.query(queries, 10)
    for number, process in enumerate(started, 1):
        assert process.wait() == 0
        theirs = np.load(tmp_path / f"{number}.npz")
        assert np.array_equal(theirs["rows"], ours.rows)
        assert np.array_equal(theirs["distances"], ours.distances)


def test_a_build_that_fails_leaves_the_old_index(tmp_path: Path, chosen: Any) -> None:
    def breaking() -> Iterator[Rows]:
        yield from rows(200, seed=1)
        raise KeyboardInterrupt

    index = built(tmp_path / "index", chosen)
    with pytest.raises(KeyboardInterrupt):
        built(tmp_path / "index", chosen, breaking())
    with pytest.raises(KeyboardInterrupt):
        index.add(breaking(), index.card)
    assert len(index) == COUNT
    fresh = built(tmp_path / "fresh", chosen)
    assert same(index, fresh)
    index.close()
    assert same(opened(tmp_path / "index", chosen), fresh)


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_build_leaves_the_old_index(tmp_path: Path, chosen: Any) -> None:
    """The process that builds is killed once its pictures are written, while the kind's own files are made."""
    if chosen[0].startswith("qdrant:"):
        pytest.skip("one process at a time has a folder of Qdrant's engine open: see test_databases.py")
    index = built(tmp_path / "index", chosen)
    program = """
import json, os, signal, sys
from pathlib import Path
from alexnet.search.storage import change
from alexnet.search.kinds import kind_named
from search.pictures import card, rows
change.write_header = lambda folder, header: os.kill(os.getpid(), signal.SIGKILL)
kind, options = sys.argv[2], json.loads(sys.argv[3])
kind_named(kind).build(Path(sys.argv[1]), card(kind), rows(300, seed=1), options)
"""
    paths = os.pathsep.join(folder for folder in sys.path if folder)
    words = [sys.executable, "-c", program, tmp_path / "index", chosen[0], json.dumps(chosen[1])]
    done = subprocess.run(words, env=os.environ | {"PYTHONPATH": paths})
    assert done.returncode == -signal.SIGKILL
    again = opened(tmp_path / "index", chosen)
    assert len(again) == COUNT
    assert same(again, index)
    again.remove(["picture 1"])  # and what the dead one left is gone
    assert not list((tmp_path / "index").glob(".*"))


def test_a_damaged_file_is_named(tmp_path: Path, chosen: Any) -> None:
    if not in_a_folder(chosen):
        pytest.skip("the files are the database's")
    built(tmp_path / "index", chosen).close()
    victim = max((tmp_path / "index").iterdir(), key=lambda path: (path.suffix == ".faiss", path.name))
    content = bytearray(victim.read_bytes())
    content[-3] ^= 1
    victim.write_bytes(content)
    with pytest.raises(SearchError, match=f"{victim.name}.*build the index again"):
        opened(tmp_path / "index", chosen)


def test_vectors_and_options_that_do_not_fit_are_refused(tmp_path: Path, chosen: Any) -> None:
    index = built(tmp_path / "index", chosen)
    with pytest.raises(ValueError, match="expected"):
        index.query(np.zeros((1, 7), np.float32), 1)
    with pytest.raises(ValueError, match="expected"):
        index.query(vectors(1), 0)
    with pytest.raises(RecipeError, match="colour"):
        built(tmp_path / "other", (chosen[0], {"colour": "red"}, 0))
