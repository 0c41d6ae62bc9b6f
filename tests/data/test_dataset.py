"""A prepared data set as a person holds it: its splits are sequences, and it can be seen at another side."""

from pathlib import Path

import numpy as np
import pytest
import torch

from alexnet.data.dataset import Dataset
from alexnet.data.decoding.images import square_pixels
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes


@pytest.mark.parametrize("side", [1, 12, 31, 32, 50])
@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_a_resized_data_set_shows_what_scaling_each_picture_gives(
    tmp_path: Path, side: int, encoding: str
) -> None:
    """Against a loop over the stored pictures; all else but the mean is the original's."""
    dataset = prepare(Shapes(24, classes=4), tmp_path / "set", side=32, encoding=encoding, workers=0)
    resized = dataset.resized(side)
    order = np.array([5, 0, 23, 5])
    stored = dataset.split("train").images(order).numpy()
    expected = [square_pixels(picture.transpose(1, 2, 0), side) for picture in stored]
    found = resized.split("train").images(order)
    assert torch.equal(found, torch.from_numpy(np.stack(expected)))
    assert (resized.side, dataset.side) == (side, 32)
    for same in ("classes", "words", "name", "fingerprint", "splits", "unreadable", "directory"):
        assert getattr(resized, same) == getattr(dataset, same)
    assert resized.split("train").labels.tolist() == dataset.split("train").labels.tolist()
    assert list(resized.split("train").names) == list(dataset.split("train").names)
    assert torch.equal(resized.colour_components, dataset.colour_components)


def test_the_mean_of_a_resized_data_set_is_that_of_its_pictures(shapes: Dataset) -> None:
    """But for the rounding of each picture to whole values, half a grey level at the most."""
    resized = shapes.resized(12)
    pictures = resized.split("train").images(np.arange(128)).float()
    assert resized.mean.shape == (3, 12, 12)
    assert (resized.mean - pictures.mean(0)).abs().max() < 0.5
    assert torch.equal(shapes.resized(32).mean, shapes.mean)


def test_resizing_twice_is_resizing_once(shapes: Dataset) -> None:
    once, twice = shapes.resized(20), shapes.resized(4).resized(20)
    assert torch.equal(
        once.split("validation").images(np.arange(8)), twice.split("validation").images(np.arange(8))
    )
    with pytest.raises(ValueError, match="side 0: expected at least 1 pixel"):
        shapes.resized(0)
