"""Batches of CIFAR and of the 2012 program, as any Python pickles them, and of wrong values."""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from alexnet.data.checking.check import check
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.opening import open_source
from alexnet.data.sources.shapes import Shapes
from alexnet.data.sources.source import Example
from alexnet.errors import DataError


def cifar_rows(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), dtype=np.uint8)


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize("keys", ["text", "bytes"])
@pytest.mark.parametrize(
    "labels", [list, tuple, np.array, lambda found: [np.int64(label) for label in found]]
)
def test_cifar_as_python_3_writes_it(
    tmp_path: Path, protocol: int, keys: str, labels: Callable[[list[int]], object]
) -> None:
    """Pickled anew by Python 3: arrays through _codecs.encode, keys and names as text, or as the bytes of old."""

    def text(word: str) -> str | bytes:
        return word if keys == "text" else word.encode()

    def dump(name: str, value: dict[str | bytes, object]) -> None:
        (tmp_path / name).write_bytes(pickle.dumps(value, protocol=protocol))

    for part in range(6):
        batch = {
            text("data"): cifar_rows(6, part),
            text("labels"): labels([(part + n) % 10 for n in range(6)]),
        }
        dump(
            "test_batch" if part == 5 else f"data_batch_{part + 1}", {**batch, text("batch_label"): text("x")}
        )
    dump("batches.meta", {text("label_names"): [text(f"class{n}") for n in range(10)]})
    source = open_source(tmp_path)
    assert source.classes == tuple(f"class{n}" for n in range(10))
    images = np.stack([np.asarray(e.content) for e in source.examples("test")])
    assert np.array_equal(images, cifar_rows(6, 5).reshape(6, 3, 32, 32).transpose(0, 2, 3, 1))
    assert [example.label for example in source.examples("test")] == [
        f"class{(5 + n) % 10}" for n in range(6)
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": ["a"] * 6},
        {"labels": [[1]] * 6},
        {"labels": [1.5] * 6},
        {"labels": [10**30] * 6},
        {"labels": [10] * 6},
        {"labels": None},
        {"labels": 3},
        {"labels": [0] * 5},
        {"data": [[0] * 3072] * 6},
        {"data": np.zeros((6, 3071), np.uint8)},
        {"data": np.zeros(6, np.uint8)},
    ],
)
def test_a_cifar_batch_of_wrong_values_is_told(tmp_path: Path, wrong: dict[str, object]) -> None:
    for part in range(1, 7):
        name = "test_batch" if part == 6 else f"data_batch_{part}"
        batch = {"data": cifar_rows(6, part), "labels": [0] * 6, **(wrong if part == 3 else {})}
        (tmp_path / name).write_bytes(pickle.dumps(batch, protocol=2))
    (tmp_path / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}, protocol=2))
    with pytest.raises(DataError, match="data_batch_3"):
        open_source(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_vis": "many"},
        {"num_vis": -3},
        {"num_vis": float("nan")},
        {"num_vis": 3 * 25},
        {"label_offset": None},
        {"labels": ["x"] * 4},
        {"labels": [float("inf")] * 4},
        {"labels": [7] * 4},
        {"labels": [0] * 3},
        {"data": [1, 2]},
    ],
)
def test_a_batch_of_2012_of_wrong_values_is_told(tmp_path: Path, wrong: dict[str, object]) -> None:
    meta = {"label_names": ["a", "b"], "num_vis": 3 * 16}
    batch = {"data": np.zeros((48, 4), np.uint8), "labels": [0, 1, 0, 1]}
    for values in (meta, batch):
        values.update({key: value for key, value in wrong.items() if key in values or key == "label_offset"})
    (tmp_path / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(batch, protocol=2))
    with pytest.raises(DataError, match=r"batches\.meta|data_batch_1"):
        open_source(tmp_path)


@pytest.mark.parametrize("content", [b".", b"\x80\x02."])
def test_a_pickle_without_a_value_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "batches.meta").write_bytes(content)
    (tmp_path / "data_batch_1").write_bytes(b"")
    with pytest.raises(DataError, match=r"batches\.meta .*without a value"):
        open_source(tmp_path)


def test_a_jpeg_that_is_no_text_of_bytes_carries_the_reason(tmp_path: Path) -> None:
    (tmp_path / "batches.meta").write_bytes(pickle.dumps({"label_names": ["a"], "num_vis": 48}, protocol=2))
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps((["\u0100"], None, [0]), protocol=2))
    (example,) = open_source(tmp_path).examples("train")
    assert isinstance(example.content, DataError)


def test_a_class_name_with_a_zero_byte_is_told(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "wnids.txt").write_bytes(b"n0\0\n")
    (tmp_path / "words.txt").write_bytes(b"")
    with pytest.raises(DataError, match="null byte"):
        open_source(tmp_path)


class Strange(Shapes):
    """Shapes of which the last validation picture is of a class of its own."""

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        for example in super().examples(split, start, stop):
            last = example.name == f"validation {self.count('validation') - 1}"
            yield Example(example.name, example.content, "strange" if last else example.label)


def test_a_label_that_training_has_not_is_told(tmp_path: Path) -> None:
    """A source without a list of classes names them by its training pictures."""
    source = Strange(20, side=8, classes=3)
    for job in (
        lambda: prepare(source, tmp_path / "set", side=8, workers=0),
        lambda: check(source, workers=0),
    ):
        with pytest.raises(DataError, match=r"is of class 'strange', none of the 3 of the training pictures"):
            job()
