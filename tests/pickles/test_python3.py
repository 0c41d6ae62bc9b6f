"""Pickles that Python 3 writes for the tools of Python 2: CIFAR read with bytes as keys, and written again."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexnet.errors import CheckpointError
from alexnet.pickles.reader import Pickles

PIXELS = np.arange(2 * 3072, dtype=np.int64).astype(np.uint8).reshape(2, 3072)
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def batch(key: type[bytes] | type[str]) -> dict[Any, Any]:
    """A batch of CIFAR-10 as Python 3 has it, with its keys of one type or the other."""
    told = {
        "data": PIXELS,
        "labels": [6, 9],
        "batch_label": b"training batch 1",
        "filenames": [b"a.png", b"b.png"],
    }
    return {name.encode() if key is bytes else name: value for name, value in told.items()}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("key", [bytes, str])
def test_a_batch_comes_out_with_text_as_keys_and_bytes_as_they_are(key: Any, protocol: int) -> None:
    found = Pickles(pickle.dumps(batch(key), protocol=protocol), "data_batch_1").read()
    assert list(found) == ["data", "labels", "batch_label", "filenames"]
    np.testing.assert_array_equal(found["data"], PIXELS)
    assert found["data"].dtype == np.uint8
    assert (found["labels"], found["batch_label"]) == ([6, 9], b"training batch 1")
    assert found["filenames"] == [b"a.png", b"b.png"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_labels_may_be_numbers_of_numpy_or_an_array(protocol: int) -> None:
    value = {b"labels": [np.int64(3), np.int64(1)], "array": np.array([3, 1]), b"\xe9": b""}
    found = Pickles(pickle.dumps(value, protocol=protocol), "data_batch_1").read()
    assert found["labels"] == [3, 1]
    assert found["array"].tolist() == [3, 1]
    assert found["\xe9"] == b""


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("key", [(1, 2), 1.5, None, 2**40])
def test_other_keys_are_refused(key: Any, protocol: int) -> None:
    with pytest.raises(CheckpointError, match="neither text nor a small number"):
        Pickles(pickle.dumps({key: 1}, protocol=protocol), "data_batch_1").read()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_that_a_batch_names_is_run(tmp_path: Path, protocol: int) -> None:
    class Attack:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'run'}",)

    content = pickle.dumps({**batch(bytes), b"labels": Attack()}, protocol=protocol)
    with pytest.raises(CheckpointError, match="nothing was run"):
        Pickles(content, "data_batch_1").read()
    assert not list(tmp_path.iterdir())
