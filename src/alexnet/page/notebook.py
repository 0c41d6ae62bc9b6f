"""Pictures as a notebook shows them, which has a style sheet of its own: rules stand at each of them."""

from html import escape
from typing import Final

from alexnet.page.blocks import Tiles
from alexnet.text import visible

_TILE: Final = "display:inline-block;margin:4px;width:{width}px;font-size:11px;vertical-align:top"


def contact_sheet(title: str, tiles: Tiles, *, width: int) -> str:
    """Return a line and pictures below it as HTML.

    Args:
        title: the line, as plain text.
        tiles: the pictures, with what is said of each.
        width: of a tile, in pixels.
    """
    figures = []
    for tile in tiles.tiles:
        pictures = "".join(
            f'<img alt="{escape(visible(tile.alternative))}" src="{escape(address)}">'
            for address in tile.pictures
        )
        caption = "<br>".join(escape(visible(line)) for line in tile.lines)
        style = _TILE.format(width=width)
        figures.append(f'<figure style="{style}">{pictures}<figcaption>{caption}</figcaption></figure>')
    return f"<div><code>{escape(visible(title))}</code><br>{''.join(figures)}</div>"
