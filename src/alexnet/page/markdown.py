"""A page as Markdown, as code hosts show it: figures as their numbers, pictures as what is said of them."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from alexnet.page.blocks import (
    Beside,
    Block,
    Code,
    Facts,
    Figure,
    Folded,
    Notice,
    Page,
    Panels,
    Paragraph,
    Table,
    Tiles,
)
from alexnet.text import visible

_MARKS: Final = re.compile(r"([\\`*_\[\]|~#])")
"""What Markdown would take for its own within a line."""
_LONG: Final = 12
"""Rows from which on the numbers of a figure lie under a fold."""


def to_markdown(page: Page) -> str:
    """Return a page as Markdown."""
    parts = [f"# {_text(page.title)}", *_blocks(page.introduction)]
    for section in page.sections:
        parts += [f"## {_text(section.heading)}", *_blocks(section.blocks)]
    return "\n\n".join(parts) + "\n"


def blocks_to_markdown(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown, to be set into a file that has its own headings."""
    return "\n\n".join(_blocks(blocks)) + "\n"


def _blocks(blocks: Iterable[Block]) -> list[str]:
    return [text for block in blocks if (text := _block(block))]


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return _text(block.text)
        case Notice():
            return f"> **{_text(block.text)}**"
        case Facts():
            rows = tuple((fact.name, fact.value, fact.said) for fact in block.entries)
            return _table(Table(("number", "value", "what is said of it"), rows, numbers=(1,)))
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)
        case Panels():
            return "\n\n".join(dict.fromkeys(map(_figure, block.figures)))
        case Tiles():
            lines = tuple(tile.lines for tile in block.tiles)
            return _table(Table(block.headings, lines)) if lines else ""
        case Code():
            return f"```\n{_fenced(block.text)}\n```"
        case Folded():
            return _folded(block.summary, "\n\n".join(_blocks(block.blocks)))
        case Beside():
            parts = [[f"### {_text(name)}", *_blocks(blocks)] for name, blocks in block.columns]
            return "\n\n".join(text for part in parts for text in part)
        case _:
            assert_never(block)


def _figure(figure: Figure) -> str:
    said = f"**{_text(figure.canvas.title)}** {_text(figure.canvas.description)}"
    numbers = _table(figure.numbers)
    long = len(figure.numbers.rows) > _LONG
    return f"{said}\n\n{_folded('The numbers', numbers) if long else numbers}"


def _table(table: Table) -> str:
    columns = range(len(table.headings))
    rule = [("---:" if column in table.numbers else "---") for column in columns]
    lines = [_row(map(_text, table.headings)), _row(rule), *(_row(map(_text, row)) for row in table.rows)]
    caption = f"{_text(table.caption)}\n\n" if table.caption else ""
    return caption + "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{html.escape(visible(summary))}</summary>\n\n{inside}\n\n</details>"


def _fenced(text: str) -> str:
    """Return lines of code; a fence within them ends nothing."""
    lines: Sequence[str] = [visible(line).replace("```", "'''") for line in text.splitlines()]
    return "\n".join(lines)


def _text(text: str) -> str:
    """Return text as Markdown shows it: neither its marks nor tags; what cannot be shown, as its number."""
    return _MARKS.sub(r"\\\1", html.escape(visible(text), quote=False))
