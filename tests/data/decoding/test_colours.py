"""Colour profiles of three curves and a matrix against littlecms; whatever else they are, littlecms does."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from alexnet.data.decoding import colours
from alexnet.kernels import pixels as kernels

ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
CURVES = {
    "a gamma": struct.pack(">4s4xIHxx", b"curv", 1, 563),
    "no curve": struct.pack(">4s4xI", b"curv", 0),
    "a table": struct.pack(">4s4xI40H", b"curv", 40, *(round(65535 * (i / 39) ** 1.7) for i in range(40))),
    "a power": struct.pack(">4s4xHxx1i", b"para", 0, 2 * 65536),
    "from a point on": struct.pack(">4s4xHxx3i", b"para", 1, *(round(65536 * v) for v in (2, 1.1, -0.1))),
    "as in sRGB": struct.pack(
        ">4s4xHxx5i", b"para", 3, *(round(65536 * v) for v in (2.4, 0.94787, 0.05213, 0.0774, 0.04045))
    ),
    "all seven": struct.pack(
        ">4s4xHxx7i", b"para", 4, *(round(65536 * v) for v in (1.8, 0.9, 0.05, 0.2, 0.1, 0.02, 0))
    ),
}
LIGHT_BLACK = struct.pack(">4s4xHxx4i", b"para", 2, *(round(65536 * v) for v in (2, 0.9, -0.05, 0.1)))
NOISE = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)


def profile(curve: bytes, matrix: tuple[tuple[float, ...], ...] = ADOBE, **more: bytes) -> bytes:
    """Write a profile as ICC.1 lays it out, for a display."""
    tags = {
        "desc": struct.pack(">4s4xI7s78x", b"desc", 7, b"camera\0"),
        "wtpt": struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061),
        **{
            f"{c}XYZ": struct.pack(">4s4x3i", b"XYZ ", *(round(65536 * v) for v in row))
            for c, row in zip("rgb", matrix, strict=True)
        },
        **{f"{c}TRC": curve for c in "rgb"},
        **more,
    }
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, content in tags.items():
        content += bytes(-len(content) % 4)
        table += struct.pack(">4sII", tag.encode(), start + len(body), len(content))
        body += content
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x3i",
        start + len(body),
        0x04200000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        b"acsp",
        63190,
        65536,
        54061,
    )
    return head + bytes(128 - len(head)) + table + body


def embedded(content: bytes) -> colours.Profile | None:
    image = Image.fromarray(NOISE)
    image.info["icc_profile"] = content
    return colours.embedded(image)


@pytest.mark.parametrize("name", CURVES)
def test_curves_and_a_matrix_give_littlecms_colours(name: str) -> None:
    found = embedded(profile(CURVES[name]))
    assert found is not None
    assert found.shares is not None
    ours = colours.in_srgb(NOISE, found).astype(int)
    theirs = np.asarray(colours.converted(Image.fromarray(NOISE), found)).astype(int)
    assert np.abs(theirs - NOISE).mean() > 2
    assert np.abs(ours - theirs).max() <= 1
    assert np.abs(ours - theirs).mean() < 0.05


def test_compiled_or_not_and_as_planes_or_not_the_bits_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = embedded(profile(CURVES["a gamma"]))
    planes = NOISE.transpose(2, 0, 1).copy().transpose(1, 2, 0)
    first, second = colours.in_srgb(NOISE, found), colours.in_srgb(planes, found)
    monkeypatch.setattr(kernels, "_library", lambda: None)
    assert np.array_equal(first, second)
    assert second.strides == planes.strides
    assert np.array_equal(first, colours.in_srgb(planes, found))
    assert np.array_equal(first[:, 10:40], colours.in_srgb(NOISE[:, 10:40], found))


def test_a_part_of_a_picture_is_converted_like_the_whole() -> None:
    found = embedded(profile(CURVES["a gamma"]))
    assert np.array_equal(colours.in_srgb(NOISE[3:, 10:40], found), colours.in_srgb(NOISE, found)[3:, 10:40])


@pytest.mark.parametrize(
    "content",
    [profile(CURVES["a gamma"], A2B0=b"mft2" + bytes(60)), profile(LIGHT_BLACK)],
    ids=["tables before curves", "a black that is light"],
)
def test_other_profiles_are_left_to_littlecms(content: bytes) -> None:
    found = embedded(content)
    assert found is not None
    assert found.shares is None
    theirs = np.asarray(colours.converted(Image.fromarray(NOISE), found))
    assert np.array_equal(colours.in_srgb(NOISE, found), theirs)


@pytest.mark.parametrize("cut", range(0, 560, 7))
def test_a_cut_profile_costs_no_picture(cut: int) -> None:
    content = profile(CURVES["a table"])
    found = embedded(
        content[: len(content) - cut] if cut % 2 else content[:cut] + bytes(16) + content[cut + 16 :]
    )
    assert colours.in_srgb(NOISE, found).shape == NOISE.shape


def test_srgb_itself_is_left_alone() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert embedded(srgb) is None
