"""Learning curves: errors, losses and the rate by epoch, one above the other."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Final

from alexnet.canvas import Canvas, Line, Rectangle, Text
from alexnet.runs.journal import Row, is_number

_WIDTH: Final = 640.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 150.0, 30.0, 40.0  # margins within a panel
_HEIGHT, _RATE_HEIGHT = 300.0, 150.0  # of a panel, and of the rate's
_ERRORS: Final = {
    "training_top1_error": ("training", "quiet"),
    "validation_top1_error": ("validation, top-1", "red"),
    "validation_top5_error": ("validation, top-5", "blue"),
}
_LOSSES: Final = {"training_loss": ("training", "quiet"), "validation_loss": ("validation", "red")}
_DROPS: Final = 8
"""Changes of the rate that are marked in every panel; a rate that falls smoothly is drawn, and not marked."""


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
        canvas.add(Text(_LEFT, 44, canvas.title))
        return canvas
    last = rows[-1]
    canvas = Canvas(
        _WIDTH,
        2 * _HEIGHT + _RATE_HEIGHT,
        f"{title}: learning curves",
        f"Errors, losses and the rate over {float(last['epoch']):g} epochs: {_said(last)}.",
    )
    drops = [before for before, row in itertools.pairwise(rows) if before.get("rate") != row.get("rate")]
    marks = [float(row["epoch"]) for row in drops] if len(drops) <= _DROPS else []
    _panel(canvas, rows, _ERRORS, 0.0, _HEIGHT, f"{title}: error", marks, percent=True)
    _panel(canvas, rows, _LOSSES, _HEIGHT, _HEIGHT, "loss", marks)
    _panel(canvas, rows, {"rate": ("rate", "amber")}, 2 * _HEIGHT, _RATE_HEIGHT, "rate of the weights", [])
    return canvas


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
    top: float,
    height: float,
    title: str,
    marks: Sequence[float],
    *,
    percent: bool = False,
) -> None:
    """Draw one pair of axes and its lines, `top` pixels from the upper edge."""
    values = [float(row[name]) for row in rows for name in lines if _known(row, name)]
    highest, last = _round_up(max(values, default=1.0)), float(rows[-1]["epoch"])

    def x(epoch: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * epoch / max(last, 1e-9)

    def y(value: float) -> float:
        return top + height - _BOTTOM - (height - _TOP - _BOTTOM) * value / highest

    canvas.add(Text(_LEFT, top + 18, title, bold=True))
    for step in range(5):
        value, epoch = highest * step / 4, last * step / 4
        label = f"{value:.1%}" if percent else f"{value:.3g}"
        canvas.add(Rectangle(x(0), y(value) - 0.5, x(last) - x(0), 1, "rule"))
        canvas.add(Text(_LEFT - 6, y(value) + 4, label, "quiet", anchor="end"))
        canvas.add(Text(x(epoch), top + height - _BOTTOM + 18, f"{epoch:.3g}", "quiet", anchor="middle"))
    canvas.add(Text(x(last / 2), top + height - 6, "epochs", "quiet", anchor="middle"))
    for epoch in marks:
        canvas.add(Line(((x(epoch), y(0)), (x(epoch), y(highest))), "rule", dashed=True))
    for number, (name, (label, colour)) in enumerate(lines.items()):
        points = tuple((x(float(row["epoch"])), y(float(row[name]))) for row in rows if _known(row, name))
        if points and not (name == "validation_top5_error" and _is_zero(rows, name)):
            canvas.add(Line(points, colour))
            canvas.add(
                *(Rectangle(px - 1.5, py - 1.5, 3, 3, colour) for px, py in points if len(points) <= 60)
            )
            canvas.add(Text(x(last) + 10, top + _TOP + 16 * number + 8, label, colour))


def _is_zero(rows: Sequence[Row], name: str) -> bool:
    return not any(row[name] for row in rows if _known(row, name))


def _known(row: Row, name: str) -> bool:
    return is_number(row.get(name))


def _round_up(value: float) -> float:
    """Return 1, 2, 4 or 8 times a power of ten that is at least `value`."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-6)))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value * (1 - 1e-12))
