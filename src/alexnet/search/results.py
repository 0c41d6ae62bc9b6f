"""What was found, as plain values, and as a contact sheet like figure 4 (right): the query, then what is like it.

Shapes: H rows and W columns of a picture.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from PIL import Image

from alexnet import files
from alexnet.canvas import Canvas, Picture, Rectangle, Text
from alexnet.errors import AlexNetError
from alexnet.page.blocks import Page, Paragraph, Section, Tile, Tiles
from alexnet.page.html import to_html
from alexnet.page.pictures import photograph
from alexnet.search.picture_index import Match, PictureIndex
from alexnet.search.shown import PictureFinder, likeness

ENDINGS: Final = (".html", ".png", ".svg")
_SIDE: Final = 160
"""Pixels of a picture within a sheet."""
_WIDTH: Final = 96.0
"""Of a picture of a drawing."""
_LETTERS: Final = 15
"""Of a class below a picture of a drawing."""
CAPTION: Final = (
    "The query stands on the left; to its right the pictures of the index whose features are nearest, with their "
    "classes and distances."
)
WRAPPED: Final = (
    "The query comes first; then the pictures of the index whose features are nearest, with distances."
)
"""Of a page, where a row is as long as the window lets it be."""


@final
@dataclass(frozen=True)
class Answer:
    """What was found for one picture."""

    picture: str
    """Its path."""
    matches: tuple[Match, ...]
    """The nearest first."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "picture": self.picture,
            "matches": [
                {
                    "name": match.name,
                    "class": match.label,
                    "words": match.words,
                    "distance": match.distance,
                    "duplicate": match.duplicate,
                }
                for match in self.matches
            ],
        }


def check_sheet(path: Path) -> None:
    """Refuse a path that no sheet can be written to, before anything is computed.

    Raises:
        AlexNetError: it has another ending, or its folder is none that we may write in.
    """
    if path.suffix.lower() not in ENDINGS:
        raise AlexNetError(f"{path} names no format of a contact sheet: it ends in {', '.join(ENDINGS)}")
    if not os.path.isdir(path.parent) or not os.access(path.parent, os.W_OK):
        raise AlexNetError(f"{path} cannot be written: {path.parent} is no folder that we may write in")


def write_sheet(
    index: PictureIndex,
    answers: Sequence[Answer],
    path: Path,
    *,
    data: str | Path | None = None,
    explain: bool = False,
) -> list[str]:
    """Write a contact sheet: a row for each picture that was asked about.

    Args:
        index: in which they were found.
        answers: what was found.
        path: .html, .png or .svg.
        data: where the pictures of the index lie; left out, where this machine last used them.
        explain: show what of a neighbour is not like the query darker.
    Returns:
        what could not be shown, and why, in sentences.
    Raises:
        AlexNetError: it cannot be written.
    """
    finder = PictureFinder(index.card, data)
    rows = []
    for answer in answers:
        query = index.classifier.pixels(answer.picture)[0].permute(1, 2, 0).numpy()
        shown = [finder.pixels(match.origin) for match in answer.matches]
        if explain:
            shown = likeness(index.classifier, query, shown)
        rows.append((answer, _small(query), [None if each is None else _small(each) for each in shown]))
    try:
        if path.suffix.lower() == ".html":
            files.write_text(path, to_html(_page(index, rows, explain)))
        else:
            _drawing(index, rows).save(path)
    except OSError as error:
        raise AlexNetError(f"{path} cannot be written: {error.strerror}; give another -o FILE") from None
    return finder.missing


Row = tuple[Answer, np.ndarray, list[np.ndarray | None]]


def _page(index: PictureIndex, rows: Sequence[Row], explain: bool) -> Page:
    """Return a sheet as a page: pictures wrap where it is narrow."""
    card = index.card
    sections = []
    for answer, query, shown in rows:
        name = os.path.basename(answer.picture) or answer.picture
        tiles = [Tile((photograph(query),), f"the query {name}", ("query", name))]
        for match, pixels in zip(answer.matches, shown, strict=True):
            addresses = () if pixels is None else (photograph(pixels),)
            lines = (match.words.split(",")[0] or "no class", *_marks(match), os.path.basename(match.name))
            tiles.append(Tile(addresses, f"{match.words} {match.name}", lines))
        sections.append(Section(name, (Tiles(tuple(tiles), ("class", "distance", "picture")),)))
    said = WRAPPED + (" What of a picture is less like the query is darker." if explain else "")
    about = (
        f"{len(index):,} pictures; {card.stage} of {card.run}, {card.dimension:,} values; "
        f"{index.index.metric} distance; index: {card.kind}."
    )
    return Page("Similar pictures", (Paragraph(said), Paragraph(about, quiet=True)), tuple(sections))


def _drawing(index: PictureIndex, rows: Sequence[Row]) -> Canvas:
    """Return a sheet as a drawing: a row for each query, a line between it and its neighbours."""
    card, columns = index.card, max((len(answer.matches) for answer, _, _ in rows), default=0)
    step, height, gap = _WIDTH + 10, _WIDTH + 44, 18.0
    canvas = Canvas(
        12 + step + gap + columns * step,
        40 + max(1, len(rows)) * height,
        f"Similar pictures: {card.stage} of {os.path.basename(card.run)}, the nearest of {len(index):,}",
        CAPTION,
    )
    canvas.add_title()
    for number, (answer, query, shown) in enumerate(rows):
        top = 36 + number * height
        canvas.add(Picture(12, top, _WIDTH, _WIDTH, query, smooth=True))
        canvas.add(Text(12, top + _WIDTH + 15, "query", size=11.0, bold=True))
        canvas.add(Rectangle(12 + step + gap / 2 - 6, top, 1, _WIDTH, "rule"))
        for column, (match, pixels) in enumerate(zip(answer.matches, shown, strict=True)):
            left = 12 + step + gap + column * step
            if pixels is None:
                canvas.add(Rectangle(left, top, _WIDTH, _WIDTH, "rule"))
            else:
                canvas.add(Picture(left, top, _WIDTH, _WIDTH, pixels, smooth=True))
            canvas.add(
                Text(left, top + _WIDTH + 15, _short(match.words.split(",")[0] or match.name), size=11.0)
            )
            colour = "red" if match.duplicate else "quiet"
            canvas.add(Text(left, top + _WIDTH + 29, ", ".join(_marks(match)), colour, size=10.0))
    return canvas


def _marks(match: Match) -> tuple[str, ...]:
    return (f"{match.distance:.3g}", *(("duplicate",) if match.duplicate else ()))


def _small(pixels: np.ndarray) -> np.ndarray:
    """Return a picture no larger than a sheet shows it: uint8 RGB, (H, W, 3)."""
    if max(pixels.shape[:2]) <= _SIDE:
        return np.ascontiguousarray(pixels)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _short(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"
