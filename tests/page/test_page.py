"""A page as HTML and as Markdown: everything is there, what comes from data is escaped, nothing is loaded."""

import base64
import html.parser
import io
import re

import numpy as np
import pytest
from PIL import Image

from alexnet.canvas import COLOURS, Canvas, Text
from alexnet.page.blocks import (
    Beside,
    Block,
    Code,
    Fact,
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
from alexnet.page.html import to_html
from alexnet.page.markdown import to_markdown
from alexnet.page.pictures import photograph
from alexnet.page.style import style
from alexnet.png import data_address

EVIL = '<script>alert("x")</script> | **b** `c` [d](http://e) \x1b[31m \ud800 \u202e'
PIXEL = data_address(np.zeros((1, 1, 3), np.uint8))


def everything(text: str) -> Page:
    """A page with every kind of block, all of whose texts are one."""
    canvas = Canvas(200, 50, text, text)
    canvas.add(Text(1, 40, text))
    table = Table((text, text), ((text, text),), text, (1,))
    blocks: tuple[Block, ...] = (
        Paragraph(text),
        Notice(text),
        Facts((Fact(text, text, text),)),
        table,
        Figure(canvas, table),
        Panels((Figure(canvas, table),)),
        Tiles((Tile((PIXEL,), text, (text, text)), Tile((PIXEL, PIXEL), text, (text, text))), (text, text)),
        Code(f"{text}\n```"),
        Folded(text, (Paragraph(text),)),
    )
    return Page(
        text, (Paragraph(text),), (Section(text, blocks), Section(text, (Beside(((text, blocks),)),)))
    )


class Reader(html.parser.HTMLParser):
    """What tags a page has, and whether each that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.identities: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.identities += [str(value) for name, value in attrs if name == "id"]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_well_formed_and_what_comes_from_data_is_text() -> None:
    page = to_html(everything(EVIL))
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert "script" not in reader.tags
    assert len(set(reader.identities)) == len(reader.identities) == 2
    page.encode()  # half a surrogate pair is shown as its number
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert r"\x1b[31m" in page


def test_nothing_is_loaded_and_the_same_blocks_are_the_same_bytes() -> None:
    page = to_html(everything("a"))
    assert page == to_html(everything("a"))
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page) + re.findall(r"url\(([^)]*)\)|@import", page)
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_a_figure_has_its_title_its_description_and_its_numbers() -> None:
    canvas = Canvas(800, 50, "What it is", "What is to be seen.")
    canvas.add(Text(1, 40, "small", size=12))
    canvas.add_title()
    page = to_html(Page("p", (Figure(canvas, Table(("n",), (("42",),))),)))
    assert "<title>What it is</title><desc>What is to be seen.</desc>" in page
    assert "<figcaption>What is to be seen.</figcaption>" in page
    assert page.index("<details><summary>The numbers</summary>") < page.index("<td>42</td>")
    assert page.count(">What it is<") == 2  # in the drawing for those who cannot see it, and above it
    assert "min-width:600px" in page  # 12 pixels of text are 9 then


def test_a_drawing_by_itself_has_its_title_and_colours() -> None:
    canvas = Canvas(80, 50, "What it is")
    canvas.add_title()
    alone, within = canvas.to_svg(), canvas.to_svg(within_page=True)
    assert (alone.count("What it is"), within.count("What it is")) == (3, 2)  # title, description, and drawn
    assert ("<style>" in alone, "<style>" in within) == (True, False)
    assert ('viewBox="0 0 80 50"' in alone, 'viewBox="0 28 80 22"' in within) == (True, True)


def test_the_style_sheet_knows_light_dark_and_paper() -> None:
    sheet = style()
    for name, (light, dark) in COLOURS.items():
        assert sheet.count(f"--{name}:{light};") == (3 if light == dark else 2)  # on a screen and on paper
        assert f"--{name}:{dark};" in sheet
    assert sheet.count("@media (prefers-color-scheme:dark)") == 1
    assert "@media print" in sheet
    assert len(sheet) < 8000


def test_markdown_is_tables_and_text_and_marks_are_escaped() -> None:
    page = to_markdown(everything(EVIL))
    page.encode()
    outside = re.sub(r"```\n.*?\n```|<summary>.*?</summary>", "", page, flags=re.DOTALL)
    assert "<script" not in outside
    assert not re.search(r"(?<!\\)\*\*b", outside)
    assert not re.search(r"(?<!\\)\[d\]\(", outside)
    tables = [line for line in outside.splitlines() if line.startswith("|")]
    assert tables
    assert all(
        len(re.split(r"(?<!\\)\|", line)) in (4, 5) for line in tables
    )  # two columns, or a number's three
    assert page.count("```") == 4  # two blocks of code, and none that ends early
    assert "data:" not in page


def test_a_line_break_within_a_name_breaks_no_table() -> None:
    page = to_markdown(Page("p", (Table(("a\nb",), (("c\nd",),)),)))
    assert r"| c\\nd |" in page


@pytest.mark.parametrize(("side", "kind"), [(32, "PNG"), (200, "JPEG")])
def test_a_photograph_lies_within_the_page(side: int, kind: str) -> None:
    """A small one exactly; a large one nearly so."""
    rows = np.linspace(0, 200, side).astype(np.uint8)
    pixels = np.stack([rows[:, None] + np.zeros(side, np.uint8)] * 3, axis=-1)
    pixels[..., 0] = pixels[..., 0].T
    address = photograph(pixels)
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        assert image.format == kind
        difference = np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels)
    assert difference.max() <= (0 if kind == "PNG" else 12)


def test_pixels_of_few_colours_are_kept_exactly_by_their_numbers() -> None:
    generator = np.random.default_rng(0)
    for channels in (3, 4):
        colours = generator.integers(0, 256, (200, channels), dtype=np.uint8)
        pixels = colours[generator.integers(0, 200, (30, 40))]
        with Image.open(io.BytesIO(base64.b64decode(data_address(pixels).partition(",")[2]))) as image:
            assert image.mode == "P"
            assert (np.asarray(image.convert("RGBA" if channels == 4 else "RGB")) == pixels).all()
