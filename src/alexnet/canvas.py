"""Drawing: the one owner of pictures, as SVG whose text stays text, or as PNG. No library but Pillow.

A canvas is a list of shapes in pixels. Colours are those of a style sheet by their names, so that a figure is light on
a light page and dark on a dark one; a PNG is light. The same shapes give the same bytes.
"""

import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final, final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from alexnet.files import written_whole
from alexnet.png import data_address
from alexnet.text import visible

COLOURS: Final = {  # on light paper, on dark
    "paper": ("#ffffff", "#16181c"),
    "ink": ("#1b1e23", "#e6e8ea"),
    "quiet": ("#6b7280", "#9aa1ab"),
    "rule": ("#d9dce1", "#343a42"),
    "blue": ("#1f6fb4", "#6fb1e8"),
    "red": ("#c62f2d", "#f08a86"),
    "green": ("#2d7d46", "#74c58d"),
    "amber": ("#8f6410", "#dcb256"),
    "pale-blue": ("#cfe3f5", "#1e4464"),
    "pale-red": ("#f7d4d2", "#6b2a28"),
}
"""Each is told from the paper at a contrast of 4.5 or more, but for rules and what is pale, on which ink stands."""
SCALE: Final = 2
"""Pixels of a PNG for each of the drawing's, for sharp screens."""
HEAD: Final = 28.0
"""Pixels at the top in which the title stands."""
SMALLEST: Final = 9.0
"""Pixels of text that can still be read."""


@final
@dataclass(frozen=True)
class Rectangle:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@final
@dataclass(frozen=True)
class Line:
    """A line through points, or a single stroke."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1.5
    dashed: bool = False


@final
@dataclass(frozen=True)
class Text:
    """A line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    colour: str = "ink"
    size: float = 12.0
    anchor: str = "start"
    """start, middle or end: which part of it stands at `x`."""
    bold: bool = False
    upright: bool = False
    """Turned by a quarter, to be read from below; `anchor` then counts from below too."""


@final
@dataclass(frozen=True)
class Picture:
    """Pixels, uint8 (H, W, 3), or (H, W, 4) with opacity, drawn `width` wide and `height` high."""

    x: float
    y: float
    width: float
    height: float
    pixels: np.ndarray
    smooth: bool = False
    """Scaled smoothly; kernels and maps show each of their pixels instead."""


Shape = Rectangle | Line | Text | Picture


@final
@dataclass
class Canvas:
    """A figure: its size, what it shows in words, and its shapes in the order they are drawn."""

    width: float
    height: float
    title: str
    """One line, for those who cannot see it and for the page's outline."""
    description: str = ""
    """What is to be seen, in a sentence or two."""
    shapes: list[Shape] = field(default_factory=list)
    _title: Text | None = None
    """The title, where it is drawn."""

    def add(self, *shapes: Shape) -> None:
        """Draw shapes over those that are there."""
        self.shapes.extend(shapes)

    def add_title(self, x: float = 12.0) -> None:
        """Write the title into the strip at the top; a page that says it itself leaves the strip away."""
        self._title = Text(x, 20, self.title, bold=True)

    @property
    def least_width(self) -> float:
        """The width down to which the figure may be scaled while its text can be read."""
        sizes = [shape.size for shape in self.shapes if isinstance(shape, Text)]
        return self.width * min(1.0, SMALLEST / min(sizes)) if sizes else 0.0

    def to_svg(self, *, within_page: bool = False) -> str:
        """Return the figure as an SVG document; pictures are within it.

        Args:
            within_page: for a page that has the colours in its style sheet and says the title itself.
        """
        return "\n".join([*self._svg(within_page=within_page), "</svg>"]) + "\n"

    def to_png(self) -> bytes:
        """Return the figure as a PNG file, light, twice as large as the drawing."""
        size = (round(self.width * SCALE), round(self.height * SCALE))
        image = Image.new("RGB", size, COLOURS["paper"][0])
        draw = ImageDraw.Draw(image)
        for shape in self._drawn():
            _paint(image, draw, shape)
        stream = io.BytesIO()
        image.save(stream, "PNG", optimize=True)
        return stream.getvalue()

    def save(self, path: str | Path) -> None:
        """Write the figure whole: as PNG where the path ends in .png, else as SVG.

        Raises:
            OSError: it cannot be written.
        """
        path = Path(path)
        content = self.to_png() if path.suffix.lower() == ".png" else self.to_svg().encode()
        with written_whole(path) as temporary:
            temporary.write_bytes(content)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_png_(self) -> bytes:
        return self.to_png()

    def __repr__(self) -> str:
        return f"Canvas({self.title!r}, {self.width:g} x {self.height:g}, {len(self.shapes)} shapes)"

    def _drawn(self) -> list[Shape]:
        return [self._title, *self.shapes] if self._title else self.shapes

    def _svg(self, *, within_page: bool) -> Iterator[str]:
        top = HEAD if within_page and self._title else 0.0
        width, height = f"{self.width:g}", f"{self.height - top:g}"
        size = f'viewBox="0 {top:g} {width} {height}" width="{width}" height="{height}"'
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="system-ui, sans-serif">'
            f"<title>{_said(self.title)}</title><desc>{_said(self.description or self.title)}</desc>"
        )
        if not within_page:
            dark = f"@media (prefers-color-scheme:dark){{{classes(1)}}}"
            yield f"<style>{classes(0)}{dark}@media print{{{classes(0)}}}</style>"
            yield f'<rect class="f-paper" width="{width}" height="{height}"/>'
        for shape in self.shapes if within_page else self._drawn():
            yield _element(shape)


def grid(pictures: Sequence[np.ndarray], columns: int, gap: int = 1, paper: int = 255) -> np.ndarray:
    """Lay pictures of one size side by side and below each other, as the paper's figure 3 does.

    Args:
        pictures: uint8 (H, W, 3), at least one.
        columns: how many stand in a row.
        gap: pixels between two of them.
        paper: grey level of what lies between, 0-255.
    Returns:
        uint8, (rows (H + gap) - gap, columns (W + gap) - gap, 3); the last row may be short.
    """
    height, width, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    columns = min(columns, len(pictures))
    result = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), paper, np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        result[top : top + height, left : left + width] = picture
    return result


def classes(dark: int) -> str:
    """Return the colours as classes of a style sheet: those on light paper, or on dark."""
    return "".join(
        f".f-{name}{{fill:{pair[dark]}}}.s-{name}{{stroke:{pair[dark]};fill:none}}"
        for name, pair in COLOURS.items()
    )


def _element(shape: Shape) -> str:
    match shape:
        case Rectangle():
            return (
                f'<rect class="f-{shape.colour}" x="{shape.x:.1f}" y="{shape.y:.1f}" '
                f'width="{max(0.0, shape.width):.1f}" height="{max(0.0, shape.height):.1f}"/>'
            )
        case Line():
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
            dashes = ' stroke-dasharray="4 4"' if shape.dashed else ""
            return f'<polyline class="s-{shape.colour}" stroke-width="{shape.width:g}"{dashes} points="{points}"/>'
        case Text():
            weight = ' font-weight="bold"' if shape.bold else ""
            anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
            turned = f' transform="rotate(-90 {shape.x:.1f} {shape.y:.1f})"' if shape.upright else ""
            return (
                f'<text class="f-{shape.colour}" x="{shape.x:.1f}" y="{shape.y:.1f}" '
                f'font-size="{shape.size:g}"{anchor}{weight}{turned}>{_said(shape.text)}</text>'
            )
        case Picture():
            how = "" if shape.smooth else ' style="image-rendering:pixelated"'
            return (
                f'<image x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}"'
                f'{how} preserveAspectRatio="none" href="{data_address(shape.pixels)}"/>'
            )


def _paint(image: Image.Image, draw: ImageDraw.ImageDraw, shape: Shape) -> None:
    match shape:
        case Rectangle():
            left, top = round(shape.x * SCALE), round(shape.y * SCALE)
            right, bottom = (
                round((shape.x + shape.width) * SCALE) - 1,
                round((shape.y + shape.height) * SCALE) - 1,
            )
            if right >= left and bottom >= top:
                draw.rectangle((left, top, right, bottom), fill=COLOURS[shape.colour][0])
        case Line():
            points = [(x * SCALE, y * SCALE) for x, y in shape.points]
            pieces = _dashes(points) if shape.dashed else [points]
            for piece in pieces:
                draw.line(
                    piece,
                    fill=COLOURS[shape.colour][0],
                    width=max(1, round(shape.width * SCALE)),
                    joint="curve",
                )
        case Text():
            font = ImageFont.load_default(shape.size * SCALE)
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
            stroke = 1 if shape.bold else 0
            position, colour = (shape.x * SCALE, shape.y * SCALE), COLOURS[shape.colour][0]
            if shape.upright:
                _paint_upright(image, shape, font, anchor)
                return
            draw.text(
                position, visible(shape.text), fill=colour, font=font, anchor=anchor, stroke_width=stroke / 2
            )
        case Picture():
            size = (max(1, round(shape.width * SCALE)), max(1, round(shape.height * SCALE)))
            how = Image.Resampling.LANCZOS if shape.smooth else Image.Resampling.NEAREST
            scaled = Image.fromarray(np.ascontiguousarray(shape.pixels)).resize(size, how)
            mask = scaled if scaled.mode == "RGBA" else None
            image.paste(scaled, (round(shape.x * SCALE), round(shape.y * SCALE)), mask)


def _paint_upright(
    image: Image.Image, shape: Text, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, anchor: str
) -> None:
    """Paint text that is turned by a quarter: on a square of its own around its point, which is turned then."""
    reach = round(max(image.size))
    mask = Image.new("L", (2 * reach, 2 * reach))
    ImageDraw.Draw(mask).text((reach, reach), visible(shape.text), fill=255, font=font, anchor=anchor)
    turned = mask.rotate(90)
    corner = (round(shape.x * SCALE) - reach, round(shape.y * SCALE) - reach)
    image.paste(COLOURS[shape.colour][0], (*corner, corner[0] + 2 * reach, corner[1] + 2 * reach), turned)


def _dashes(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Cut a line through points into dashes of 4 pixels, 4 apart."""
    pieces: list[list[tuple[float, float]]] = []
    length = 4.0 * SCALE
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        distance = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-9)
        for start in np.arange(0.0, distance, 2 * length):
            ends = (start / distance, min(start + length, distance) / distance)
            pieces.append([(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share) for share in ends])
    return pieces


def _said(text: str) -> str:
    """Return text as XML takes it; what it has no letter for, as its number."""
    return escape(visible(text))
