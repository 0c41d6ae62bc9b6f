"""Pages: the one look of all that the package writes as HTML. One file, no script, nothing loaded from elsewhere.

Light and dark as the reader has it, narrow screens, paper. Everything that comes from data is escaped here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, final

from alexnet.canvas import COLOURS, Canvas

STYLE: Final = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem 1rem 4rem;font:16px/1.5 system-ui,sans-serif;
background:var(--paper);color:var(--ink)}
h1{font-size:1.6rem;line-height:1.2;margin:.2rem 0}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--rule);padding-bottom:.2rem}
p{max-width:46rem}.quiet,figcaption,caption{color:var(--quiet)}
a{color:var(--blue)}code,pre{font:.875em/1.45 ui-monospace,monospace}
pre{overflow-x:auto;padding:.6rem .8rem;border:1px solid var(--rule);border-radius:.3rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
td.number,th.number{text-align:right}caption{text-align:left;padding-bottom:.3rem}
.wide{overflow-x:auto}figure{margin:1rem 0}figure svg,figure img{max-width:100%;height:auto}
details{margin:.4rem 0}summary{cursor:pointer;color:var(--blue)}
.tiles{display:flex;flex-wrap:wrap;gap:.8rem}.tile{width:8.5rem}.tile img{width:8.5rem;height:8.5rem;object-fit:cover;
border-radius:.25rem;display:block}.tile p{margin:.25rem 0;font-size:.85rem;line-height:1.3;overflow-wrap:anywhere}
.cards{display:flex;flex-wrap:wrap;gap:1rem}.card{border:1px solid var(--rule);border-radius:.4rem;padding:.6rem 1rem}
.card b{display:block;font-size:1.5rem;line-height:1.2}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;list-style:none;padding:0;margin:.6rem 0}
@media print{body{max-width:none;padding:0;font-size:10pt}nav{display:none}h2{break-after:avoid}
figure,table,.tile{break-inside:avoid}}
"""


@final
@dataclass
class Section:
    """A part of a page under its own heading."""

    heading: str
    parts: list[str] = field(default_factory=list)
    """HTML, as the functions here make it."""

    @property
    def anchor(self) -> str:
        """What a link to it is called."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.heading.lower())


def page(title: str, introduction: Sequence[str], sections: Sequence[Section]) -> str:
    """Return a whole document: title, introduction, a list of its sections, and the sections."""
    links = "".join(
        f'<li><a href="#{section.anchor}">{escape(section.heading)}</a></li>' for section in sections
    )
    contents = f'<nav aria-label="Contents"><ul>{links}</ul></nav>' if len(sections) > 2 else ""
    body = "".join(
        f'<section id="{section.anchor}"><h2>{escape(section.heading)}</h2>{"".join(section.parts)}</section>'
        for section in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{_variables()}{STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n<h1>{escape(title)}</h1>\n{''.join(introduction)}\n{contents}\n{body}\n</main>\n</body>\n</html>\n"
    )


def paragraph(text: str, *, quiet: bool = False) -> str:
    """Return a paragraph of text."""
    return f"<p{' class=quiet' if quiet else ''}>{escape(text)}</p>"


def cards(entries: Iterable[tuple[str, str, str]]) -> str:
    """Return figures that shall be seen first: what each is, its value, and what is said of it."""
    found = (
        f'<div class="card">{escape(name)}<b>{escape(value)}</b><span class="quiet">{escape(said)}</span></div>'
        for name, value, said in entries
    )
    return f'<div class="cards">{"".join(found)}</div>'


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "", numbers: Sequence[int] = ()
) -> str:
    """Return a table of texts; `numbers` are the columns that stand to the right."""
    head = "".join(
        f'<th scope="col"{_number(column, numbers)}>{escape(heading)}</th>'
        for column, heading in enumerate(headings)
    )
    cells = (
        "".join(f"<td{_number(column, numbers)}>{escape(text)}</td>" for column, text in enumerate(row))
        for row in rows
    )
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    whole = f"<table>{said}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" tabindex="0">{whole}</div>'


def figure(canvas: Canvas, numbers: str = "") -> str:
    """Return a figure with its description below it, and its numbers under a fold."""
    fold = folded("The numbers", numbers) if numbers else ""
    return f"<figure>{canvas.to_svg().strip()}<figcaption>{escape(canvas.description)}</figcaption>{fold}</figure>"


def folded(summary: str, inside: str) -> str:
    """Return HTML that is shown when its summary is opened."""
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>"


def tiles(entries: Iterable[tuple[str, str, Sequence[str]]]) -> str:
    """Return pictures in rows: the address of each, its text for those who cannot see it, and lines below it."""
    found = (
        f'<div class="tile"><img src="{escape(address)}" alt="{escape(said)}" loading="lazy">'
        + "".join(f"<p>{escape(line)}</p>" for line in lines)
        + "</div>"
        for address, said, lines in entries
    )
    return f'<div class="tiles">{"".join(found)}</div>'


def preformatted(text: str) -> str:
    """Return text as it is, line by line."""
    return f'<pre tabindex="0">{escape(text)}</pre>'


def _number(column: int, numbers: Sequence[int]) -> str:
    return " class=number" if column in numbers else ""


def _variables() -> str:
    """Return the colours of the canvas as variables, light, dark where the reader asks for that, light on paper."""

    def named(dark: int) -> str:
        return ":root{" + "".join(f"--{name}:{pair[dark]};" for name, pair in COLOURS.items()) + "}"

    return f"{named(0)}@media (prefers-color-scheme:dark){{{named(1)}}}@media print{{{named(0)}}}"
