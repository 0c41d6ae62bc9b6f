"""The same picture, however it is given; and what is said of what is none."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from alexnet.data.decoding.images import square
from alexnet.errors import DataError
from alexnet.inference.pictures import listed, pixels_of, squared

PICTURE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
SIDE = 24


def encoded(pixels: np.ndarray = PICTURE, mode: str | None = None) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels, mode).save(file, "PNG")
    return file.getvalue()


EXPECTED = square(encoded(), SIDE)


def prepared(given: Any) -> np.ndarray:
    (picture,) = listed(given)
    return squared(picture, SIDE, "images[0]")


@pytest.mark.parametrize(
    "given",
    [
        encoded,
        lambda: bytearray(encoded()),
        lambda: memoryview(encoded()),
        lambda: io.BytesIO(encoded()),
        lambda: Image.fromarray(PICTURE),
        lambda: PICTURE,
        lambda: PICTURE[None],
        lambda: PICTURE.transpose(2, 0, 1),
        lambda: PICTURE.transpose(2, 0, 1)[None],
        lambda: PICTURE.astype(np.float32) / 255,
        lambda: PICTURE.astype(np.float64),
        lambda: np.dstack([PICTURE, np.full(PICTURE.shape[:2], 255, np.uint8)]),
        lambda: torch.from_numpy(PICTURE).permute(2, 0, 1),
        lambda: torch.from_numpy(PICTURE).permute(2, 0, 1)[None],
        lambda: torch.from_numpy(PICTURE),
        lambda: torch.from_numpy(PICTURE).permute(2, 0, 1).float().div(255).requires_grad_(),
        lambda: [torch.from_numpy(PICTURE).permute(2, 0, 1).double()],
        lambda: (one for one in [PICTURE]),
    ],
)
def test_a_picture_is_the_same_however_it_is_given(given: Callable[[], object]) -> None:
    """Bytes, open files, images, arrays and tensors: channels first or last, 0-255 or 0-1, opaque."""
    assert np.array_equal(prepared(given()), EXPECTED)


def test_a_file_is_the_same_by_its_path_and_open(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(encoded())
    assert np.array_equal(prepared(path), EXPECTED)
    assert np.array_equal(prepared(str(path)), EXPECTED)
    with open(path, "rb") as file:
        assert np.array_equal(prepared(file), EXPECTED)
    with (
        open(path, encoding="latin-1") as text,
        pytest.raises(TypeError, match=r"opened as text: .* mode 'rb'"),
    ):
        prepared(text)


def test_what_is_not_opaque_lies_on_white_as_of_a_file() -> None:
    rgba = np.dstack([PICTURE, np.random.default_rng(1).integers(0, 256, PICTURE.shape[:2], dtype=np.uint8)])
    expected = square(encoded(rgba, "RGBA"), SIDE)
    assert np.array_equal(prepared(rgba), expected)
    assert np.array_equal(prepared(torch.from_numpy(rgba).permute(2, 0, 1)), expected)


def test_a_grey_picture_is_the_same_with_and_without_its_channel() -> None:
    grey = PICTURE[:, :, 0]
    expected = square(encoded(grey), SIDE)
    for given in (grey, grey[:, :, None], grey[None], torch.from_numpy(grey), torch.from_numpy(grey)[None]):
        assert np.array_equal(prepared(given), expected)


@pytest.mark.parametrize("first", [False, True])
def test_an_array_of_four_dimensions_is_several_pictures(first: bool) -> None:
    batch = np.random.default_rng(2).integers(0, 256, (3, 30, 40, 3), dtype=np.uint8)
    moved = batch.transpose(0, 3, 1, 2) if first else batch
    for given in (moved, torch.from_numpy(np.ascontiguousarray(moved)), moved / np.float32(255)):
        found = listed(given)
        assert len(found) == 3
        for one, expected in zip(found, batch, strict=True):
            assert np.array_equal(squared(one, SIDE, ""), squared(expected, SIDE, ""))


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        (np.zeros((5, 6, 2), np.uint8), r"\(5, 6, 2\)"),
        (np.zeros((4, 30, 40), np.uint8), r"\(4, 30, 40\)"),  # RGB and opacity, or four grey pictures
        (np.zeros((3, 30, 4), np.uint8), r"\(3, 30, 4\)"),  # 30 x 4 pixels, or 3 x 30 with opacity
        (torch.zeros((1, 30, 3), dtype=torch.uint8), r"\(1, 30, 3\)"),
        (np.zeros((2, 2, 2, 2, 3), np.uint8), r"\(2, 2, 2, 2, 3\)"),
        (np.zeros(12, np.uint8), r"\(12,\)"),
        (np.zeros((0, 5, 3), np.uint8), r"\(0, 5, 3\)"),
        (np.zeros((5, 6, 3), np.int64), "pixels of int64"),
        (np.zeros((5, 6, 3), np.uint16), "pixels of uint16"),
        (np.zeros((5, 6, 3), bool), "pixels of bool"),
        (np.zeros((5, 6, 3), object), "pixels of object"),
        (torch.zeros((3, 5, 6), dtype=torch.int64), "pixels of torch.int64"),
        (torch.zeros((3, 5, 6), dtype=torch.complex64).conj(), "pixels of torch.complex64"),
        (torch.zeros((3, 5, 6), device="meta"), "pixels of a meta tensor"),
        (torch.zeros((3, 5, 6)).to_sparse(), "pixels of a torch.sparse_coo tensor"),
        (np.full((5, 6, 3), -0.5), "from -0.5 to -0.5: expected 0-1 or 0-255"),
        (np.full((5, 6, 3), 1.02), "from 1.02"),  # 0-1 that went over, or nearly black
        (np.full((5, 6, 3), 300.0), "from 300"),
        (np.full((5, 6, 3), np.nan), "from nan"),
        (torch.full((3, 5, 6), torch.inf), "from inf"),
        (np.zeros((0, 5, 6, 3), np.uint8), "no pictures"),
    ],
)
def test_pixels_of_no_certain_meaning_are_refused(pixels: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        listed(pixels)


def test_dark_pixels_are_told_from_a_range_of_one() -> None:
    """Whole numbers above 1 are of 0-255; 0 and 1 alone are black and white."""
    assert pixels_of(np.full((2, 2, 3), 5.0)).max() == 5
    assert pixels_of(np.eye(2)[:, :, None].repeat(3, 2)).max() == 255


@pytest.mark.parametrize("given", [None, {"a.jpg": 1}, 3, 2.5, object()])
def test_what_is_no_picture_is_told_what_is_taken(given: Any) -> None:
    with pytest.raises(TypeError, match="is no picture: a picture is a path, the bytes of a file"):
        listed(given)
    with pytest.raises(TypeError, match=r"images\[0\]: \w+ is no picture: a picture is a path"):
        squared(given, SIDE, "images[0]")


def test_no_pictures_are_none() -> None:
    with pytest.raises(ValueError, match="no pictures were given"):
        listed([])


def test_a_batch_within_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match=r"images\[1\] is an array of 2 pictures"):
        squared(np.zeros((2, 5, 5, 3), np.uint8), SIDE, "images[1]")


def test_what_is_no_regular_file_is_said_and_not_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a device without end, a folder, a name with a zero byte."""
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "folder.jpg").mkdir()
    for name, why in (
        ("pipe.jpg", "no regular file"),
        ("zero.jpg", "no regular file"),
        ("folder.jpg", "a folder"),
        ("nowhere.jpg", "No such file"),
        ("zero\0byte", "null byte"),
    ):
        with pytest.raises(DataError, match=rf"unreadable: .*{why}.*; give the path of a picture"):
            squared(str(tmp_path / name), SIDE, "")


def test_a_path_of_bytes_and_an_image_without_pixels_are_known_for_what_they_are(tmp_path: Path) -> None:
    class Entry:
        def __fspath__(self) -> bytes:
            return os.fsencode(tmp_path / "picture.png")

    (tmp_path / "picture.png").write_bytes(encoded())
    assert np.array_equal(prepared(Entry()), EXPECTED)
    with pytest.raises(DataError, match=r"^images\[0\]: empty: the image has no pixels"):
        prepared(Image.new("RGB", (0, 9)))
    with pytest.raises(DataError, match=r"^'': unreadable: it is a folder"):
        prepared("")


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alexnet.inference.pictures.MAX_BYTES", 100)
    path = tmp_path / "picture.png"
    path.write_bytes(encoded())
    with pytest.raises(DataError, match="it is larger than"):
        squared(path, SIDE, "")


@pytest.mark.parametrize("given", [b"", b"no picture", io.BytesIO(b"\x89PNG"), encoded()[:200]])
def test_broken_bytes_are_named_by_their_number(given: Any) -> None:
    with pytest.raises(DataError, match=r"^images\[7\]: (empty|no picture|truncated|damaged)"):
        squared(given, SIDE, "images[7]")
