"""The findings of a check as one page with thumbnails, complete in itself."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from alexnet.data.checking.check import KINDS, CheckReport, Finding
from alexnet.data.decoding.images import decode, square_pixels
from alexnet.data.sources.source import Example, Source
from alexnet.errors import DataError
from alexnet.page.blocks import Block, Fact, Facts, Page, Paragraph, Section, Table, Tile, Tiles
from alexnet.page.html import to_html
from alexnet.page.pictures import photograph

SHOWN: Final = 40
"""Findings of a kind that have thumbnails."""
_SIDE: Final = 144  # pixels of a thumbnail, more than it is shown at, for sharp screens


def check_page(found: CheckReport, source: Source) -> str:
    """Return the page as HTML; the pictures that it shows are read again.

    Args:
        found: what a check found.
        source: where the pictures are.
    """
    kinds = [kind for kind in KINDS if found.of(kind)]
    shown = [finding for kind in kinds for finding in found.of(kind)[:SHOWN]]
    thumbnails = _thumbnails(source, {name for f in shown for name in (f.name, f.other) if name})
    pictures = Facts(tuple(Fact(split, f"{count:,}", "pictures") for split, count in found.pictures.items()))
    rows = tuple((kind, KINDS[kind], f"{len(found.of(kind)):,}") for kind in kinds)
    summary: Block = Table(("finding", "severity", "how many"), rows, numbers=(2,))
    sections = (_section(kind, found.of(kind), thumbnails) for kind in kinds)
    introduction = (pictures, summary if rows else Paragraph("Nothing to report."))
    return to_html(Page(f"Check of {found.name}", introduction, tuple(sections)))


def _section(kind: str, findings: list[Finding], thumbnails: Mapping[str, str]) -> Section:
    """Return the findings of a kind: with thumbnails where pictures can be shown, else as a table."""
    more = len(findings) - SHOWN
    blocks: list[Block] = []
    tiles = [_tile(finding, thumbnails) for finding in findings[:SHOWN]]
    if any(tile.pictures for tile in tiles):
        blocks.append(Tiles(tuple(tiles), ("picture", "other", "what")))
    else:
        rows = tuple((finding.name, finding.other, finding.detail) for finding in findings[:SHOWN])
        blocks.append(Table(("picture", "other", "what"), rows))
    if more > 0:
        blocks.append(Paragraph(f"and {more:,} more", quiet=True))
    return Section(f"{kind}: {len(findings):,}", tuple(blocks))


def _tile(finding: Finding, thumbnails: Mapping[str, str]) -> Tile:
    names = [name for name in (finding.name, finding.other) if name]
    pictures = tuple(thumbnails[name] for name in names if name in thumbnails)
    return Tile(pictures, finding.name, (*names, *([finding.detail] if finding.detail else [])))


def _thumbnails(source: Source, names: set[str]) -> dict[str, str]:
    """Return small pictures as data addresses, by name."""
    found: dict[str, str] = {}
    for split in source.splits:
        for example in source.examples(split):
            if len(found) == len(names):
                return found
            if example.name in names and (address := _address(example)):
                found[example.name] = address
    return found


def _address(example: Example) -> str | None:
    try:
        if isinstance(example.content, DataError):
            return None
        pixels = example.content if isinstance(example.content, np.ndarray) else decode(example.content)
    except DataError:
        return None
    return photograph(square_pixels(pixels, _SIDE).transpose(1, 2, 0))
