"""The one decoder: from the bytes of a picture file to RGB pixels, as a viewer would show them.

Preparation, prediction and serving all decode here, so that a picture is the same picture everywhere.

Shapes: H rows, W columns.
"""

import numpy as np
import PIL
from PIL import Image, features

from alexnet.data.decoding.colours import Profile, in_srgb
from alexnet.data.decoding.decoding import MAX_PIXELS, reasons, shown, turbo, upright
from alexnet.kernels.pixels import scaled_square

INTERPOLATION = "antialiased bilinear"

_GAP = 2  # times the side: how far a JPEG may be scaled while decoding, before it is averaged


def decode(content: bytes, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decode a picture file to RGB pixels.

    The orientation and the colour profile in its metadata are applied, transparency is laid on white, 16- and
    32-bit greys are scaled to 8 bits, and of an animation the first frame is taken.

    Args:
        content: the whole file: JPEG, PNG, GIF, WebP, BMP, TIFF or PPM.
        max_pixels: the largest picture to decode, in pixels; larger ones are refused from their header.
    Returns:
        uint8 RGB, (H, W, 3).
    Raises:
        DataError: the bytes are no picture, a broken one, or one too large; the message says which.
    """
    with reasons():
        return in_srgb(*upright(content, max_pixels=max_pixels))


def square(content: bytes, side: int = 256, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decode a picture file, scale its shorter side to `side` and cut out the central square.

    Args:
        content: the whole file.
        side: height and width of the result, in pixels.
        max_pixels: as in `decode`.
    Returns:
        uint8 RGB, (3, side, side).
    Raises:
        DataError: as in `decode`.
    Source: Krizhevsky et al. 2012, section 2. The paper does not name its interpolation; antialiased bilinear
    is what most later published networks were trained on, and unlike bicubic it stays within the range of the
    pixels it averages. A JPEG with more than twice the pixels it takes on each side is scaled by 2, 4 or 8 while
    it is decoded, then averaged: no more than 1 of 255 away on average from doing it in one step.
    """
    with reasons():
        return _squared(*upright(content, max_pixels=max_pixels, shrink_to=_GAP * side), side)


def square_image(image: Image.Image, side: int = 256) -> np.ndarray:
    """Scale and cut a PIL image as `square` does the file it was opened from.

    Args:
        image: a picture of any mode, not yet turned as its EXIF orientation says.
        side: height and width of the result, in pixels.
    Returns:
        uint8 RGB, (3, side, side).
    Raises:
        DataError: its file, read only now, is broken.
    """
    with reasons():
        return _squared(*shown(image), side)


def square_pixels(pixels: np.ndarray, side: int = 256) -> np.ndarray:
    """Scale the shorter side of decoded pixels to `side` and cut out the central square.

    Args:
        pixels: uint8 RGB, (H, W, 3).
        side: height and width of the result, in pixels.
    Returns:
        uint8 RGB, (3, side, side).
    Raises:
        ValueError: the pixels are not uint8 RGB.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}: expected uint8 (H, W, 3)")
    return scaled_square(np.ascontiguousarray(pixels), side)


def _squared(pixels: np.ndarray, profile: Profile | None, side: int) -> np.ndarray:
    """Scale and cut upright pixels, and bring what is left to sRGB."""
    scaled = scaled_square(pixels, side)
    return np.ascontiguousarray(in_srgb(scaled.transpose(1, 2, 0), profile).transpose(2, 0, 1))


def decoder() -> str:
    """Name the decoders and their versions, as the card of a prepared data set records them."""
    fast = turbo()
    names = [f"Pillow {PIL.__version__}", f"libjpeg-turbo {features.version('libjpeg_turbo') or 'absent'}"]
    return ", ".join([*names, f"simplejpeg {fast.__version__}"] if fast else names)
