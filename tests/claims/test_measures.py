"""What is measured, against slow references and cases whose answer is known."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from alexnet.claims.measures import NeighbourPrecision, colour_shares, epochs_to
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes


def test_epochs_to_an_error_by_a_straight_line_between_the_middles_of_epochs() -> None:
    curve = [(1.0, 0.5), (2.0, 0.3), (3.0, 0.2)]  # at 0.5, 1.5 and 2.5
    assert epochs_to(curve, 0.25) == pytest.approx(2.0)
    assert epochs_to(curve, 0.5) == pytest.approx(0.5)
    assert epochs_to(curve, 0.4) == pytest.approx(1.0)
    assert epochs_to(curve, 0.1) == math.inf
    assert epochs_to([], 0.1) == math.inf


def test_a_grey_kernel_has_no_colour_and_one_without_grey_nothing_else() -> None:
    plane = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    grey, pure = plane.expand(3, 5, 5), torch.stack([plane, -plane, torch.zeros_like(plane)])
    red = torch.stack([plane, torch.zeros_like(plane), torch.zeros_like(plane)])  # a third of it is grey
    assert colour_shares(torch.stack([grey, pure, red])) == pytest.approx([0.0, 1.0, 2 / 3])


def test_the_nearest_pictures_are_those_of_a_loop(tmp_path: Path) -> None:
    dataset: Dataset = prepare(Shapes(60, classes=3), tmp_path / "set", side=16, workers=0)
    found = NeighbourPrecision(queries=12)([], dataset)
    train, asked = dataset.split("train"), dataset.split("validation")
    known = train.images(np.arange(len(train))).double().flatten(1)
    hits = []
    for number in range(min(12, len(asked))):
        picture, label = asked[number]
        distances = (known - picture.double().flatten()).square().sum(1)
        nearest = distances.argsort()[:10].numpy()
        hits.append(int((train.labels[nearest] == label).sum()))
    assert found.scores is not None
    assert found.scores.tolist() == hits
    assert found.figure == pytest.approx(np.mean(hits) / 10)
