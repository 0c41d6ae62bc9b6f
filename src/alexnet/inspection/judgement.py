"""How a network errs, drawn: which classes are taken for which, and whether it is as sure as it is right.

Shapes: K classes.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from torch import Tensor

from alexnet.canvas import COLOURS, Canvas, Line, Picture, Rectangle, Text
from alexnet.evaluation.calibration import Bin
from alexnet.inspection.blocks import blocks

NUMBERED: Final = 30
"""Classes up to which each cell says its number."""
RULED: Final = 100
"""Classes up to which rows are named; above, the matrix is a picture, a pixel a pair."""
STEPS: Final = 32
"""Densities that a matrix's picture tells apart."""


def confusion_figure(matrix: Tensor, names: Sequence[str]) -> Canvas:
    """Draw a confusion matrix: a row a true class, a column a best class, dark where many are.

    Rows are ordered so that classes which are taken for one another stand together: blocks show. Up to 30 classes
    each cell has its number, up to 100 rows their name, above that it is one picture.

    Args:
        matrix: counts, int64 (K, K).
        names: of the classes, K.
    """
    counts = matrix.numpy().astype(np.float64)
    order = blocks(counts)
    shown = counts[order][:, order]
    shares = shown / np.maximum(shown.sum(1, keepdims=True), 1.0)
    classes, labels = len(names), [names[k] for k in order]
    cell = 26.0 if classes <= NUMBERED else max(9.0, 560 / classes) if classes <= RULED else 560.0 / classes
    size = min(11.0, cell)
    margin = 20.0 + 0.55 * size * max(map(len, map(_short, labels))) if classes <= RULED else 1.0
    top, side = 36.0, classes * cell
    canvas = Canvas(
        margin + side + 1,
        top + side + (margin if classes <= RULED else 1),
        f"Confusion of {classes:,} classes",
        f"A row a true class, a column the class that was named; shares of a row. {_said(counts, names)} "
        "Classes that are taken for one another stand together.",
    )
    canvas.add_title()
    if classes > NUMBERED:
        canvas.add(Picture(margin, top, side, side, _palette(shares)))
        canvas.add(*_frame(margin, top, side))
    for number, label in enumerate(map(_short, labels) if classes <= RULED else []):
        middle = number * cell + cell / 2 + size / 3
        canvas.add(Text(margin - 6, top + middle, label, "quiet", size, "end"))
        canvas.add(Text(margin + middle, top + side + 6, label, "quiet", size, "end", upright=True))
    for row, column in np.argwhere(shown > 0) if classes <= NUMBERED else []:
        x, y = margin + column * cell, top + row * cell
        _cell(canvas, x, y, cell, shares[row, column], int(shown[row, column]), right=row == column)
    return canvas


def reliability_figure(bins: Sequence[Bin], *, after: Sequence[Bin] = (), temperature: float = 1.0) -> Canvas:
    """Draw accuracy over confidence, in bins of equal mass: on the diagonal a network is as sure as it is right.

    Args:
        bins: as `Calibration.bins` gives them.
        after: the same with a temperature.
        temperature: with which.
    """
    width, height, left, top = 320.0, 320.0, 56.0, 40.0
    canvas = Canvas(
        left + width + (130 if after else 24),
        top + height + 48,
        "Calibration",
        "How often it is right, over how sure it says it is; below the diagonal it is too sure."
        + (
            f" With temperature {temperature:.2f}, fitted on other pictures, the second line."
            if after
            else ""
        ),
    )
    canvas.add_title(left)
    for step in range(5):
        share = step / 4
        canvas.add(Rectangle(left, top + height * (1 - share) - 0.5, width, 1, "rule"))
        canvas.add(Text(left - 6, top + height * (1 - share) + 4, f"{share:.0%}", "quiet", anchor="end"))
        canvas.add(Text(left + width * share, top + height + 18, f"{share:.0%}", "quiet", anchor="middle"))
    canvas.add(Line(((left, top + height), (left + width, top)), "quiet", 1, dashed=True))
    for number, (found, colour, label) in enumerate(
        ((bins, "blue", "as it is"), (after, "green", "with temperature"))
    ):
        points = tuple((left + width * b.confidence, top + height * (1 - b.accuracy)) for b in found)
        if points:
            canvas.add(Line(points, colour, 2))
            canvas.add(*(Rectangle(x - 2, y - 2, 4, 4, colour) for x, y in points))
            if after:
                canvas.add(Text(left + width + 10, top + 12 + 16 * number, label, colour))
    canvas.add(Text(left + width / 2, top + height + 38, "confidence", "quiet", anchor="middle"))
    return canvas


def _cell(canvas: Canvas, x: float, y: float, size: float, share: float, count: int, *, right: bool) -> None:
    inner = (size - 2) * max(0.25, share) ** 0.5
    offset = (size - inner) / 2
    canvas.add(Rectangle(x + offset, y + offset, inner, inner, "pale-blue" if right else "pale-red"))
    canvas.add(
        Text(x + size / 2, y + size / 2 + 4, str(count), size=10 if count < 1000 else 8, anchor="middle")
    )


def _frame(left: float, top: float, side: float) -> list[Rectangle]:
    """Return the four edges of a square."""
    return [
        Rectangle(left - 1, top - 1, side + 2, 1, "rule"),
        Rectangle(left - 1, top + side, side + 2, 1, "rule"),
        Rectangle(left - 1, top, 1, side, "rule"),
        Rectangle(left + side, top, 1, side, "rule"),
    ]


def _palette(shares: np.ndarray) -> np.ndarray:
    """Return shares of a row as pixels, uint8 (K, K, 4): right answers blue, others red, the denser the more there are.

    In 32 steps of density, so that a thousand classes are a small file; what lies below shows through.
    """
    density = np.ceil(STEPS * np.sqrt(np.clip(shares, 0.0, 1.0))) / STEPS
    blue, red = (_rgb(COLOURS[name][0]) for name in ("blue", "red"))
    pixels = np.zeros((*shares.shape, 4), np.uint8)
    pixels[..., :3] = np.where(np.eye(len(shares), dtype=bool)[..., None], blue, red)
    pixels[..., :3] *= density[..., None] > 0
    pixels[..., 3] = np.rint(255 * density)
    return pixels


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)


def _said(counts: np.ndarray, names: Sequence[str]) -> str:
    """Return the most confused pair in words."""
    off = counts.copy()
    np.fill_diagonal(off, 0.0)
    if not off.any():
        return "No class is taken for another."
    row, column = divmod(int(off.argmax()), len(names))
    return f"Most often {names[row]} is taken for {names[column]}, {int(off[row, column]):,} times."


def _short(text: str) -> str:
    return text if len(text) <= 18 else f"{text[:17]}…"
