"""The confusion matrix and the reliability diagram say what the counts say; the page escapes what it is given."""

from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from alexnet.canvas import Picture, Text
from alexnet.evaluation.calibration import Bin
from alexnet.inspection.blocks import blocks
from alexnet.inspection.judgement import confusion_figure, reliability_figure


def test_classes_that_are_taken_for_one_another_stand_together() -> None:
    """Two groups, mixed up in the order of their names, come out as two blocks; the same each time."""
    group = np.array([0, 1, 0, 1, 1, 0, 0, 1])
    counts = np.where(group[:, None] == group[None, :], 9.0, 1.0)
    order = blocks(counts)
    assert sorted(order.tolist()) == list(range(8))
    assert len({int(k) for k in group[order][:4]}) == 1
    assert blocks(counts).tolist() == order.tolist()
    assert blocks(np.zeros((5, 5))).tolist() == [0, 1, 2, 3, 4]


def test_many_blocks_among_a_thousand_classes_show() -> None:
    """Forty kinds of classes, in any order of their names: each class stands beside one of its kind, and blocks beside
    those that they are confused with, though a twentieth of the pictures is taken for anything."""
    generator = np.random.default_rng(0)
    group = generator.permutation(np.arange(1000) % 40)
    labels = np.arange(1000).repeat(50)
    kin = np.array([generator.choice(np.flatnonzero(group == group[label])) for label in labels])
    chance = generator.random(len(labels))
    best = np.where(
        chance < 0.6, labels, np.where(chance < 0.95, kin, generator.integers(0, 1000, len(labels)))
    )
    counts = np.zeros((1000, 1000))
    np.add.at(counts, (labels, best), 1.0)
    order = blocks(counts)
    assert sorted(order.tolist()) == list(range(1000))
    assert int((np.diff(group[order]) != 0).sum()) == 39


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


def test_a_picture_of_many_classes_is_a_byte_a_pair_and_shows_the_paper_through() -> None:
    """Densities in 32 steps of two colours: what a PNG's palette holds; where nothing was taken, nothing is drawn."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(50_000) % 1000
    wrong = torch.randint(0, 1000, (50_000,), generator=generator)
    best = torch.where(torch.rand(50_000, generator=generator) < 0.4, wrong, labels)
    matrix = torch.bincount(labels * 1000 + best, minlength=1_000_000).view(1000, 1000)
    canvas = confusion_figure(matrix, [f"class {k}" for k in range(1000)])
    (picture,) = [shape for shape in canvas.shapes if isinstance(shape, Picture)]
    assert len(np.unique(picture.pixels.reshape(-1, 4), axis=0)) <= 65
    assert (picture.pixels[..., 3] > 0).sum() == int((matrix > 0).sum())
    assert (picture.pixels[np.arange(1000), np.arange(1000), 2] > 100).all()  # right answers are blue
    assert len(canvas.to_svg()) < 100_000


def test_columns_are_named_as_rows_are() -> None:
    canvas = confusion_figure(torch.eye(4, dtype=torch.int64), list("abcd"))
    named = [(shape.text, shape.upright) for shape in canvas.shapes if isinstance(shape, Text)]
    assert {("a", False), ("a", True)} <= set(named)


def test_neighbours_of_a_row_of_classes_stay_neighbours() -> None:
    """Classes in a row, each taken for the next one only: the order is that row, in one direction or the other."""
    for seed in range(20):
        row = np.random.default_rng(seed).permutation(16)
        counts = np.diag(np.full(16, 50.0))
        counts[row[:-1], row[1:]] = 5.0
        assert blocks(counts).tolist() in (row.tolist(), row[::-1].tolist())
