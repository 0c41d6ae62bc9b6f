"""One decoder: every way of writing a picture gives the picture a viewer shows."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from alexnet.data.decoding.images import decode, square, square_image, square_pixels
from alexnet.errors import DataError


def scene(height: int = 48, width: int = 64) -> np.ndarray:
    """A smooth picture without symmetry: uint8, (H, W, 3)."""
    down, across = np.mgrid[0:height, 0:width]
    red, green = 40 + 180 * across / width, 220 - 180 * down / height
    return np.stack([red, green, 128 + 60 * np.sin(across / 9) * np.cos(down / 7)], axis=2).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def refusal(content: bytes) -> str:
    """The reason why a file is refused; empty where it is a picture."""
    try:
        decode(content)
    except DataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP"])
def test_lossless_formats_give_back_the_pixels(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(decode(encoded(Image.fromarray(scene()), kind, **options)), scene())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    """The eight placements of row 0 and column 0 that the EXIF standard lists."""
    pixels = scene()
    stored = {
        1: pixels,
        2: pixels[:, ::-1],
        3: np.rot90(pixels, 2),
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, 1),  # the viewer turns it clockwise, so it is stored turned the other way
        7: np.rot90(pixels, 2).transpose(1, 0, 2),
        8: np.rot90(pixels, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif)
    assert np.array_equal(decode(content), pixels)


def printing() -> bytes:
    """A profile of four inks (ICC.1:2022, 10.10): each takes the light that it leaves, and no colour."""
    inks = np.indices((2, 2, 2, 2)).reshape(4, -1).sum(0)
    table = np.stack([255 - 63 * inks, np.full(16, 128), np.full(16, 128)], 1).astype(np.uint8).tobytes()
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * (position % 4 == 0) for position in range(9)))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + 4 * ramp + table + 3 * ramp
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"inks\0" + bytes(78)
    tags = [(b"desc", text + bytes(-len(text) % 4)), (b"A2B0", lut)]
    head, offset = struct.pack(">I", len(tags)), 132 + 12 * len(tags)
    for name, content in tags:
        head += name + struct.pack(">2I", offset, len(content))
        offset += len(content)
    start = (
        struct.pack(">I4sI4s4s4s", offset, bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ")
        + bytes(12)
        + b"acsp"
    )
    white = struct.pack(">3i", 63190, 65536, 54061)
    return start + bytes(28) + white + bytes(48) + head + b"".join(content for _, content in tags)


def test_a_picture_of_inks_with_a_profile_is_turned_too() -> None:
    inks = Image.fromarray(scene()).convert("CMYK")
    exif = Image.Exif()
    exif[0x0112] = 6
    shown, upright = (
        decode(encoded(inks, "JPEG", icc_profile=printing(), exif=e)) for e in (exif, Image.Exif())
    )
    without = decode(encoded(inks, "JPEG"))
    assert not np.array_equal(upright, without)  # the profile counts
    assert np.array_equal(shown, np.rot90(upright, -1))


def test_transparency_is_laid_on_white() -> None:
    pixels = np.dstack([scene(), np.full((48, 64), 255, np.uint8)])
    pixels[:24, :, 3] = 0
    shown = decode(encoded(Image.fromarray(pixels), "PNG"))
    assert (shown[:24] == 255).all()
    assert np.array_equal(shown[24:], scene()[24:])


def test_sixteen_bit_grey_is_scaled_and_not_white() -> None:
    grey = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    shown = decode(encoded(Image.fromarray(grey), "PNG"))
    assert np.array_equal(shown[:, :, 0].ravel(), np.arange(256))


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_floating_grey_is_scaled_by_its_range(top: float) -> None:
    grey = np.linspace(0, top, 256, dtype=np.float32).reshape(16, 16)
    grey[0, 0] = np.nan
    shown = decode(encoded(Image.fromarray(grey), "TIFF"))
    assert np.array_equal(shown[:, :, 1].ravel(), np.arange(256))


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LA"])
def test_other_modes_show_the_same_picture(mode: str) -> None:
    grey = np.repeat(scene()[:, :, :1], 3, axis=2)
    kind = {"CMYK": "JPEG", "YCbCr": "JPEG"}.get(mode, "PNG")
    image = Image.fromarray((grey > 128).astype(np.uint8) * 255 if mode == "1" else grey)
    stored = image.quantize(256) if mode == "P" else image.convert(mode)
    shown = decode(encoded(stored, kind))
    assert np.abs(shown.astype(int) - np.asarray(image).astype(int)).mean() < 2


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.fromarray(scene()).quantize(64), Image.new("P", (64, 48))]
    first = decode(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert np.abs(first.astype(int) - scene().astype(int)).mean() < 8


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"not a picture at all", "no picture"),
        (encoded(Image.fromarray(scene(200, 200)), "JPEG")[:2000], "truncated"),
        (encoded(Image.fromarray(scene(200, 200)), "PNG")[:5000], "truncated"),
        (encoded(Image.new("1", (9000, 9000)), "PNG"), "too large"),
    ],
)
def test_what_cannot_be_shown_has_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=f"^{reason}: "):
        decode(content)


def test_every_cut_and_every_flipped_bit_is_a_picture_or_a_reason() -> None:
    content = encoded(Image.fromarray(scene(24, 24)), "JPEG")
    random = np.random.default_rng(0)
    damaged = [content[:cut] for cut in range(0, len(content), 7)]
    for position, bit in zip(
        random.integers(len(content), size=150), random.integers(8, size=150), strict=True
    ):
        damaged.append(content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :])
    refusals = [reason for file in damaged if (reason := refusal(file))]
    assert len(refusals) > len(damaged) // 4
    assert all("\n" not in reason for reason in refusals)


def test_square_of_a_ramp_is_the_centre_of_the_ramp() -> None:
    """A picture twice as wide as high: the square spans the middle half, so its brightness does too."""
    ramp = np.repeat(np.linspace(0, 255, 512)[None, :, None], 256, axis=0).repeat(3, axis=2).astype(np.uint8)
    middle = square(encoded(Image.fromarray(ramp), "PNG"), 64)
    assert middle.shape == (3, 64, 64)
    assert middle[0, 32, 0] == pytest.approx(64, abs=3)
    assert middle[0, 32, 63] == pytest.approx(191, abs=3)


def test_shrinking_averages_what_it_covers() -> None:
    """Antialiasing: a fine checkerboard shrinks to its mean and not to a pattern."""
    progress_file = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = square_pixels(np.repeat(progress_file[:, :, None], 3, axis=2), 32)
    assert np.abs(small[:, 1:-1, 1:-1].astype(int) - 128).max() <= 2


def test_a_square_of_its_own_side_is_untouched() -> None:
    pixels = scene(64, 64)
    assert np.array_equal(square_pixels(pixels, 64), pixels.transpose(2, 0, 1))


def test_square_and_orientation_commute() -> None:
    pixels = scene(61, 97)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(Image.fromarray(np.ascontiguousarray(np.rot90(pixels, 1))), "PNG", exif=exif)
    difference = square(turned, 32).astype(int) - square_pixels(pixels, 32).astype(int)
    assert np.abs(difference).max() <= 1


def test_an_opened_picture_is_squared_as_its_file() -> None:
    """Orientation, transparency and depth count alike, whether a path or a PIL image is given."""
    exif = Image.Exif()
    exif[0x0112] = 6
    clear = np.dstack([scene(), np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)])
    deep = scene()[:, :, 0].astype(np.uint16) * 257
    for content in (
        encoded(Image.fromarray(scene()), "JPEG", exif=exif),
        encoded(Image.fromarray(clear), "PNG"),
        encoded(Image.fromarray(deep), "PNG"),
        encoded(Image.fromarray(scene()).convert("CMYK"), "JPEG"),
    ):
        assert np.array_equal(square_image(Image.open(io.BytesIO(content)), 32), square(content, 32))
