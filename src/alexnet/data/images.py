"""The one decoder: from the bytes of a picture file to RGB pixels, as a viewer would show them.

Preparation, prediction and serving all decode here, so that a picture is the same picture everywhere.

Shapes: H rows, W columns.
"""

import numpy as np
import PIL
from PIL import Image, features

from alexnet.data.decoding import MAX_PIXELS, opened, reasons, upright

INTERPOLATION = "antialiased bilinear"


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
        return np.array(upright(opened(content, max_pixels)))


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
    pixels it averages.
    """
    with reasons():
        return _square(upright(opened(content, max_pixels)), side)


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
    return _square(Image.fromarray(pixels), side)


def decoder() -> str:
    """Name the decoder and its version, as the card of a prepared data set records it."""
    return f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo') or 'absent'}"


def _square(image: Image.Image, side: int) -> np.ndarray:
    """Scale the central square alone: what lies outside it is never computed."""
    width, height = image.size
    shorter = min(width, height)
    if (width, height) != (side, side):
        left, top = (width - shorter) / 2, (height - shorter) / 2
        box = (left, top, left + shorter, top + shorter)
        image = image.resize((side, side), Image.Resampling.BILINEAR, box=box)
    return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
