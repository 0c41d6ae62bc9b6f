"""A canvas: a list of shapes in pixels. The same shapes give the same bytes."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from PIL import Image, ImageDraw

from alexnet.canvas.colours import COLOURS, classes
from alexnet.canvas.painting import SCALE, paint
from alexnet.canvas.shapes import Shape, Text
from alexnet.canvas.svg import element, said
from alexnet.files import written_whole

HEAD: Final = 28.0
"""Pixels at the top in which the title stands."""
SMALLEST: Final = 9.0
"""Pixels of text that can still be read."""


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
            paint(image, draw, shape)
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
            f"<title>{said(self.title)}</title><desc>{said(self.description or self.title)}</desc>"
        )
        if not within_page:
            dark = f"@media (prefers-color-scheme:dark){{{classes(1)}}}"
            yield f"<style>{classes(0)}{dark}@media print{{{classes(0)}}}</style>"
            yield f'<rect class="f-paper" width="{width}" height="{height}"/>'
        for shape in self.shapes if within_page else self._drawn():
            yield element(shape)
