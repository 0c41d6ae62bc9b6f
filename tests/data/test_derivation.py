"""A part of the training pictures, and pixels under one permutation: laws, against the pictures as they are."""

import pickle

import numpy as np
import pytest
import torch

from alexnet.data.dataset import Dataset


def test_permuted_pictures_have_the_same_histogram_and_nothing_where_it_was(shapes: Dataset) -> None:
    """Each colour's sorted values are those of the picture; one permutation for every picture, colour and split."""
    permuted = shapes.permuted(3)
    places = set()
    for name in shapes.splits:
        before = shapes.split(name).images(np.arange(8)).flatten(2)
        after = permuted.split(name).images(np.arange(8)).flatten(2)
        assert torch.equal(before.sort(2).values, after.sort(2).values)
        order = torch.from_numpy(np.random.default_rng(3).permutation(32 * 32))
        assert torch.equal(after, before[:, :, order])
        places.add(bool((after == before).float().mean() < 0.9))
    assert places == {True}
    assert torch.equal(shapes.permuted(3).mean, permuted.mean)
    assert torch.equal(permuted.mean.flatten(1).sort(1).values, shapes.mean.flatten(1).sort(1).values)


def test_the_mean_goes_with_the_permuted_pixels(shapes: Dataset) -> None:
    permuted = shapes.permuted(1)
    pictures = permuted.split("train").images(np.arange(len(permuted.split("train")))).float()
    assert (pictures.mean(0) - permuted.mean).abs().max() < 0.01


def test_another_seed_is_another_order_and_the_same_seed_the_same(shapes: Dataset) -> None:
    first, same, other = (shapes.permuted(seed).split("train").images(np.arange(2)) for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("part", [0.01, 0.25, 0.5, 1.0])
def test_a_part_has_the_same_share_of_each_class_and_lies_within_a_larger_one(
    shapes: Dataset, part: float
) -> None:
    whole, some = shapes.split("train"), shapes.subset(part, 5).split("train")
    counts = np.bincount(whole.labels)
    assert np.bincount(some.labels).tolist() == [max(1, round(part * count)) for count in counts]
    larger = set(shapes.subset(1.0, 5).split("train").names)
    half = set(shapes.subset(min(1.0, 2 * part), 5).split("train").names)
    assert set(some.names) <= half <= larger
    assert len(shapes.subset(part, 5).split("validation")) == len(shapes.split("validation"))


def test_a_derived_data_set_tells_itself_from_the_original(shapes: Dataset) -> None:
    """A run on one does not go on with the other."""
    derived = [shapes, shapes.subset(0.5), shapes.subset(0.5, 1), shapes.permuted(), shapes.permuted(1)]
    derived += [shapes.subset(0.5).permuted(), shapes.subset(0.25)]
    assert len({one.fingerprint for one in derived}) == len(derived)
    assert shapes.subset(1.0).fingerprint == shapes.resized(16).fingerprint == shapes.fingerprint
    assert shapes.subset(0.5).permuted().fingerprint == shapes.permuted().subset(0.5).fingerprint
    assert shapes.subset(0.5).resized(16).fingerprint == shapes.subset(0.5).fingerprint


def test_a_derived_split_is_a_sequence_like_any_other(shapes: Dataset) -> None:
    split = shapes.subset(0.5).permuted(2).split("train")
    sent = pickle.loads(pickle.dumps(split))
    assert torch.equal(sent.images(np.arange(4)), split.images(np.arange(4)))
    assert torch.equal(split[2:4][1][0], split[3][0])
    assert f"{len(split):,} train" in repr(shapes.subset(0.5).permuted(2))
    assert "permuted" in repr(shapes.permuted())


@pytest.mark.parametrize("part", [0.0, -1.0, 1.5, float("nan")])
def test_a_part_that_is_none_is_refused(shapes: Dataset, part: float) -> None:
    with pytest.raises(ValueError, match="above 0, at most 1"):
        shapes.subset(part)
    with pytest.raises(ValueError, match="of a whole data set"):
        shapes.subset(0.5).subset(0.5)
    with pytest.raises(ValueError, match="permuted already"):
        shapes.permuted().permuted()
