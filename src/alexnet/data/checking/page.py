"""The findings of a check as one HTML page with thumbnails, complete in itself."""

import base64
import html
import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from alexnet.data.checking.check import KINDS, CheckReport, Finding
from alexnet.data.decoding.images import decode, square_pixels
from alexnet.data.sources.source import Example, Source
from alexnet.errors import DataError
from alexnet.text import visible

SHOWN = 40  # findings of a kind that have thumbnails

_SIDE = 96
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse } td, th { padding: .2rem .9rem .2rem 0; text-align: left }
.error { color: #b00020 } .warning { color: #8a5a00 } .note { color: #555 }
figure { display: inline-block; width: 13rem; margin: .4rem; vertical-align: top; font-size: .8rem; overflow-wrap:
anywhere } img { width: 96px; height: 96px; background: #eee; margin-right: 2px }
"""


def check_page(found: CheckReport, source: Source) -> str:
    """Return the page; the pictures that it shows are read again.

    Args:
        found: what a check found.
        source: where the pictures are.
    """
    shown = [finding for kind in KINDS for finding in found.of(kind)[:SHOWN]]
    thumbnails = _thumbnails(source, {name for f in shown for name in (f.name, f.other) if name})
    rows = "".join(
        f"<tr><td class={KINDS[kind]}>{KINDS[kind]}<td><a href='#{html.escape(kind)}'>{html.escape(kind)}</a>"
        f"<td>{len(found.of(kind)):,}"
        for kind in KINDS
        if found.of(kind)
    )
    sections = "".join(_section(kind, found.of(kind), thumbnails) for kind in KINDS if found.of(kind))
    splits = ", ".join(f"{count:,} {split}" for split, count in found.pictures.items())
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(visible(found.name))}</title>"
        f"<style>{_STYLE}</style><h1>{html.escape(visible(found.name))}: {splits}</h1>"
        f"<table>{rows or '<tr><td>Nothing to report.'}</table>{sections}</html>\n"
    )


def _section(kind: str, findings: list[Finding], thumbnails: Mapping[str, str]) -> str:
    more = f"<p>and {len(findings) - SHOWN:,} more" if len(findings) > SHOWN else ""
    figures = "".join(_figure(finding, thumbnails) for finding in findings[:SHOWN])
    heading = f"<h2 id='{html.escape(kind)}' class={KINDS[kind]}>{html.escape(kind)}: {len(findings):,}</h2>"
    return heading + figures + more


def _figure(finding: Finding, thumbnails: Mapping[str, str]) -> str:
    pictures = "".join(
        f"<img alt='' src='{thumbnails[n]}'>" for n in (finding.name, finding.other) if n in thumbnails
    )
    words = " · ".join(visible(w) for w in (finding.name, finding.other, finding.detail) if w)
    return f"<figure>{pictures}<figcaption>{html.escape(words)}</figcaption></figure>"


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
    stream = io.BytesIO()
    small = square_pixels(pixels, _SIDE).transpose(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(small)).save(stream, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
