"""Learning curves are drawn to scale, and marked where the rate dropped."""

from typing import Any
from xml.etree import ElementTree

import pytest

from alexnet.canvas import Line
from alexnet.runs.curves import draw, panels

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [
    {
        "epoch": float(epoch),
        "step": 10 * epoch,
        "rate": 0.01 if epoch < 3 else 0.001,
        "training_loss": 2.0 / epoch,
        "training_top1_error": 0.8 / epoch,
        "validation_loss": 2.1 / epoch,
        "validation_top1_error": 0.9 / epoch,
        "validation_top5_error": 0.0,
    }
    for epoch in range(1, 5)
]


def points(line: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())]


def lines_of(rows: list[dict[str, Any]]) -> tuple[list[ElementTree.Element], list[ElementTree.Element]]:
    """Curves, and dashed marks."""
    picture = ElementTree.fromstring(draw(rows, "a <run>"))
    found = list(picture.iter(f"{SVG}polyline"))
    dashed = [line for line in found if "stroke-dasharray" in line.attrib]
    return [line for line in found if line not in dashed], dashed


def test_curves_are_drawn_to_scale() -> None:
    """Six lines of four points; what is an error of 0.4 stands at one height, and half as high as one of 0.8."""
    rows = [row | {"validation_top5_error": 0.4 / float(row["epoch"])} for row in ROWS]
    lines = [points(line) for line in lines_of(rows)[0]]
    assert [len(line) for line in lines] == [4] * 6
    training, _, top5 = lines[:3]
    assert training[1][1] == top5[0][1]
    axis = 260.0  # of a panel 300 high, with 40 below
    assert axis - training[1][1] == pytest.approx((axis - training[0][1]) / 2, abs=0.1)
    assert training[1][0] - training[0][0] == pytest.approx(training[3][0] - training[2][0], abs=0.1)
    picture = ElementTree.fromstring(draw(ROWS, "a <run>"))
    assert any(text.text == "a <run>: error" for text in picture.iter(f"{SVG}text"))
    assert (picture.findtext(f"{SVG}desc") or "").endswith("training error 20.00%, validation error 22.50%.")


def test_a_top_five_error_that_can_only_be_zero_is_not_drawn() -> None:
    """With fewer than six classes the five best are all there are."""
    assert len(lines_of(ROWS)[0]) == 5
    assert "top-5" not in draw(ROWS, "run")


def test_a_dashed_line_stands_where_the_rate_dropped() -> None:
    curves, dashed = lines_of(ROWS)
    second = points(curves[0])[1][0]
    assert [points(line)[0][0] for line in dashed] == [second, second]  # in errors and in losses


def test_a_rate_that_falls_smoothly_is_drawn_and_not_marked() -> None:
    rows = [{**ROWS[0], "epoch": float(epoch), "rate": 0.9**epoch} for epoch in range(1, 30)]
    curves, dashed = lines_of(rows)
    assert dashed == []
    heights = [y for _, y in points(curves[-1])]
    assert heights == sorted(heights)


def test_a_rate_that_changes_at_each_of_a_few_epochs_is_not_marked() -> None:
    """A cosine or a polynomial over five epochs is a schedule that falls, not one that drops four times."""
    rows = [row | {"rate": 0.1 - 0.01 * row["epoch"] ** 2} for row in ROWS]
    assert lines_of(rows)[1] == []


def test_small_panels_show_the_same_lines() -> None:
    """Errors, losses and the rate by themselves, their marks too, and no text smaller than can be read on a phone."""
    found = panels(ROWS)
    assert [panel.title for panel in found] == ["Error", "Loss", "Rate"]
    lines = [[shape for shape in panel.shapes if isinstance(shape, Line)] for panel in found]
    assert [len([line for line in each if not line.dashed]) for each in lines] == [2, 2, 1]
    assert [len([line for line in each if line.dashed]) for each in lines] == [1, 1, 0]
    assert all(panel.least_width <= 350 for panel in found)


@pytest.mark.parametrize("rows", [ROWS[:1], [{"epoch": 0.5, "step": 1, "training_loss": 0.0}], []])
def test_curves_of_few_rows_are_a_picture(rows: list[dict[str, float]]) -> None:
    ElementTree.fromstring(draw(rows, "run"))
