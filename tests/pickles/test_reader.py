"""Pickles are read as data."""

import io
import os
import pickle
import struct
import time
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexnet.errors import AlexNetError, CheckpointError, DataError
from alexnet.pickles.names import Inert
from alexnet.pickles.reader import Pickles

ARRAY = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
VALUES: dict[str, Any] = {
    "nothing": None,
    "claims": [True, False],
    "numbers": [0, 255, 256, 65536, -1, 2**31, -(2**40), 1.5, float("inf")],
    "text": "übung, 8½ × 11",
    "bytes": b"\x00\xff",
    "empty": [[], {}, (), b"", ""],
    "tuples": [(1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "array": ARRAY,
    "columns first": np.asfortranarray(ARRAY),
    "none of it": np.zeros((0, 3), np.int64),
    "pixels": np.arange(256, dtype=np.uint8),
    "big endian": ARRAY.astype(">f8"),
    "truths": np.array([True, False]),
    "scalar": np.float32(2.5),
    "ordered": OrderedDict(a=1, b=2),
}


class Innocent:
    """Stands for a class of another program; it must never be made by reading."""

    def __init__(self, value: int) -> None:
        self.value = value


class Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return bool(a == b)


def read(content: bytes, **options: Any) -> Any:
    return Pickles(content, "the file", **options).read()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", VALUES)
def test_values_come_back_as_the_standard_library_wrote_them(name: str, protocol: int) -> None:
    assert equal(VALUES[name], read(pickle.dumps(VALUES[name], protocol=protocol)))


def test_a_value_that_occurs_twice_is_one_value() -> None:
    one: dict[str, Any] = {"weights": ARRAY}
    one["self"] = one
    value = read(pickle.dumps([one, one, ARRAY], protocol=2))
    assert value[0] is value[1] is value[0]["self"]
    assert value[0]["weights"] is value[2]


def test_pickles_of_python_2_give_text_of_one_character_a_byte() -> None:
    assert read(b"S'caf\\xe9'\np0\n.") == "café"
    assert read(b"U\x04caf\xe9.") == "café"
    assert read(b"(lp0\nI01\naI00\naL12345678901234L\naF2.5\naV\\u00bd\na.") == [
        True,
        False,
        12345678901234,
        2.5,
        "½",
    ]


def test_an_array_of_python_2_in_protocol_0_is_read() -> None:
    text = (
        b"cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntS'b'\ntRp2\n"
        b"(I1\n(I2\ntcnumpy\ndtype\np3\n(S'f4'\nI0\nI1\ntRp4\n(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\n"
        b"S'\\x00\\x00\\x80?\\x00\\x00\\x00@'\ntb."
    )
    assert read(text).tolist() == [1.0, 2.0]


def test_several_pickles_are_read_one_after_the_other() -> None:
    pickles = Pickles(pickle.dumps(1) + pickle.dumps("two", protocol=2), "the file")
    assert (pickles.read(), pickles.read()) == (1, "two")


def test_classes_of_an_inert_module_hold_their_state_and_nothing_else() -> None:
    for instruction in (
        b"(ioptions\nOptionsParser\n(S'a'\nI1\ndb.",
        b"(coptions\nOptionsParser\no(S'a'\nI1\ndb.",
    ):
        value = read(instruction, inert=("options",))
        assert isinstance(value, Inert)
        assert value.state == {"a": 1}
    new_style = b"ccopy_reg\n_reconstructor\n(coptions\nO\nc__builtin__\nobject\nNtR(S'a'\nI1\ndb."
    assert read(new_style, inert=("options",)).state == {"a": 1}
    with pytest.raises(CheckpointError, match="options"):
        read(b"(ioptions_of_mine\nsystem\n.", inert=("options",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_names_a_command_is_refused_and_nothing_runs(tmp_path: Path, protocol: int) -> None:
    witness = tmp_path / "ran"
    with pytest.raises(
        CheckpointError, match=r"the file is not read: it names '(posix|nt).system'.*nothing was run"
    ):
        read(pickle.dumps({"layers": [Attack(witness)]}, protocol=protocol))
    assert not witness.exists()


@pytest.mark.parametrize(
    "name",
    [
        "os system",
        "__builtin__ eval",
        "builtins getattr",
        "numpy.testing._private.utils runstring",
        "numpy.core.multiarray fromfile",
        "numpy.core.multiarray._reconstruct __globals__",
        "torch.utils.collect_env run",
        "collections OrderedDict.__init__",
        "pickle loads",
    ],
)
def test_only_exact_names_are_allowed(name: str) -> None:
    module, _, name = name.partition(" ")
    with pytest.raises(CheckpointError, match="it names"):
        read(f"c{module}\n{name}\n(S'1'\ntR.".encode())
    with pytest.raises(CheckpointError, match="it names"):
        read(pickle.dumps(module, 4)[:-1] + pickle.dumps(name, 4)[11:-1] + b"\x93)R.")


def test_an_object_of_a_class_of_ours_is_refused() -> None:
    with pytest.raises(DataError, match="Innocent"):
        read(pickle.dumps(Innocent(3)), error=DataError)


def state(shape: bytes, code: bytes = b"f4", content: bytes = b"\x00\x00\x80?") -> bytes:
    """Write an array of Python 2 with any claims."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n"
        + shape
        + b"cnumpy\ndtype\n"
        b"(S'"
        + code
        + b"'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nT"
        + struct.pack("<i", len(content))
        + content
        + b"tb."
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(state(b"(I1000000000000\nt"), id="a shape that is not there"),
        pytest.param(state(b"(I-1\nt"), id="a negative side"),
        pytest.param(state(b"(S'1'\nt"), id="a side that is text"),
        pytest.param(state(b"(I1\nt", b"O8"), id="objects"),
        pytest.param(state(b"(I1\nt", b"V4"), id="raw memory"),
        pytest.param(b"(cnumpy\nndarray\n(L1000000000000L\nttR.", id="an array by its shape alone"),
        pytest.param(b"c__builtin__\nbytes\n(L100000000000L\ntR.", id="bytes by their number alone"),
        pytest.param(b"r\xff\xff\xff\x7f.", id="a far place in the memo with nothing to keep"),
        pytest.param(b"U\xffabc.", id="a text that is not there"),
        pytest.param(b"\x8e" + struct.pack("<Q", 2**63) + b".", id="more bytes than there can be"),
        pytest.param(b"T" + struct.pack("<i", -5) + b".", id="a negative length"),
        pytest.param(b"I" + b"9" * 100_000 + b"\n.", id="a number of a hundred thousand digits"),
        pytest.param(b"(((((.", id="marks alone"),
        pytest.param(b"0.", id="an empty stack"),
        pytest.param(b"", id="no bytes"),
        pytest.param(b"<!doctype html>", id="a web page"),
        pytest.param(b"h\x05.", id="a memory of nothing"),
        pytest.param(b"(S'a'\nd.", id="half a pair"),
        pytest.param(b"}(]I1\nu.", id="a list as a key"),
        pytest.param(b"}(" + b")" + b"\x85" * 50_000 + b"I1\nu.", id="a deeply nested key"),
        pytest.param(b"Pother\n.", id="a value outside the file"),
        pytest.param(b"\x82\x01.", id="an extension code"),
        pytest.param(zlib.compress(pickle.dumps(1)), id="a compressed file"),
    ],
)
def test_damaged_and_lying_pickles_are_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(AlexNetError) as caught:
        read(content)
    assert str(caught.value).startswith("the file is")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 240


def test_a_pickle_cut_anywhere_is_refused() -> None:
    content = pickle.dumps(VALUES, protocol=2)
    for end in range(0, len(content) - 1, 7):
        with pytest.raises(CheckpointError):
            read(content[:end])


def test_a_pickle_with_any_bit_flipped_gives_values_or_is_refused() -> None:
    content = pickle.dumps({"weights": [ARRAY], "epoch": 91, "ordered": OrderedDict(a=1)}, protocol=2)
    for position in range(len(content) * 8):
        damaged = bytearray(content)
        damaged[position // 8] ^= 1 << position % 8
        try:
            read(bytes(damaged))
        except CheckpointError:
            continue


def test_a_far_place_in_the_memo_takes_no_memory() -> None:
    assert read(b"I1\nr\xff\xff\xff\x7f.") == 1


def test_deep_nesting_is_no_danger() -> None:
    assert isinstance(read(b"]" * 200_000 + b"a" * 199_999 + b"."), list)


def test_a_file_of_nothing_but_instructions_is_refused() -> None:
    with pytest.raises(CheckpointError, match="more than 1,100,000 instructions"):
        read(b"}" * 2_000_000)


def test_references_to_references_are_not_followed() -> None:
    """Thirty lists of ten references to the one before: 10^30 leaves, and a kilobyte."""
    content = b"]q\x00" + b"".join(
        b"](" + b"h" + bytes([i]) + (b"2" * 9) + b"eq" + bytes([i + 1]) for i in range(30)
    )
    assert len(read(content + b".")) == 10


@pytest.mark.parametrize(
    "repeated",
    [
        pytest.param(b"ccollections\nOrderedDict\nh\x00\x85R0", id="copies of a list"),
        pytest.param(b"c_codecs\nencode\nh\x01\x85R0", id="copies of a text"),
    ],
)
def test_one_large_value_is_not_copied_again_and_again(repeated: bytes) -> None:
    pairs = (
        b"]("
        + b"U\x01aI1\n\x86" * 10_000
        + b"eq\x00T"
        + struct.pack("<i", 100_000)
        + b"x" * 100_000
        + b"q\x01"
    )
    started = time.process_time()
    with pytest.raises(CheckpointError, match="grow far beyond its size"):
        read(pairs + repeated * 2_000 + b".")
    assert time.process_time() - started < 5.0


def test_a_pickle_of_the_picture_files_reads_fast() -> None:
    """A file of CIFAR-10: 10,000 pictures in one array, 10,000 labels and names."""
    batch = {
        "data": np.zeros((10_000, 3072), np.uint8),
        "labels": [3] * 10_000,
        "filenames": ["a.png"] * 10_000,
    }
    content = io.BytesIO()
    pickle.dump(batch, content, protocol=2)
    started = time.process_time()
    assert equal(batch, read(content.getvalue()))
    assert time.process_time() - started < 2.0
