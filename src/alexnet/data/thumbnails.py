"""What a notebook shows of a data set: one line, and small pictures with their classes, all within the page."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from alexnet.data.decoding.images import square_pixels
from alexnet.page.blocks import Tile, Tiles
from alexnet.page.notebook import contact_sheet
from alexnet.page.pictures import photograph

_SIDE: Final = 64
_LETTERS: Final = 24  # of a caption


def gallery(title: str, pictures: Iterable[tuple[np.ndarray, str]]) -> str:
    """Return a line and pictures as HTML, each a PNG of 64 pixels.

    Args:
        title: the line, as plain text.
        pictures: uint8 RGB, (3, S, S), and what each shows, of which the first words are taken.
    """
    tiles = tuple(_tile(pixels, words) for pixels, words in pictures)
    return contact_sheet(title, Tiles(tiles, ("class",)), width=_SIDE + 16)


def _tile(pixels: np.ndarray, words: str) -> Tile:
    small = square_pixels(pixels.transpose(1, 2, 0), _SIDE).transpose(1, 2, 0)
    return Tile((photograph(small),), "", (words.split(",")[0][:_LETTERS],))
