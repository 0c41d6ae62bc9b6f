"""Learning curves as a picture that needs no library: SVG, which every browser shows."""

import itertools
import math
from collections.abc import Sequence
from html import escape

from alexnet.runs.journal import Row, is_number

_WIDTH, _HEIGHT = 640.0, 300.0  # of a panel, in pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 150.0, 30.0, 40.0  # margins within it
_ERRORS = {
    "training_top1_error": ("training", "#7f7f7f"),
    "validation_top1_error": ("validation, top-1", "#d62728"),
    "validation_top5_error": ("validation, top-5", "#1f77b4"),
}
_LOSSES = {"training_loss": ("training", "#7f7f7f"), "validation_loss": ("validation", "#d62728")}


def draw(rows: Sequence[Row], title: str) -> str:
    """Draw errors and losses by epoch, one above the other; dashed lines stand where the rate changed.

    A top-5 error that is always 0 is not drawn: with fewer than six classes it can be nothing else.

    Args:
        rows: of a journal, at least one.
        title: above the picture.
    Returns:
        an SVG document.
    """
    height = 2 * _HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{_WIDTH:g}" height="{height:g}" fill="white"/>',
        *_panel(rows, _ERRORS, 0.0, f"{title}: error", percent=True),
        *_panel(rows, _LOSSES, _HEIGHT, "loss", percent=False),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(
    rows: Sequence[Row], lines: dict[str, tuple[str, str]], top: float, title: str, *, percent: bool
) -> list[str]:
    """Draw one pair of axes and its lines, `top` pixels from the upper edge."""
    values = [float(row[name]) for row in rows for name in lines if _known(row, name)]
    highest = _round_up(max(values, default=1.0))
    last = float(rows[-1]["epoch"])

    def x(epoch: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * epoch / last

    def y(value: float) -> float:
        return top + _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / highest

    parts = [f'<text x="{_LEFT:g}" y="{top + 18:g}" font-weight="bold">{escape(title)}</text>']
    for step in range(5):
        value = highest * step / 4
        label = f"{value:.1%}" if percent else f"{value:.3g}"
        parts.append(_line(x(0), y(value), x(last), y(value), "#dddddd"))
        parts.append(f'<text x="{_LEFT - 6:g}" y="{y(value) + 4:.1f}" text-anchor="end">{label}</text>')
        epoch = last * step / 4
        bottom = top + _HEIGHT - _BOTTOM + 18
        parts.append(f'<text x="{x(epoch):.1f}" y="{bottom:g}" text-anchor="middle">{epoch:.3g}</text>')
    parts.append(f'<text x="{x(last / 2):.1f}" y="{top + _HEIGHT - 6:g}" text-anchor="middle">epochs</text>')
    for before, row in itertools.pairwise(rows):
        if before.get("rate") != row.get("rate"):
            epoch = float(before["epoch"])
            parts.append(_line(x(epoch), y(0), x(epoch), y(highest), "#999999", dashed=True))
    for line, (name, (label, colour)) in enumerate(lines.items()):
        points = [(x(float(row["epoch"])), y(float(row[name]))) for row in rows if _known(row, name)]
        if points and not (name == "validation_top5_error" and _is_zero(rows, name)):
            parts += _curve(points, colour)
            parts.append(
                f'<text x="{x(last) + 10:.1f}" y="{top + _TOP + 16 * line + 8:g}" fill="{colour}">{label}</text>'
            )
    return parts


def _curve(points: Sequence[tuple[float, float]], colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{colour}"/>' for x, y in points]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>', *dots]


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    pattern = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{pattern}/>'


def _is_zero(rows: Sequence[Row], name: str) -> bool:
    return not any(row[name] for row in rows if _known(row, name))


def _known(row: Row, name: str) -> bool:
    return is_number(row.get(name))


def _round_up(value: float) -> float:
    """Return 1, 2, 4 or 8 times a power of ten that is at least `value`."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-6)))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value)
