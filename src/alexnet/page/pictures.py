"""Photographs as addresses that lie within a page."""

import base64
import io
from typing import Final

import numpy as np
from PIL import Image

from alexnet.png import data_address

EXACT: Final = 64
"""Pixels up to which a picture is kept as it is: JPEG would show at that size."""
QUALITY: Final = 82
"""Of JPEGs."""


def photograph(pixels: np.ndarray) -> str:
    """Return a photograph as the address of a file within the page: a PNG where it is small, else a JPEG.

    Args:
        pixels: uint8 RGB, (H, W, 3), as it is to be kept.
    """
    if max(pixels.shape[:2]) <= EXACT:
        return data_address(pixels)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
