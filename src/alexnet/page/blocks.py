"""What stands on a page, whatever it is written as: plain text and figures, nothing escaped yet."""

from dataclasses import dataclass, field
from typing import final

from alexnet.canvas import Canvas


@final
@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text."""

    text: str
    quiet: bool = False
    """Said in passing."""


@final
@dataclass(frozen=True)
class Notice:
    """What a reader has to know before the rest."""

    text: str


@final
@dataclass(frozen=True)
class Fact:
    """A number that shall be seen first."""

    name: str
    value: str
    said: str
    """What is said of it: its interval, its unit."""


@final
@dataclass(frozen=True)
class Facts:
    """Numbers that shall be seen first."""

    entries: tuple[Fact, ...]


@final
@dataclass(frozen=True)
class Table:
    """A table of texts."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numbers: tuple[int, ...] = ()
    """Columns that stand to the right."""


@final
@dataclass(frozen=True)
class Figure:
    """A drawing, with its title and description, and its numbers, which are shown when they are asked for."""

    canvas: Canvas
    numbers: Table


@final
@dataclass(frozen=True)
class Panels:
    """Small figures beside each other, as many as there is room for."""

    figures: tuple[Figure, ...]


@final
@dataclass(frozen=True)
class Tile:
    """A picture, or two, and what is said of it."""

    pictures: tuple[str, ...]
    """Addresses of data that lie within the page; none where no picture can be shown."""
    alternative: str
    """What is to be seen, for those who cannot see it."""
    lines: tuple[str, ...]
    """Below it, the first the most important."""


@final
@dataclass(frozen=True)
class Tiles:
    """Pictures in rows."""

    tiles: tuple[Tile, ...]
    headings: tuple[str, ...]
    """What the lines of a tile are, where they become columns of a table."""


@final
@dataclass(frozen=True)
class Code:
    """Text as it is, line by line."""

    text: str


@final
@dataclass(frozen=True)
class Folded:
    """What is shown when its summary is opened."""

    summary: str
    blocks: "tuple[Block, ...]"


@final
@dataclass(frozen=True)
class Beside:
    """Blocks in columns, each under a heading of its own."""

    columns: "tuple[tuple[str, tuple[Block, ...]], ...]"


Block = Paragraph | Notice | Facts | Table | Figure | Panels | Tiles | Code | Folded | Beside


@final
@dataclass(frozen=True)
class Section:
    """A part of a page under its own heading."""

    heading: str
    blocks: tuple[Block, ...]


@final
@dataclass(frozen=True)
class Page:
    """A whole page: a title, what comes first, and sections."""

    title: str
    introduction: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = field(default=())
