"""A page as one HTML file: no script, nothing loaded from elsewhere; all that comes from data is escaped here."""

from collections.abc import Iterable, Sequence
from html import escape
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
    Section,
    Table,
    Tile,
    Tiles,
)
from alexnet.page.style import style
from alexnet.text import visible

_WORD: Final = 32
"""Letters of a word that a column has room for."""


def to_html(page: Page) -> str:
    """Return a page as a whole document, with a list of its sections where there are several."""
    anchors = _anchors(page.sections)
    pairs = list(zip(anchors, page.sections, strict=True))
    links = "".join(f'<li><a href="#{anchor}">{_text(section.heading)}</a></li>' for anchor, section in pairs)
    contents = f'<nav aria-label="Contents"><ul>{links}</ul></nav>' if len(pairs) > 2 else ""
    body = "".join(
        f'<section id="{anchor}"><h2>{_text(section.heading)}</h2>\n{_blocks(section.blocks)}</section>\n'
        for anchor, section in pairs
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<link rel="icon" href="data:,">\n'  # else a browser asks a server for one
        f"<title>{_text(page.title)}</title>\n<style>{style()}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{_text(page.title)}</h1>\n{_blocks(page.introduction)}{contents}\n{body}</main>\n</body>\n</html>\n"
    )


def _blocks(blocks: Iterable[Block]) -> str:
    return "".join(_block(block) + "\n" for block in blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return f"<p{' class=quiet' if block.quiet else ''}>{_text(block.text)}</p>"
        case Notice():
            return f"<p class=notice>{_text(block.text)}</p>"
        case Facts():
            return _facts(block)
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)
        case Panels():
            return f"<div class=panels>{''.join(map(_figure, block.figures))}</div>"
        case Tiles():
            return f"<div class=tiles>{''.join(map(_tile, block.tiles))}</div>"
        case Code():
            lines = "\n".join(_text(line) for line in block.text.splitlines())
            return f"<pre tabindex=0>{lines}</pre>"
        case Folded():
            return _folded(block.summary, _blocks(block.blocks))
        case Beside():
            columns = (
                f"<div><h3>{_text(name)}</h3>{_blocks(blocks)}</div>" for name, blocks in block.columns
            )
            return f"<div class=beside>{''.join(columns)}</div>"
        case _:
            assert_never(block)


def _facts(facts: Facts) -> str:
    found = (
        f"<div class=fact>{_text(fact.name)}<b>{_text(fact.value)}</b><span class=quiet>{_text(fact.said)}</span></div>"
        for fact in facts.entries
    )
    return f"<div class=facts>{''.join(found)}</div>"


def _table(table: Table) -> str:
    head = "".join(
        f"<th scope=col{' class=number' if column in table.numbers else ''}>{_text(heading)}</th>"
        for column, heading in enumerate(table.headings)
    )
    rows = "".join(
        f"<tr>{''.join(_cell(cell, column in table.numbers) for column, cell in enumerate(row))}</tr>\n"
        for row in table.rows
    )
    caption = f"<caption>{_text(table.caption)}</caption>" if table.caption else ""
    whole = f"<table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>"
    return f"<div class=wide tabindex=0>{whole}</div>"


def _figure(figure: Figure) -> str:
    """Return a figure between its title and its description, with its numbers under a fold.

    A drawing shrinks with the page, but no further than its smallest text can be read; then it is moved sideways.
    """
    canvas = figure.canvas
    svg = canvas.to_svg(within_page=True).strip()
    drawn = svg.replace("<svg ", f'<svg style="min-width:{canvas.least_width:.0f}px" ', 1)
    title = f"<p class=title>{_text(canvas.title)}</p>"
    caption = f"<figcaption>{_text(canvas.description)}</figcaption>"
    numbers = _folded("The numbers", _table(figure.numbers))
    return f"<figure>{title}<div class=wide tabindex=0>{drawn}</div>{caption}{numbers}</figure>"


def _tile(tile: Tile) -> str:
    shown = "".join(
        f'<img src="{escape(address)}" alt="{_text(tile.alternative) if number == 0 else ""}">'
        for number, address in enumerate(tile.pictures)
    )
    pictures = f"<div class=pair>{shown}</div>" if len(tile.pictures) > 1 else shown
    lines = "".join(
        f"<p{' class=quiet' if number else ''}>{_text(line)}</p>" for number, line in enumerate(tile.lines)
    )
    return f"<div class=tile>{pictures}{lines}</div>"


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{_text(summary)}</summary>{inside}</details>"


def _cell(text: str, number: bool) -> str:
    """Return a cell of a table; a word that no column has room for may be broken."""
    kind = "number" if number else "long" if max(map(len, text.split()), default=0) > _WORD else ""
    return f"<td{f' class={kind}' if kind else ''}>{_text(text)}</td>"


def _anchors(sections: Sequence[Section]) -> list[str]:
    """Return what a link to each section is called: its letters and digits, and a number where that is taken."""
    found: list[str] = []
    for section in sections:
        words = "".join(letter if letter.isalnum() else "-" for letter in section.heading.lower())
        found.append(words if words not in found else f"{words}-{len(found)}")
    return found


def _text(text: str) -> str:
    """Return text as HTML shows it; what cannot be shown, as its number."""
    return escape(visible(text))
