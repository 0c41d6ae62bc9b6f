"""The exact index: what is found is what a loop over doubles finds, whatever was added, removed, killed or damaged."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from alexnet.errors import AlexNetError, RecipeError, SearchError
from alexnet.kernels.library import plain
from alexnet.search import exact
from alexnet.search.exact import Exact
from alexnet.search.index import UNLABELLED, IndexCard, Rows
from alexnet.search.kinds import kind_of_folder
from alexnet.search.storage import change, header
from alexnet.search.storage.store import Store

DIMENSION = 24
CARD = IndexCard(
    "exact", "0" * 64, "a run", "fc7", DIMENSION, classes=("cat", "dog"), words=("a cat", "a dog")
)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty pictures a shard, so that a few hundred have several."""
    monkeypatch.setattr(change, "SHARD_BYTES", 40 * DIMENSION * 2)


def vectors(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float16)


def rows(values: np.ndarray, first: int = 0, at_once: int = 50) -> Iterator[Rows]:
    """Pictures called p0, p1 ..., every third of no class."""
    for start in range(0, len(values), at_once):
        some = values[start : start + at_once]
        numbers = np.arange(first + start, first + start + len(some))
        labels = np.where(numbers % 3 == 2, UNLABELLED, numbers % 2)
        yield Rows(some, [f"p{n}" for n in numbers], labels, np.stack([0 * numbers, numbers], 1))


def built(folder: Path, values: np.ndarray, first: int = 0) -> Exact:
    return exact.build(folder, CARD, rows(values, first), {})


def by_loop(values: np.ndarray, query: np.ndarray, k: int) -> tuple[list[int], list[float]]:
    """Every distance in double precision, one after the other; of equals the first."""
    kept = query.astype(np.float16).astype(np.float64)
    distances = [
        float(np.sqrt(sum((v - q) ** 2 for v, q in zip(one.astype(np.float64), kept, strict=True))))
        for one in values
    ]
    order = sorted(range(len(values)), key=lambda row: (distances[row], row))[:k]
    return order, [distances[row] for row in order]


@pytest.mark.parametrize("count", [1, 39, 40, 333])
@pytest.mark.parametrize("queries", [1, 5])
def test_it_finds_what_a_loop_finds(tmp_path: Path, count: int, queries: int) -> None:
    values, asked = vectors(count), vectors(queries, 1).astype(np.float32)
    index = built(tmp_path / "i", values)
    found = index.query(asked, 7)
    with plain():
        again = index.query(asked, 7)
    for number in range(queries):
        order, distances = by_loop(values, asked[number], 7)
        assert found.rows[number].tolist() == again.rows[number].tolist() == order
        assert found.distances[number] == pytest.approx(distances, rel=1e-6)
    assert found.rows.shape == found.distances.shape == (queries, min(7, count))
    assert (str(found.distances.dtype), str(found.rows.dtype)) == ("float32", "int64")


def test_a_picture_is_at_no_distance_of_itself_and_equals_come_in_order(tmp_path: Path) -> None:
    values = vectors(200)
    values[50:180] = values[7]  # more copies than candidates are spared
    found = built(tmp_path / "i", values).query(values[7][None].astype(np.float32), 140)
    assert found.rows[0, :131].tolist() == [7, *range(50, 180)]
    assert not found.distances[0, :131].any()
    assert found.distances[0, 131] > 0


def test_vectors_far_from_the_origin_are_told_apart(tmp_path: Path) -> None:
    """There |q|² - 2 q·x + |x|² in float32 says little: distances of a few, lengths of a thousand."""
    values = (200 + np.random.default_rng(0).integers(-8, 8, (300, DIMENSION)) / 8).astype(np.float16)
    index = built(tmp_path / "i", values)
    for number in (3, 150):
        order, _ = by_loop(values, values[number], 5)
        assert index.query(values[number : number + 1], 5).rows[0].tolist() == order


def test_added_and_removed_it_is_byte_for_byte_a_fresh_one(tmp_path: Path) -> None:
    values = vectors(333)
    whole, grown = built(tmp_path / "whole", values), built(tmp_path / "grown", values[:130])
    assert grown.add(rows(values[130:], 130), CARD) == 203
    assert contents(tmp_path / "grown") == contents(tmp_path / "whole")
    assert grown.remove([f"p{n}" for n in range(100)]) == 100
    built(tmp_path / "rest", values[100:], 100)
    assert contents(tmp_path / "grown") == contents(tmp_path / "rest")
    assert (len(grown), len(whole)) == (233, 333)
    assert grown.entries(np.array([2, 0])).names == ("p102", "p100")
    assert grown.entries(np.array([1])).labels.tolist() == [UNLABELLED]  # 101 is 2 modulo 3
    assert grown.query(values[120:121], 1).rows.tolist() == [[20]]


def contents(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, times aside."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != header.HEADER}
    values = json.loads((folder / header.HEADER).read_text())
    del values["sha256"]
    for card in values["files"].values():
        del card["modified_ns"]
    return {**found, header.HEADER: json.dumps(values, sort_keys=True).encode()}


def test_an_open_index_stays_as_it_was_while_another_changes_it(tmp_path: Path) -> None:
    values = vectors(120)
    reader, writer = built(tmp_path / "i", values), Exact(tmp_path / "i")
    before = reader.query(values[90:91], 4)
    writer.remove([f"p{n}" for n in range(60)])
    after = reader.query(values[90:91], 4)
    assert after.rows.tolist() == before.rows.tolist()
    assert writer.query(values[90:91], 1).rows.tolist() == [[30]]


def _answers(folder: Path) -> list[list[int]]:
    found: list[list[int]] = Exact(folder).query(vectors(9, 2), 6).rows.tolist()
    return found


@pytest.mark.slow
def test_two_processes_give_the_same_answers(tmp_path: Path) -> None:
    built(tmp_path / "i", vectors(150))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        one, two = pool.map(_answers, [tmp_path / "i"] * 2)
    assert one == two == _answers(tmp_path / "i")


KILLED = """
import itertools, os, signal, sys
from pathlib import Path
import numpy as np
from alexnet.search import exact
from alexnet.search.storage import change
from alexnet.search.index import IndexCard, Rows
from alexnet.search.exact import Exact
folder, what = Path(sys.argv[1]), sys.argv[2]
card = Exact(folder).card
def rows():
    for n in itertools.count():
        if n == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        origins = np.zeros((50, 2), np.int64)
        yield Rows(np.zeros((50, card.dimension), np.float16), ["z"] * 50, origins[:, 0], origins)
change.SHARD_BYTES = 40 * card.dimension * 2
exact.build(folder, card, rows(), {}) if what == "build" else Exact(folder).add(rows(), card)
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", ["build", "add"])
def test_a_kill_in_the_middle_leaves_the_old_index_whole(tmp_path: Path, what: str) -> None:
    values = vectors(130)
    before = built(tmp_path / "i", values).query(values[:3], 5).rows.tolist()
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "i"), what], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "i").iterdir())) > 13  # what it had written
    index = Exact(tmp_path / "i")
    index.info()
    assert index.query(values[:3], 5).rows.tolist() == before
    index.add(rows(vectors(5, 3), 130), CARD)
    assert len(list((tmp_path / "i").iterdir())) == 13  # four shards of three files, and the header


@pytest.mark.parametrize("what", ["vectors", "records", "names", "index.json"])
@pytest.mark.parametrize("how", ["cut", "changed", "removed", "a link"])
def test_damage_is_one_line_that_names_the_file(tmp_path: Path, what: str, how: str) -> None:
    built(tmp_path / "i", vectors(90))
    path = sorted((tmp_path / "i").glob(f"{what}*"))[0]
    content = bytearray(path.read_bytes())
    if how == "cut":
        path.write_bytes(content[:-1] if what != "index.json" else content[:-9])
    elif how == "changed":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
        if how == "a link":
            path.symlink_to("/dev/zero")
    with pytest.raises(SearchError, match="build") as error:
        Exact(tmp_path / "i")
    assert "\n" not in str(error.value)


def test_a_bit_that_changes_with_the_time_kept_is_found_by_info(tmp_path: Path) -> None:
    index = built(tmp_path / "i", vectors(90))
    path = sorted((tmp_path / "i").glob("vectors*"))[1]
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    Exact(tmp_path / "i")
    with pytest.raises(SearchError, match=path.name):
        index.info()


def test_a_copy_of_another_time_is_the_same_index(tmp_path: Path) -> None:
    values = vectors(90)
    before = built(tmp_path / "i", values).query(values[:2], 3).rows.tolist()
    for path in (tmp_path / "i").iterdir():
        os.utime(path, (0, 0))
    assert Exact(tmp_path / "i").query(values[:2], 3).rows.tolist() == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("shard_rows", 0),
        ("shards", []),
        ("files", {"../vectors-00000-0000000000000000.npy": {"size": 1, "sha256": "", "modified_ns": 0}}),
        ("card", {}),
        ("card.dimension", 1 << 40),
        ("card.kind", "/etc/passwd"),
        ("card.dtype", "object"),
    ],
)
def test_a_strangers_header_is_believed_in_nothing(tmp_path: Path, key: str, value: object) -> None:
    """Sealed anew, as whoever writes one can."""
    built(tmp_path / "i", vectors(90))
    path = tmp_path / "i" / header.HEADER
    values = json.loads(path.read_text())
    del values["sha256"]
    owner, _, name = key.rpartition(".")
    (values[owner] if owner else values)[name] = value
    path.write_text(json.dumps({**values, "sha256": header._seal(values)}))
    with pytest.raises(SearchError, match="damaged"):
        kind_of_folder(tmp_path / "i").open(tmp_path / "i")


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    index = built(tmp_path / "i", vectors(10))
    for wrong, k in (
        (np.zeros((1, DIMENSION + 1)), 1),
        (np.zeros(DIMENSION), 1),
        (np.zeros((1, DIMENSION)), 0),
    ):
        with pytest.raises(ValueError, match="expected"):
            index.query(wrong, k)
    with pytest.raises(RecipeError, match="no option `bits`"):
        exact.build(tmp_path / "i", CARD, rows(vectors(3)), {"bits": "64"})
    infinite = vectors(3)
    infinite[1, 1] = np.inf
    with pytest.raises(ValueError, match="finite"):
        exact.build(tmp_path / "i", CARD, rows(infinite), {})
    assert len(Exact(tmp_path / "i")) == 10
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(SearchError, match=r"thesis\.txt"):
        built(tmp_path / "mine", vectors(3))
    (tmp_path / "file").write_text("")
    with pytest.raises(AlexNetError, match="cannot be written"):
        built(tmp_path / "file", vectors(3))
    with pytest.raises(SearchError, match="alexnet search build"):
        Exact(tmp_path / "nowhere")


def test_names_that_are_no_text_come_back_and_nothing_is_needed_of_an_empty_index(tmp_path: Path) -> None:
    odd = ["", "caf\udce9.png", "日本.jpg", "\ud800", "a\nb"]
    given = Rows(vectors(5), odd, np.zeros(5, np.int64), np.zeros((5, 2), np.int64))
    index = exact.build(tmp_path / "i", CARD, [given], {})
    assert index.entries(np.arange(5)).names == tuple(odd)
    assert index.remove(odd) == 5
    assert index.query(vectors(2), 3).rows.shape == (2, 0)
    assert index.add(rows(vectors(2)), CARD) == 2


def test_a_store_is_walked_through_in_order(tmp_path: Path) -> None:
    values = vectors(90)
    built(tmp_path / "i", values)
    store = Store(tmp_path / "i")
    blocks = list(store.blocks(16))
    assert [first for first, _ in blocks][:4] == [0, 16, 32, 40]  # shards hold forty
    assert np.array_equal(np.concatenate([block for _, block in blocks]), values)
    assert list(store.names()) == [f"p{n}" for n in range(90)]
    assert store.labels()[:3].tolist() == [0, 1, UNLABELLED]
