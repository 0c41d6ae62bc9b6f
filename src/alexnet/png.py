"""Pixels as PNG files that lie within a page or a drawing, as small as they can be kept exactly."""

import base64
import io

import numpy as np
from PIL import Image


def data_address(pixels: np.ndarray) -> str:
    """Return pixels, uint8 (H, W, 3) or (H, W, 4), as the address of a PNG that lies within a page.

    Of up to 256 colours a byte a pixel is kept, and nothing is lost.
    """
    stream = io.BytesIO()
    indexed = _indexed(pixels)
    if indexed is None:
        Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG", optimize=True)
    else:
        image, opacity = indexed
        image.save(stream, "PNG", optimize=True, **({"transparency": opacity} if opacity else {}))
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _indexed(pixels: np.ndarray) -> tuple[Image.Image, bytes] | None:
    """Return pixels as an image with a palette, and the palette's opacities; None of more than 256 colours."""
    height, width, channels = pixels.shape
    packed = np.zeros((height, width, 4), np.uint8)
    packed[..., :channels] = pixels
    colours, numbers = np.unique(packed.view("<u4"), return_inverse=True)
    if len(colours) > 256:
        return None
    table = colours.astype("<u4").view(np.uint8).reshape(-1, 4)
    image = Image.fromarray(numbers.reshape(height, width).astype(np.uint8), "P")
    image.putpalette(table[:, :3].tobytes())
    return image, table[:, 3].tobytes() if channels == 4 else b""
