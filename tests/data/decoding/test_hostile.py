"""Hostile pictures: each looks as a viewer shows it, or is refused with a reason, soon and in little memory."""

import io
import time
import tracemalloc

import numpy as np
import pytest
from hostile import encoded, refused, scene, shown
from PIL import Image, ImageCms

from alexnet.data.decoding import decoding
from alexnet.data.decoding.decoding import REASONS
from alexnet.data.decoding.images import decode, square
from alexnet.errors import DataError
from alexnet.kernels import pixels as kernels

SHOWN, REFUSED = shown(), refused()


@pytest.mark.filterwarnings("ignore")  # Pillow warns of broken metadata, and shows the picture
@pytest.mark.parametrize("name", SHOWN)
def test_unusual_pictures_look_as_a_viewer_shows_them(name: str) -> None:
    content, expected = SHOWN[name]
    found = decode(content).astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < (8 if "palette" in name or "gif" in name else 3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_broken_pictures_are_refused_with_a_reason_at_once(name: str) -> None:
    content, reasons = REFUSED[name]
    began = time.monotonic()
    tracemalloc.start()
    with pytest.raises(DataError) as caught:
        decode(content)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value).split(":")[0] in reasons
    assert set(reasons) <= set(REASONS)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 2
    assert most < 100 * 2**20


@pytest.mark.parametrize("name", [name for name in SHOWN if "jpeg" in name])
def test_the_fast_decoder_gives_pillows_pixels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("simplejpeg", reason="the extra fast is not installed")
    fast = decode(SHOWN[name][0])
    monkeypatch.setattr(decoding, "_simplejpeg", lambda: None)
    assert np.array_equal(fast, decode(SHOWN[name][0]))


def test_hidden_colours_do_not_show() -> None:
    pixels = np.dstack([scene(), np.full((48, 64), 255, np.uint8)])
    pixels[:24, :, 3] = 0
    other = pixels.copy()
    other[:24, :, :3] = 255 - other[:24, :, :3]
    first, second = (decode(encoded(Image.fromarray(p), "PNG")) for p in (pixels, other))
    assert np.array_equal(first, second)


def test_a_colour_profile_changes_what_is_seen() -> None:
    """Pictures saved in a space whose red and green are swapped look as they were meant to."""
    swapped = ImageCms.createProfile("sRGB")
    content = bytearray(ImageCms.ImageCmsProfile(swapped).tobytes())
    position = {tag: content.find(tag, 128) for tag in (b"rXYZ", b"gXYZ")}
    red, green = (bytes(content[p + 4 : p + 12]) for p in position.values())
    content[position[b"rXYZ"] + 4 : position[b"rXYZ"] + 12] = green
    content[position[b"gXYZ"] + 4 : position[b"gXYZ"] + 12] = red
    profile = bytes(content).replace(b"s\0R\0G\0B", b"t\0e\0s\0t").replace(b"sRGB", b"test")
    stored = Image.fromarray(np.ascontiguousarray(scene()[:, :, [1, 0, 2]]))
    found = decode(encoded(stored, "PNG", icc_profile=profile))
    assert np.abs(found.astype(int) - scene()).mean() < 3
    direct = square(encoded(stored, "PNG", icc_profile=profile), 32)
    assert np.abs(direct.astype(int) - square(encoded(Image.fromarray(scene()), "PNG"), 32)).mean() < 3


def test_scaled_decoding_is_within_one_grey_level_of_doing_it_in_one_step() -> None:
    """The bound that `square` states, on a large picture with edges and fine noise."""
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (30, 40, 3)).repeat(40, axis=0).repeat(40, axis=1)
    noisy = np.clip(blocks + random.normal(0, 12, blocks.shape), 0, 255).astype(np.uint8)
    content = encoded(Image.fromarray(noisy), "JPEG", quality=90)
    direct = kernels.scaled_square(decode(content), 128)
    difference = np.abs(square(content, 128).astype(int) - direct)
    assert 0 < difference.mean() < 1


def test_compiled_or_not_the_square_has_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    if kernels._library() is None:
        pytest.skip("the compiled functions were not built here")
    random = np.random.default_rng(0)
    cases = [
        (random.integers(0, 256, (h, w, 3), dtype=np.uint8), side)
        for h, w, side in [
            (375, 500, 256),
            (500, 333, 256),
            (1000, 33, 32),
            (1, 7, 5),
            (9, 1, 3),
            (64, 64, 63),
            (8, 8, 32),
            (700, 900, 3),
        ]
    ]
    compiled = [kernels.scaled_square(pixels, side) for pixels, side in cases]
    monkeypatch.setattr(kernels, "_library", lambda: None)
    for (pixels, side), found in zip(cases, compiled, strict=True):
        assert np.array_equal(found, kernels.scaled_square(pixels, side))


def test_the_limit_of_pixels_is_the_callers() -> None:
    content = encoded(Image.new("RGB", (100, 100)), "PNG")
    assert decode(content, max_pixels=10_000).shape == (100, 100, 3)
    with pytest.raises(DataError, match="too large: 100x100 pixels, at most 9999"):
        decode(content, max_pixels=9_999)


def test_a_picture_of_one_pixel_and_one_of_one_row_are_pictures() -> None:
    for size in ((1, 1), (3000, 1), (1, 3000)):
        stream = io.BytesIO()
        Image.new("RGB", size, (1, 2, 3)).save(stream, "PNG")
        assert (square(stream.getvalue(), 16) == np.array([1, 2, 3])[:, None, None]).all()
