"""Prepared pictures whose files are damaged while somebody reads them."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import DataError


@pytest.fixture
def copy(shapes: Dataset, tmp_path: Path) -> Dataset:
    return Dataset.open(shutil.copytree(shapes.directory, tmp_path / "copy"))


def test_pictures_are_those_of_the_file(shapes: Dataset) -> None:
    """In any order and repeated, against NumPy's own reading of the file."""
    stored = np.load(shapes.directory / "train-00000.images.npy")
    indices = np.array([5, 0, 127, 5, 64])
    assert torch.equal(shapes.split("train").images(indices), torch.from_numpy(stored[indices]))


def test_a_shard_that_is_cut_while_it_is_read_is_named(copy: Dataset) -> None:
    """A memory map would end the process with a bus error."""
    split, path = copy.split("train"), copy.directory / "train-00000.images.npy"
    split.images(np.array([0, 127]))
    os.truncate(path, path.stat().st_size - 5000)
    split.images(np.array([0]))
    with pytest.raises(DataError, match=r"train-00000\.images\.npy.*ends before picture 127.*prepare"):
        split.images(np.array([127]))


def test_a_shard_that_goes_away_is_named(copy: Dataset) -> None:
    split = copy.split("train")
    split.images(np.array([0]))
    (copy.directory / "train-00000.images.npy").unlink()
    with pytest.raises(DataError, match=r"train-00000\.images\.npy.*No such file"):
        split.images(np.array([1]))


@pytest.mark.parametrize("ending", ["images.npy", "labels.npy"])
def test_a_shard_that_is_cut_before_is_named(copy: Dataset, ending: str) -> None:
    path = copy.directory / f"train-00000.{ending}"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(DataError, match=ending):
        (copy.split("train").labels, copy.split("train").images(np.array([0])))


@pytest.mark.parametrize("wrong", [-8, 1 << 60])
def test_an_offset_that_is_damaged_costs_its_pictures_alone(tmp_path: Path, wrong: int) -> None:
    """However many bytes it promises, none are asked for that the file does not hold."""
    dataset = prepare(Shapes(16, classes=4), tmp_path / "set", side=32, encoding="jpeg", workers=0)
    path = dataset.directory / "train-00000.offsets.npy"
    offsets = np.load(path)
    offsets[3] = wrong
    np.save(path, offsets)
    _, failed = Dataset.open(dataset.directory).split("train").read(np.arange(8))
    assert list(failed) == [2, 3]
    assert "train-00000.images.jpegs" in str(failed[2])
