"""Decoders print nothing by themselves, and what is switched off for it is on again afterwards."""

import contextlib
import io
import logging
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hostile import encoded, png_file, scene
from PIL import Image

from alexnet.data.decoding.decoding import MAX_LENGTH
from alexnet.data.decoding.images import decode
from alexnet.data.decoding.quiet import quiet
from alexnet.errors import DataError

NOISY = """
import random, sys
sys.path.insert(0, "tests/data")
from hostile import encoded, scene
from PIL import Image
from alexnet.data.decoding.images import square
from alexnet.errors import DataError

image, rng = Image.fromarray(scene()), random.Random(0)
contents = [encoded(image, "TIFF", compression=kind) for kind in ("tiff_lzw", "jpeg", "tiff_adobe_deflate", "raw")]
contents.append(encoded(image.convert("1"), "TIFF", compression="group4"))
contents.append(encoded(image, "JPEG", exif=b"Exif\\0\\0II*\\0\\x08\\0\\0\\0\\x05\\0\\x12\\x01\\x03\\0\\1\\0\\0\\0"))
for content in contents * 40:
    damaged = bytearray(content)
    for _ in range(3):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    try:
        square(bytes(damaged), 16)
    except DataError:
        print("refused")
print("end", file=sys.stderr)
"""


def test_broken_pictures_leave_nothing_on_stderr_but_what_others_print() -> None:
    """Of 240 broken TIFFs and JPEGs, libtiff and Pillow would tell in five hundred lines."""
    done = subprocess.run([sys.executable, "-c", NOISY], capture_output=True, text=True, check=True)
    assert done.stderr == "end\n"
    assert done.stdout.count("refused") > 50


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_the_caller_hears_of_pillow_is_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    """Filters of warnings, loggers, and libtiff's own lines, also after blocks within blocks."""
    filters, handlers = list(warnings.filters), list(logging.getLogger("PIL").handlers)
    with quiet(), quiet():
        with warnings.catch_warnings(record=True) as heard:
            pass
        assert heard == []
    assert list(warnings.filters) == filters
    assert logging.getLogger("PIL").handlers == handlers
    content, rng = (
        encoded(Image.fromarray(scene()).convert("1"), "TIFF", compression="group4"),
        random.Random(0),
    )
    for _ in range(20):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[rng.randrange(8, 200)] = rng.randrange(256)
        with contextlib.suppress(Exception), Image.open(io.BytesIO(damaged)) as image:
            image.load()
    assert "Fax4Decode" in capfd.readouterr().err


@pytest.mark.parametrize("size", [(1, 60_000_000), (60_000_000, 1), (MAX_LENGTH + 1, 1)])
def test_a_picture_of_one_endless_row_is_refused_from_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=rf"too large: {size[0]}x{size[1]} pixels, at most 65535 a side"):
        decode(png_file(*size, 8, 2, 0, b"\0" * 100))


def test_the_longest_row_that_is_read() -> None:
    assert decode(encoded(Image.new("L", (MAX_LENGTH, 1)), "PNG")).shape == (1, MAX_LENGTH, 3)


def test_a_float_picture_of_signalling_nans_is_black_without_a_word() -> None:
    """NumPy, which warns of them in a cast, is heard neither: warnings are errors here."""
    values = np.frombuffer(b"\x01\x00\x80\x7f" * 64, np.float32).reshape(8, 8)
    assert (decode(encoded(Image.fromarray(values), "TIFF")) == 0).all()
