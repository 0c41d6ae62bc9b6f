"""What a notebook shows of a data set: one line, and small pictures with their classes, all within the page."""

import base64
import html
import io
from collections.abc import Iterable
from typing import Final

import numpy as np
from PIL import Image

from alexnet.data.decoding.images import square_pixels
from alexnet.text import visible

_SIDE: Final = 64
_LETTERS: Final = 24  # of a caption


def gallery(title: str, pictures: Iterable[tuple[np.ndarray, str]]) -> str:
    """Return a line and pictures as HTML, each a PNG of 64 pixels.

    Args:
        title: the line, as plain text.
        pictures: uint8 RGB, (3, S, S), and what each shows, of which the first words are taken.
    """
    figures = "".join(_figure(pixels, words) for pixels, words in pictures)
    return f"<div><code>{html.escape(visible(title))}</code><br>{figures}</div>"


def _figure(pixels: np.ndarray, words: str) -> str:
    stream = io.BytesIO()
    small = square_pixels(pixels.transpose(1, 2, 0), _SIDE).transpose(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(small)).save(stream, "PNG")
    address = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
    caption = html.escape(visible(words.split(",")[0][:_LETTERS]))
    style = f"display:inline-block;margin:4px;width:{_SIDE + 16}px;font-size:11px;vertical-align:top"
    return f"<figure style='{style}'><img alt='' src='{address}'><figcaption>{caption}</figcaption></figure>"
