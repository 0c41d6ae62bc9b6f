"""Pickles are written as Python 2 wrote them."""

import io
import pickle
import pickletools
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from alexnet.pickles.reader import Pickles
from alexnet.pickles.writer import Writer

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)
VALUES = {
    "name": "conv1",
    "numbers": [0, -1, 255, 2**31 - 1, -(2**31), 2**31, 2**40, -(2**80), 0.01],
    "claims": (True, False, None, ()),
    "long": "x" * 1000,
    "byte": "\xe9",
    "nested": [{"a": [1, (2, "3")]}],
    "ordered": OrderedDict(b=1, a=[2]),
}


def written(value: object) -> bytes:
    file = io.BytesIO()
    Writer(file).write(value)
    return file.getvalue()


def test_the_standard_library_reads_what_is_written() -> None:
    assert pickle.loads(written(VALUES), encoding="latin1") == VALUES


def test_our_reader_reads_what_is_written() -> None:
    assert Pickles(written(VALUES), "the file").read() == VALUES


@pytest.mark.parametrize(
    "array", [ARRAY, np.asfortranarray(ARRAY), ARRAY.astype(">f8"), np.zeros((0, 2)), ARRAY > 2]
)
def test_arrays_keep_type_shape_and_order(array: np.ndarray[Any, Any]) -> None:
    content = written([array, array])
    for value in (pickle.loads(content, encoding="latin1"), Pickles(content, "the file").read()):
        assert value[0] is value[1]
        assert value[0].dtype == array.dtype.newbyteorder("<")
        assert value[0].flags.f_contiguous == array.flags.f_contiguous
        np.testing.assert_array_equal(value[0], array)


def test_a_value_that_contains_itself_is_written_once() -> None:
    layer: dict[str, Any] = {"name": "fc8"}
    layer["inputLayers"] = [layer]
    value = pickle.loads(written([layer, layer]), encoding="latin1")
    assert value[0] is value[1] is value[0]["inputLayers"][0]


def test_nothing_is_written_that_python_2_does_not_know() -> None:
    names = set()
    for operation, argument, _ in pickletools.genops(written([VALUES, ARRAY])):
        assert operation.proto <= 2
        assert "UNICODE" not in operation.name  # text is str there, and str is bytes
        if operation.name == "GLOBAL":
            names.add(argument)
    numpy = {"numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype"}
    assert names == numpy | {"collections OrderedDict"}


def test_other_values_are_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        written({"a": {1}})
