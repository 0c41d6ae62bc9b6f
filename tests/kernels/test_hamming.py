"""The nearest codes, beside a loop that counts bits one pair at a time."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from alexnet.kernels import hamming
from alexnet.kernels.compiled import compiled
from alexnet.kernels.hamming import hamming_nearest


@pytest.fixture(params=["compiled", "by NumPy"])
def _either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "by NumPy":
        monkeypatch.setattr(hamming, "compiled", lambda name: "switched off")
    elif not isinstance(compiled("_hamming"), ctypes.CDLL):
        pytest.skip(str(compiled("_hamming")))


def codes(count: int, words: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, (count, words), dtype=np.uint64)


def by_loop(known: np.ndarray, query: np.ndarray, k: int) -> list[tuple[int, int]]:
    """Count differing bits of each code; distances and rows of the k nearest, of equals the earlier row."""
    differing = [
        sum((int(a) ^ int(b)).bit_count() for a, b in zip(code, query, strict=True)) for code in known
    ]
    return sorted(zip(differing, range(len(known)), strict=True))[:k]


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize("words", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("count", [1, 63, 3000])  # less than a group of the kernel, and three blocks
def test_what_is_found_is_what_a_loop_finds(words: int, count: int) -> None:
    known, queries = codes(count, words), codes(5, words, seed=1)
    known[::3] = known[0]  # many at the same distance: the earlier row comes first
    for k in sorted({1, min(10, count), count}):
        distances, rows = hamming_nearest(known, queries, k)
        for number, query in enumerate(queries):
            assert list(zip(distances[number], rows[number], strict=True)) == by_loop(known, query, k)


@pytest.mark.usefixtures("_either")
def test_codes_that_come_nearer_and_nearer_are_all_noticed() -> None:
    """Each code is nearer than all before it, so that notes are sorted out again and again."""
    known = np.array([[(1 << bits) - 1] for bits in range(63, -1, -1) for _ in range(200)], np.uint64)
    distances, rows = hamming_nearest(known, np.zeros((1, 1), np.uint64), 300)
    assert distances[0].tolist() == [0] * 200 + [1] * 100
    assert rows[0].tolist() == [*range(63 * 200, 64 * 200), *range(62 * 200, 62 * 200 + 100)]


@pytest.mark.usefixtures("_either")
def test_codes_are_read_from_a_file_where_they_lie(tmp_path: Path) -> None:
    known, queries = codes(2000, 2), codes(130, 2, seed=1)  # more than go at once
    np.save(tmp_path / "codes.npy", known)
    mapped = np.load(tmp_path / "codes.npy", mmap_mode="r")
    for one, two in zip(hamming_nearest(mapped, queries, 7), hamming_nearest(known, queries, 7), strict=True):
        assert np.array_equal(one, two)


@pytest.mark.usefixtures("_either")
def test_codes_that_are_none_are_refused() -> None:
    known = codes(10, 2)
    for queries, k in (
        (codes(3, 1), 1),
        (codes(3, 2), 0),
        (codes(3, 2), 11),
        (codes(3, 2).view(np.int64), 1),
    ):
        with pytest.raises(ValueError, match="codes"):
            hamming_nearest(known, queries, k)
    with pytest.raises(ValueError, match="one piece"):
        hamming_nearest(known[:, ::-1], codes(1, 2), 1)
