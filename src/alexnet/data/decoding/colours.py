"""Colour profiles: from the colours a camera or program meant to the sRGB that every picture here is in.

littlecms knows every kind of profile. The usual kind, three curves and a matrix, is also done here, in a fifth of
its time: each value through its curve, the matrix, and sRGB's curve (ICC.1:2022, 10.6, 10.18 and annex F.3).
"""

import contextlib
import io
import struct
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageCms

from alexnet.kernels.pixels import COLOUR_BITS, recolour

_STEPS = 2**COLOUR_BITS


@dataclass(frozen=True)
class Profile:
    """A colour profile that counts: sound, for the colours it comes with, and not sRGB."""

    littlecms: ImageCms.ImageCmsProfile
    shares: np.ndarray | None
    """int32, (3, 256, 4): what each value of red, green and blue adds to sRGB's linear red, green and blue, in
    parts of 2 ** COLOUR_BITS; None where the profile is more than three curves and a matrix."""


def embedded(image: Image.Image) -> Profile | None:
    """Return the colour profile of an opened picture, or None where it has none that counts."""
    content = image.info.get("icc_profile")
    space = {"RGB": "RGB", "RGBA": "RGB", "P": "RGB", "CMYK": "CMYK"}.get(image.mode)
    return _read(content, space) if content and space else None


def in_srgb(pixels: np.ndarray, profile: Profile | None) -> np.ndarray:
    """Convert pixels to sRGB: within one of 255 of littlecms, compiled or not the same.

    Args:
        pixels: uint8 RGB, (H, W, 3), also as a view of planes.
        profile: theirs; without one they stay.
    Returns:
        uint8 RGB, (H, W, 3), laid out like them.
    """
    if profile is None:
        return pixels
    if profile.shares is not None:
        return recolour(pixels, profile.shares, _encoded())
    return np.asarray(converted(Image.fromarray(pixels), profile))


def converted(image: Image.Image, profile: Profile) -> Image.Image:
    """Convert to sRGB by littlecms; a profile that it will not work with is left aside."""
    try:
        result = ImageCms.applyTransform(image, _transform(profile.littlecms, image.mode))
    except Exception:  # littlecms refuses with PyCMSError, OSError, ValueError, TypeError
        return image
    return image if result is None else result


@lru_cache(16)  # cameras and programs embed the same few profiles
def _read(content: bytes, space: str) -> Profile | None:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        known = "srgb" in ImageCms.getProfileDescription(profile).lower()  # as nearly always
        if known or profile.profile.xcolor_space.strip() != space:
            return None
    except Exception:  # as above
        return None
    shares = None
    with contextlib.suppress(ArithmeticError, IndexError, KeyError, TypeError, ValueError, struct.error):
        shares = _shares(content, profile)
    return Profile(profile, shares)


@lru_cache(16)
def _transform(profile: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")


def _shares(content: bytes, profile: ImageCms.ImageCmsProfile) -> np.ndarray | None:
    """Put a profile's curves and matrix, and the inverse of sRGB's matrix, into one table; or None."""
    (count,) = struct.unpack_from(">I", content, 128)
    offsets = {tag: offset for tag, offset, _ in struct.iter_unpack(">4sII", content[132 : 132 + 12 * count])}
    if profile.profile.connection_space.strip() != "XYZ" or b"A2B0" in offsets or b"D2B0" in offsets:
        return None  # tables come before curves
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    matrix = np.linalg.solve(_matrix(srgb), _matrix(profile))
    curves = np.stack([_curve(content, offsets[tag]) for tag in (b"rTRC", b"gTRC", b"bTRC")])
    if curves[:, 0].any():
        return None  # its black is light, and littlecms makes it black
    shares = np.zeros((3, 256, 4))
    shares[:, :, :3] = curves[:, :, None] * matrix.T[:, None, :] * _STEPS
    if not np.isfinite(shares).all() or np.abs(shares).max() > 16 * _STEPS:
        return None
    return np.rint(shares).astype(np.int32)


def _matrix(profile: ImageCms.ImageCmsProfile) -> np.ndarray:
    """Return the matrix from a profile's linear red, green and blue to XYZ."""
    core = profile.profile
    colorants = (core.red_colorant, core.green_colorant, core.blue_colorant)
    return np.array([colorant[0] for colorant in colorants if colorant]).T


def _curve(content: bytes, offset: int) -> np.ndarray:
    """Evaluate a tone curve at 0 to 255: 256 values, 0 to 1."""
    kind, form, count = struct.unpack_from(">4s4xH", content, offset) + struct.unpack_from(
        ">I", content, offset + 8
    )
    values = np.linspace(0, 1, 256)
    if kind == b"curv" and count > 1:
        steps = np.frombuffer(content, ">u2", count, offset + 12) / 65535
        return np.asarray(np.interp(values, np.linspace(0, 1, count), steps))
    if kind == b"curv":
        gamma = struct.unpack_from(">H", content, offset + 12)[0] / 256 if count else 1
        return np.asarray(values**gamma)
    if kind != b"para":
        raise ValueError(kind)
    number = (1, 3, 4, 5, 7)[form]
    g, a, b, c, d, e, f = np.array(
        [*np.frombuffer(content, ">i4", number, offset + 12) / 65536, *(1, 0, 0, 0, 0, 0)[number - 1 :]]
    )
    if form in (1, 2):  # from where the base is positive on; c is added to both parts
        d, e, f, c = -b / a, c, c, 0
    curve = np.where(values >= d, np.maximum(a * values + b, 0) ** g + e, c * values + f)
    return np.asarray(curve.clip(0, 1))


@cache
def _encoded() -> np.ndarray:
    """Return sRGB's curve: uint8, the value of each part of 2 ** COLOUR_BITS of full light (IEC 61966-2-1)."""
    light = np.linspace(0, 1, _STEPS + 1)
    value = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    encoded: np.ndarray = np.rint(255 * value).astype(np.uint8)
    return encoded
