"""A prepared data set as a person holds it: its splits are sequences, and it can be seen at another side."""

import base64
import io
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

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


def test_a_split_is_a_sequence_of_pictures_and_labels(shapes: Dataset) -> None:
    """Against `images` and `labels`, counted from both ends, and in parts of parts."""
    split = shapes["train"]
    images, labels = split.images(np.arange(128)), split.labels
    assert (len(shapes), list(shapes), "train" in shapes, "test" in shapes) == (
        2,
        ["train", "validation"],
        True,
        False,
    )
    for index in (0, 5, 127, -1, -128, np.int64(7), np.uint8(3)):
        picture, label = split[index]
        assert (picture.dtype, picture.shape, type(label)) == (torch.uint8, (3, 32, 32), int)
        assert torch.equal(picture, images[int(index)])
        assert label == labels[int(index)]
    part = split[100:10:-3][2:-1]
    rows = np.arange(128)[100:10:-3][2:-1]
    assert torch.equal(part.images(np.arange(len(part))), images[rows.copy()])
    assert part.labels.tolist() == labels[rows].tolist()
    assert list(part.names) == [split.names[row] for row in rows]
    assert [label for _, label in part] == labels[rows].tolist()
    assert len(split[500:]) == 0
    assert list(split[500:]) == []


@pytest.mark.parametrize("index", [128, -129, 10**30])
def test_a_number_outside_a_split_is_refused(shapes: Dataset, index: int) -> None:
    for read in (lambda: shapes["train"][index], lambda: shapes["train"].names[index]):
        with pytest.raises(IndexError, match=f"train holds 128 pictures: there is no number {index}"):
            read()


@pytest.mark.parametrize("index", ["0", 1.0, None, (0, 1)])
def test_what_is_no_number_is_refused(shapes: Dataset, index: object) -> None:
    with pytest.raises(TypeError, match="expected a number, or a slice"):
        shapes["train"][index]  # type: ignore[call-overload]  # what a person may try
    with pytest.raises(TypeError, match=r"take a split first, for instance dataset\['train'\]\[0\]"):
        shapes[0]  # type: ignore[index]  # as above


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_torchs_own_loader_reads_a_split_in_other_processes(tmp_path: Path, encoding: str) -> None:
    """Also a part of one, at another side, after pictures have been read here; each picture once."""
    dataset = prepare(Shapes(40, classes=4), tmp_path / "set", side=32, encoding=encoding, workers=0)
    split = dataset.resized(16)["train"][3:]
    images = split.images(np.arange(37))  # threads and open shards, which must not be taken along
    loader = DataLoader(split, batch_size=10, num_workers=2, multiprocessing_context="fork")
    pairs = list(loader)
    assert torch.equal(torch.cat([pictures for pictures, _ in pairs]), images)
    assert torch.cat([labels for _, labels in pairs]).tolist() == split.labels.tolist()


def test_a_split_is_small_to_send(shapes: Dataset) -> None:
    split = shapes["train"]
    split.images(np.arange(128))
    assert split.names[5]
    assert len(split.labels) == 128
    assert len(pickle.dumps(split[:].labels)) > 1000  # what is not to be sent
    sent = pickle.dumps(split)
    assert len(sent) < 1000
    received = pickle.loads(sent)  # as a process that is not forked receives it
    assert torch.equal(received.images(np.arange(9)), split.images(np.arange(9)))
    assert (received.labels.tolist(), repr(received)) == (split.labels.tolist(), repr(split))


def test_a_data_set_says_what_it_is(shapes: Dataset) -> None:
    assert repr(shapes) == "Dataset('shapes': 128 train, 32 validation; 4 classes, 32x32 pixels, raw)"
    assert repr(shapes.resized(8)["validation"][:9]) == (
        "Split('validation': 9 pictures of 4 classes, 8x8 pixels, raw)"
    )


def test_a_notebook_shows_pictures_and_their_classes(shapes: Dataset) -> None:
    page = shapes._repr_html_()
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == 16
    assert Image.open(io.BytesIO(base64.b64decode(pictures[0]))).size == (64, 64)
    assert page.count("<figcaption>red disc</figcaption>") >= 2
    assert len(page) < 200_000
    assert "<img" not in shapes["train"][:0]._repr_html_()
