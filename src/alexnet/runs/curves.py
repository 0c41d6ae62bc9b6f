"""Learning curves: errors, losses and the rate by epoch, one above the other."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from alexnet.canvas import Canvas, Line, Rectangle, Text
from alexnet.runs.journal import Row, is_number

_WIDTH: Final = 640.0
_HEIGHT, _RATE_HEIGHT = 300.0, 150.0  # of a panel, and of the rate's
_ERRORS: Final = {
    "training_top1_error": ("training", "quiet"),
    "validation_top1_error": ("validation, top-1", "red"),
    "validation_top5_error": ("validation, top-5", "blue"),
}
_LOSSES: Final = {"training_loss": ("training", "quiet"), "validation_loss": ("validation", "red")}
_DROPS: Final = 8
"""Changes of the rate that are marked at most."""


@final
@dataclass(frozen=True)
class _Area:
    """Where a panel stands, in pixels, and the margins within it."""

    top: float
    width: float
    height: float
    left: float = 60.0
    right: float = 150.0
    above: float = 30.0
    below: float = 40.0


def draw(rows: Sequence[Row], title: str) -> str:
    """Draw the curves of a run as an SVG document: see `figure`."""
    return figure(rows, title).to_svg()


def figure(rows: Sequence[Row], title: str) -> Canvas:
    """Draw errors, losses and the rate by epoch; dashed lines mark where the rate dropped, if it did so a few times.

    A top-5 error that is always 0 is not drawn: with fewer than six classes it can be nothing else.

    Args:
        rows: of a journal; without any, the figure says so.
        title: above the picture.
    """
    if not rows:
        canvas = Canvas(_WIDTH, 80, f"{title}: no epoch is finished yet")
        canvas.add(Text(60, 44, canvas.title))
        return canvas
    canvas = Canvas(
        _WIDTH,
        2 * _HEIGHT + _RATE_HEIGHT,
        f"{title}: learning curves",
        f"Errors, losses and the rate over {counted(float(rows[-1]['epoch']), 'epoch')}: {_said(rows[-1])}.",
    )
    marks, rate = _drops(rows), {"rate": ("rate", "amber")}
    errors, losses = _Area(0.0, _WIDTH, _HEIGHT), _Area(_HEIGHT, _WIDTH, _HEIGHT)
    _panel(canvas, rows, _ERRORS, errors, f"{title}: error", marks, percent=True)
    _panel(canvas, rows, _LOSSES, losses, "loss", marks)
    _panel(canvas, rows, rate, _Area(2 * _HEIGHT, _WIDTH, _RATE_HEIGHT), "rate of the weights", [])
    return canvas


def panels(rows: Sequence[Row]) -> list[Canvas]:
    """Draw the same as three small figures, which a narrow page has below each other.

    Args:
        rows: of a journal, at least one.
    """
    last = rows[-1]
    epochs = f"over {counted(float(last['epoch']), 'epoch')}"
    found = [
        ("Error", f"Of the pictures, the fraction named wrongly, {epochs}: {_said(last)}.", _ERRORS),
        ("Loss", f"The mean cross-entropy {epochs}.", _LOSSES),
        ("Rate", f"What a step is multiplied by, of the weights, {epochs}.", {"rate": ("rate", "amber")}),
    ]
    drawn = []
    for title, description, lines in found:
        shown = sum(bool(_points(rows, name)) for name in lines)
        above = 12.0 + 15 * shown if len(lines) > 1 else 12.0
        area = _Area(0.0, 336.0, 184.0 + above, left=52.0, right=12.0, above=above)
        canvas = Canvas(area.width, area.height, title, description)
        marks = [] if "rate" in lines else _drops(rows)
        _panel(canvas, rows, lines, area, "", marks, percent=title == "Error", legend_above=True)
        drawn.append(canvas)
    return drawn


def counted(number: float, noun: str) -> str:
    """Return a number with its noun: 1 epoch, 3 epochs."""
    return f"{number:g} {noun}{'' if number == 1 else 's'}"


def _drops(rows: Sequence[Row]) -> list[float]:
    """Return the epochs after which the rate became another, where it mostly stands still: a smooth fall is none."""
    drops = [before for before, row in itertools.pairwise(rows) if before.get("rate") != row.get("rate")]
    still = len(rows) - 1 - len(drops)
    return [float(row["epoch"]) for row in drops] if len(drops) <= min(_DROPS, still) else []


def _said(row: Row) -> str:
    """Return the last row in words."""
    names = {"training_top1_error": "training error", "validation_top1_error": "validation error"}
    return (
        ", ".join(f"{words} {row[name]:.2%}" for name, words in names.items() if _known(row, name))
        or "no errors yet"
    )


def _panel(
    canvas: Canvas,
    rows: Sequence[Row],
    lines: Mapping[str, tuple[str, str]],
    area: _Area,
    title: str,
    marks: Sequence[float],
    *,
    percent: bool = False,
    legend_above: bool = False,
) -> None:
    """Draw one pair of axes and its lines."""
    shown = {name: found for name in lines if (found := _points(rows, name))}
    least = 0.05 if percent else 0.0  # where nothing is wrong, the axis still says something
    heights = [value for found in shown.values() for _, value in found]
    highest = _round_up(max(least, *heights) if heights else 1.0)
    last = float(rows[-1]["epoch"])

    def x(epoch: float) -> float:
        return area.left + (area.width - area.left - area.right) * epoch / max(last, 1e-9)

    def y(value: float) -> float:
        room = area.height - area.above - area.below
        return area.top + area.height - area.below - room * value / highest

    canvas.add(*([Text(area.left, area.top + 18, title, bold=True)] if title else []))
    for step in range(5):
        value, epoch = highest * step / 4, last * step / 4
        label = f"{value:.1%}" if percent else f"{value:.3g}"
        canvas.add(Rectangle(x(0), y(value) - 0.5, x(last) - x(0), 1, "rule"))
        canvas.add(Text(area.left - 6, y(value) + 4, label, "quiet", anchor="end"))
        canvas.add(Text(x(epoch), y(0) + 18, f"{epoch:.3g}", "quiet", anchor="middle"))
    canvas.add(Text(x(last / 2), y(0) + 34, "epochs", "quiet", anchor="middle"))
    for epoch in marks:
        canvas.add(Line(((x(epoch), y(0)), (x(epoch), y(highest))), "rule", dashed=True))
    for number, (name, values) in enumerate(shown.items()):
        (label, colour), points = lines[name], [(x(epoch), y(value)) for epoch, value in values]
        canvas.add(Line(tuple(points), colour))
        canvas.add(*(Rectangle(px - 1.5, py - 1.5, 3, 3, colour) for px, py in points if len(points) <= 60))
        if legend_above and len(lines) > 1:
            canvas.add(Text(area.left, area.top + 12 + 15 * number, label, colour))
        elif not legend_above:
            canvas.add(Text(x(last) + 10, area.top + area.above + 16 * number + 8, label, colour))


def _points(rows: Sequence[Row], name: str) -> list[tuple[float, float]]:
    """Return epochs and values where both are known; none of a top-5 error that can be nothing but 0."""
    found = [(float(row["epoch"]), float(row[name])) for row in rows if is_number(row.get(name))]
    return [] if name == "validation_top5_error" and not any(value for _, value in found) else found


def _known(row: Row, name: str) -> bool:
    return is_number(row.get(name))


def _round_up(value: float) -> float:
    """Return 1, 2, 4 or 8 times a power of ten that is at least `value`."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-6)))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value * (1 - 1e-12))
