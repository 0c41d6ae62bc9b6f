"""The figures of the claims, drawn from journals: curves, errors by number of pictures, intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from alexnet.canvas import Canvas, Line, Rectangle, Text
from alexnet.claims.verdict import NOT_RUN, Outcome, figures

_WIDTH, _HEIGHT = 640.0, 340.0
_LEFT, _RIGHT, _TOP, _BELOW = 56.0, 220.0, 16.0, 44.0
_COLOURS: Final = ("blue", "red", "green", "amber", "quiet", "ink")
_CONTRAST_NAME: Final = 330.0
_PERMUTED: Final = ", permuted"
"""Ends the name of a line that is drawn like the one without, but dashed."""


@final
@dataclass(frozen=True)
class Series:
    """A line of a figure: its name, its points, and whether it is dashed."""

    name: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


def figure(outcome: Outcome) -> Canvas | None:
    """Draw what a claim is seen by; None where nothing of it was run."""
    if not outcome.records:
        return None
    match outcome.claim.plot:
        case "curves":
            return _curves(outcome)
        case "sizes":
            return _sizes(outcome)
        case _:
            return _intervals(outcome)


def _curves(outcome: Outcome) -> Canvas:
    """Draw the training error of the first seed of each arm by epoch, as figure 1 does."""
    first = min(record.seed for record in outcome.records)
    series = [
        Series(outcome.claim.arm(record.arm).name, record.measured.curve, dashed=record.arm == "tanh")
        for record in outcome.records
        if record.seed == first and record.measured.curve
    ]
    said = f"Training error of each epoch by the epochs that have passed, seed {first}; the rule is at 25%."
    return _lines(outcome.claim.title, said, series, "epochs", rule=0.25)


def _sizes(outcome: Outcome) -> Canvas:
    """Draw the error of each kind by the number of training pictures, a logarithmic axis."""
    sizes: dict[str, dict[float, float]] = {}
    for arm in outcome.claim.arms:
        found = figures(outcome.records, arm.name)
        if not found:
            continue
        kind = arm.words.split(", ")[0] + (" (as many weights)" if arm.name.startswith("full-small") else "")
        name = kind + (_PERMUTED if arm.name.endswith("-permuted") else "")
        pictures = next(
            float(training["pictures"])
            for record in outcome.records
            if record.arm == arm.name
            for training in record.trainings
        )
        sizes.setdefault(name, {})[pictures] = sum(found) / len(found)
    series = [
        Series(name, tuple(sorted(points.items())), dashed=name.endswith(_PERMUTED))
        for name, points in sizes.items()
    ]
    said = "Test error by the number of training pictures, mean over seeds; dashed: pixels under one permutation."
    return _lines(outcome.claim.title, said, series, "training pictures", logarithmic=True)


def _lines(
    title: str,
    said: str,
    series: Sequence[Series],
    axis: str,
    *,
    rule: float | None = None,
    logarithmic: bool = False,
) -> Canvas:
    """Draw errors over an axis."""
    canvas = Canvas(_WIDTH, _HEIGHT, title, said)
    values = [x for line in series for x, _ in line.points]
    least, most = min(values) if logarithmic else 0.0, max(values)
    highest: float = math.ceil(10 * max(y for line in series for _, y in line.points)) / 10

    def x(value: float) -> float:
        whole = math.log(most / least) if logarithmic else most
        share = (math.log(value / least) if logarithmic else value) / (whole or 1.0)
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share

    def y(value: float) -> float:
        return _HEIGHT - _BELOW - (_HEIGHT - _TOP - _BELOW) * value / highest

    for step in range(round(10 * highest) + 1):
        value = step / 10
        canvas.add(Rectangle(_LEFT, y(value) - 0.5, _WIDTH - _LEFT - _RIGHT, 1, "rule"))
        canvas.add(Text(_LEFT - 6, y(value) + 4, f"{value:.0%}", "quiet", anchor="end"))
    ticks = sorted(set(values)) if logarithmic else range(0, round(most) + 1, max(1, round(most / 5)))
    for tick in ticks:
        canvas.add(
            Text(
                x(tick),
                y(0) + 18,
                f"{tick:,.3g}" if tick < 1000 else f"{tick:,.0f}",
                "quiet",
                anchor="middle",
            )
        )
    canvas.add(Text(x(most) / 2 + _LEFT / 2, y(0) + 36, axis, "quiet", anchor="middle"))
    if rule is not None:
        canvas.add(Line(((_LEFT, y(rule)), (_WIDTH - _RIGHT, y(rule))), "ink", 1.0, dashed=True))
    kinds = list(dict.fromkeys(line.name.removesuffix(_PERMUTED) for line in series))
    for number, line in enumerate(series):
        colour = _COLOURS[kinds.index(line.name.removesuffix(_PERMUTED)) % len(_COLOURS)]
        points = tuple((x(a), y(b)) for a, b in line.points)
        canvas.add(Line(points, colour, dashed=line.dashed))
        canvas.add(*(Rectangle(px - 2, py - 2, 4, 4, colour) for px, py in points if len(points) <= 60))
        canvas.add(Text(_WIDTH - _RIGHT + 12, _TOP + 12 + 17 * number, line.name, colour, size=11))
    return canvas


def _intervals(outcome: Outcome) -> Canvas:
    """Draw the number of each contrast with its interval, and where the claim agrees begins and ends."""
    found = [one for one in outcome.findings if one.verdict != NOT_RUN and one.value is not None]
    scale = 100.0 if outcome.claim.unit == "percent" else 1.0
    unit = "points" if scale == 100.0 else outcome.claim.unit
    said = f"Each number with its 95% interval, in {unit}; the rule is where agreement begins."
    canvas = Canvas(_WIDTH, 60.0 + 26 * len(found), outcome.claim.title, said)
    bounds = [bound for one in found for bound in one.contrast.agrees if math.isfinite(bound)]
    ends: list[float] = [
        end for one in found for end in (*(one.interval or ()), one.value) if end is not None
    ]
    numbers = [scale * value for value in (*bounds, *ends, 0.0) if math.isfinite(value)]
    least, span = min(numbers), max(numbers) - min(numbers)
    room: float = _WIDTH - _CONTRAST_NAME - 70

    def x(value: float) -> float:
        return _CONTRAST_NAME + room * (value - least) / (span or 1.0)

    for bound in sorted({scale * bound for bound in bounds}):
        canvas.add(Line(((x(bound), 8), (x(bound), 34 + 26 * len(found))), "rule", 2.0))
        canvas.add(Text(x(bound), 50 + 26 * len(found), f"{bound:g}", "quiet", anchor="middle"))
    for number, one in enumerate(found):
        height = 24.0 + 26 * number
        assert one.value is not None
        canvas.add(Text(_CONTRAST_NAME - 12, height + 4, one.contrast.name[:56], size=11, anchor="end"))
        if one.interval is not None:
            low, high = (x(scale * end) for end in one.interval)
            canvas.add(Line(((low, height), (high, height)), "blue", 2.0))
        if math.isfinite(one.value):
            canvas.add(Rectangle(x(scale * one.value) - 3, height - 3, 6, 6, "blue"))
            canvas.add(
                Text(_WIDTH - 8, height + 4, f"{scale * one.value:+.2f}", "ink", size=11, anchor="end")
            )
    return canvas


def numbers_of(outcome: Outcome) -> Mapping[str, Sequence[float]]:
    """Return the figures of each arm, by seed."""
    return {arm.name: figures(outcome.records, arm.name) for arm in outcome.claim.arms}
