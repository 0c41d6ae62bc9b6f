"""The table of a network's layers: what `alexnet info` prints, and what a network shows of itself at a prompt."""

import html
from collections.abc import Sequence
from typing import Final

from alexnet.networks.summary import StageSummary, totals

HEADINGS: Final = ("stage", "layer", "input", "output shape")
"""Of the columns of texts."""
NUMBERS: Final = ("parameters", "units", "multiply-adds", "receptive field")
"""Of the columns of numbers, after those of texts."""


def title(name: str, side: int, classes: int) -> str:
    """Return the line above the table."""
    return f"{name}: pictures of {side} x {side}, {classes:,} classes"


def rows(stages: Sequence[StageSummary]) -> list[tuple[str, ...]]:
    """Return a row of cells for each stage, in the order of HEADINGS and NUMBERS."""
    return [
        (
            stage.name,
            stage.kind,
            ", ".join(stage.inputs),
            "x".join(str(length) for length in stage.shape),
            *(f"{n:,}" if n else "" for n in (stage.parameters, stage.units, stage.multiply_adds)),
            str(stage.receptive_field),
        )
        for stage in stages
    ]


def total_row(stages: Sequence[StageSummary]) -> tuple[str, ...]:
    """Return the row of sums."""
    sums = totals(stages)
    return (
        "total",
        "",
        "",
        "",
        *(f"{sums[name]:,}" for name in ("parameters", "units", "multiply_adds")),
        "",
    )


def as_text(title: str, stages: Sequence[StageSummary]) -> str:
    """Write the table in lines of plain text, columns of numbers aligned on the right."""
    lines = [(*HEADINGS, *NUMBERS), *rows(stages), total_row(stages)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = len(HEADINGS)
    written = [
        "  ".join(
            cell.ljust(width) if i < texts else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([title, *written])


def as_html(title: str, stages: Sequence[StageSummary]) -> str:
    """Write the table for a notebook."""

    def row(cells: Sequence[str], tag: str = "td") -> str:
        aligned = ["left"] * len(HEADINGS) + ["right"] * len(NUMBERS)
        written = (
            f'<{tag} style="text-align: {side}">{html.escape(cell)}</{tag}>'
            for cell, side in zip(cells, aligned, strict=True)
        )
        return f"<tr>{''.join(written)}</tr>"

    return (
        f"<table><caption>{html.escape(title)}</caption><thead>{row((*HEADINGS, *NUMBERS), 'th')}</thead>"
        f"<tbody>{''.join(map(row, rows(stages)))}</tbody><tfoot>{row(total_row(stages), 'th')}</tfoot></table>"
    )
