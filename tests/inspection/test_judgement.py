"""The confusion matrix and the reliability diagram say what the counts say; the page escapes what it is given."""

from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from alexnet.canvas import Picture, Text
from alexnet.evaluation.calibration import Bin
from alexnet.inspection.judgement import blocks, confusion_figure, reliability_figure
from alexnet.page import Section, figure, page, paragraph, table, tiles


def test_classes_that_are_taken_for_one_another_stand_together() -> None:
    """Two groups, mixed up in the order of their names, come out as two blocks; the same each time."""
    group = np.array([0, 1, 0, 1, 1, 0, 0, 1])
    counts = np.where(group[:, None] == group[None, :], 9.0, 1.0)
    order = blocks(counts)
    assert sorted(order.tolist()) == list(range(8))
    assert len({int(k) for k in group[order][:4]}) == 1
    assert blocks(counts).tolist() == order.tolist()
    assert blocks(np.zeros((5, 5))).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("classes", "numbers", "names"), [(4, True, True), (60, False, True), (300, False, False)]
)
def test_a_matrix_is_drawn_as_its_size_allows(classes: int, numbers: bool, names: bool) -> None:
    matrix = torch.eye(classes, dtype=torch.int64) * 7
    matrix[1, 2] = 5
    canvas = confusion_figure(matrix, [f"class {k}" for k in range(classes)])
    texts = {shape.text for shape in canvas.shapes if isinstance(shape, Text)}
    assert ("7" in texts) == numbers
    assert ("class 3" in texts) == names
    assert any(isinstance(shape, Picture) for shape in canvas.shapes) == (not numbers)
    assert "Most often class 1 is taken for class 2, 5 times." in canvas.description
    ElementTree.fromstring(canvas.to_svg())
    assert len(canvas.to_svg()) < 200_000


def test_a_network_that_is_as_sure_as_it_is_right_lies_on_the_diagonal() -> None:
    bins = [Bin(10, share, share) for share in (0.2, 0.5, 0.9)]
    canvas = reliability_figure(bins, after=bins, temperature=1.3)
    lines = ElementTree.fromstring(canvas.to_svg()).findall("{http://www.w3.org/2000/svg}polyline")
    for line in lines[1:]:
        for pair in line.attrib["points"].split():
            x, y = map(float, pair.split(","))
            assert (x - 56) / 320 == pytest.approx(1 - (y - 40) / 320, abs=1e-3)
    assert "temperature 1.30" in canvas.description


def test_a_page_escapes_what_comes_from_data_and_loads_nothing() -> None:
    evil = '<script>alert("x")</script>'
    section = Section(
        evil, [paragraph(evil), table([evil], [[evil]], caption=evil), tiles([("data:x", evil, [evil])])]
    )
    section.parts.append(figure(confusion_figure(torch.eye(3, dtype=torch.int64), [evil] * 3)))
    html = page(evil, [paragraph(evil)], [section] * 3)
    assert "<script" not in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
    assert html == page(evil, [paragraph(evil)], [section] * 3)
