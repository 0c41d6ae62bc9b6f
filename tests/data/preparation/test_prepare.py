"""Preparing and opening: the pixels, labels and statistics of the source, or one line that says why not."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset
from alexnet.data.preparation import shards
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.data.sources.source import Example
from alexnet.errors import AlexNetError, DataError


class Spoilt(Shapes):
    """Shapes of which some cannot be read."""

    broken: frozenset[int] = frozenset()

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        for position, example in enumerate(super().examples(split, start, stop), start):
            spoilt = split == "train" and position in self.broken
            yield Example(example.name, b"no picture", example.label) if spoilt else example


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "PIXELS", 16 * 16 * 10)  # ten pictures a shard at a side of 16


def digest(directory: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(directory.iterdir()):
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()


@pytest.mark.usefixtures("small_shards")
def test_pictures_come_back_from_any_shard(tmp_path: Path) -> None:
    source = Shapes(47, side=16, classes=4)
    split = prepare(source, tmp_path / "set", side=16).split("train")
    pixels = np.stack([np.asarray(e.content) for e in source.examples("train")]).transpose(0, 3, 1, 2)
    order = np.random.default_rng(0).permutation(47)
    assert torch.equal(split.images(order), torch.from_numpy(pixels[order]))
    assert [split.labels[n] for n in range(47)] == [n % 4 for n in range(47)]
    assert split.names[33] == "train 33"
    assert len(list((tmp_path / "set").glob("train-*.images.npy"))) == 5


@pytest.mark.usefixtures("small_shards")
def test_numpy_alone_reads_a_shard(tmp_path: Path) -> None:
    prepare(Shapes(25, side=16), tmp_path / "set", side=16)
    images = np.load(tmp_path / "set" / "train-00002.images.npy", mmap_mode="r")
    labels = np.load(tmp_path / "set" / "train-00002.labels.npy")
    assert images.shape == (5, 3, 16, 16)
    assert labels.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("small_shards")
def test_mean_is_that_of_the_training_pictures_alone(tmp_path: Path) -> None:
    dataset = prepare(Shapes(25, side=16), tmp_path / "set", side=16)
    whole = dataset.split("train").images(np.arange(25)).double().mean(dim=0)
    assert torch.allclose(dataset.mean.double(), whole, atol=1e-4)
    assert dataset.mean.dtype == dataset.colour_components.dtype == torch.float32


def test_preparing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (prepare(Shapes(30), tmp_path / name, side=16) for name in ("one", "two"))
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert first.fingerprint == second.fingerprint
    assert prepare(Shapes(30, seed=1), tmp_path / "three", side=16).fingerprint != first.fingerprint


@pytest.mark.usefixtures("small_shards")
def test_an_interrupted_preparation_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(Shapes(47, side=16), tmp_path / "whole", side=16)
    written = shards.write_shard
    calls: list[int] = []

    def interrupted(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return written(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr("alexnet.data.preparation.shards.write_shard", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(Shapes(47, side=16), tmp_path / "cut", side=16)
    with pytest.raises(DataError, match="no finished data set"):
        Dataset.open(tmp_path / "cut")
    prepare(Shapes(47, side=16), tmp_path / "cut", side=16)
    assert len(calls) == 8  # seven shards, one of them twice
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


def test_unreadable_pictures_are_named_counted_and_left_out(tmp_path: Path) -> None:
    source = Spoilt(100, side=16)
    source.broken = frozenset({3, 50})
    dataset = prepare(source, tmp_path / "set", side=16)
    assert len(dataset.split("train")) == 98
    assert [(s.split, s.name) for s in dataset.unreadable] == [("train", "train 3"), ("train", "train 50")]
    assert all(s.reason.startswith("no picture") for s in dataset.unreadable)
    assert dataset.split("train").names[3] == "train 4"


@pytest.mark.parametrize(
    ("broken", "tolerance", "words"),
    [
        (range(6), 0.05, "6 of 100 train pictures .* more than 5%; the first is 'train 0' .no picture"),
        (range(0, 100, 10), 0.5, "no readable picture of 1 of its 10 classes, the first 'red disc'"),
    ],
)
def test_a_set_that_lost_too_much_is_refused_and_nothing_stays(
    tmp_path: Path, broken: range, tolerance: float, words: str
) -> None:
    source = Spoilt(100, side=16)
    source.broken = frozenset(broken)
    with pytest.raises(DataError, match=words):
        prepare(source, tmp_path / "set", side=16, tolerance=tolerance)
    assert not (tmp_path / "set").exists()


def test_a_directory_with_anything_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(DataError, match="not empty"):
        prepare(Shapes(20), tmp_path, side=16)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    prepare(Shapes(20), tmp_path / "set", side=16)
    with pytest.raises(DataError, match="another prepared data set"):
        prepare(Shapes(20), tmp_path / "set", side=8)


def test_an_unknown_split_offers_the_choices(tmp_path: Path) -> None:
    dataset = prepare(Shapes(20), tmp_path / "set", side=16)
    with pytest.raises(DataError, match=r"did you mean `validation`. Choices: train, validation"):
        dataset.split("valdation")


def test_a_number_outside_the_split_is_refused(tmp_path: Path) -> None:
    split = prepare(Shapes(20), tmp_path / "set", side=16).split("train")
    with pytest.raises(IndexError, match="holds 20 pictures"):
        split.images(np.array([0, 20]))


@pytest.mark.parametrize("card", ["", "{", '{"format": "something else"}', "[1]"])
def test_a_card_that_is_not_ours_is_refused(tmp_path: Path, card: str) -> None:
    (tmp_path / "card.json").write_text(card)
    with pytest.raises(DataError, match="prepare"):
        Dataset.open(tmp_path)


def test_a_source_given_by_name_is_prepared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path))
    first = open_dataset("digits")
    assert (first.side, len(first.split("train")), len(first.split("validation"))) == (32, 1438, 359)
    monkeypatch.setattr("alexnet.data.preparation.shards.write_shard", None)
    assert open_dataset("digits").directory == first.directory
    assert open_dataset(first.directory).fingerprint == first.fingerprint
    with pytest.raises(DataError, match="side of 32, not 64"):
        open_dataset(first.directory, side=64)
    with pytest.raises(DataError, match="did you mean `digits`"):
        open_dataset("digit")


def test_a_cache_that_cannot_be_written_is_told_how_to_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(AlexNetError, match=r"cannot be written \(Not a directory\).*ALEXNET_HOME"):
        open_dataset("digits")


def test_prepare_takes_names_and_the_side_of_small_pictures(tmp_path: Path) -> None:
    """As the command line does: `prepare("digits", directory)`."""
    dataset = prepare("digits", tmp_path / "set")
    assert dataset.side == open_dataset("digits").side == 32
    with pytest.raises(DataError, match="did you mean `digits`"):
        prepare("digit", tmp_path / "other")


def test_the_card_tells_where_the_pictures_come_from(tmp_path: Path) -> None:
    prepare(Shapes(20, classes=2), tmp_path / "set", side=16)
    card = json.loads((tmp_path / "set" / "card.json").read_text())
    assert card["splits"]["train"]["pictures_per_class"] == [10, 10]
    assert card["classes"][0] == {"name": "red disc", "words": "red disc"}
    assert card["decoder"].startswith("Pillow")
    assert card["source"]["origin"] == "generated"


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("train-00000.labels.npy", "labels go from 0 to 4611686018427387904"),
        ("train-00001.sums.npy", "no .npy file"),
        ("train-00001.json", None),
    ],
)
def test_a_shard_that_is_damaged_before_a_preparation_goes_on_is_told_or_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str | None
) -> None:
    whole = prepare(Shapes(47, side=16), tmp_path / "whole", side=16, workers=0).directory
    written, calls = shards.write_shard, [0]

    def interrupted(*arguments: object) -> object:
        calls[0] += 1
        if calls[0] == 4:
            raise KeyboardInterrupt
        return written(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr("alexnet.data.preparation.shards.write_shard", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(Shapes(47, side=16), tmp_path / "cut", side=16, workers=0)
    if name.endswith("labels.npy"):
        labels = np.load(tmp_path / "cut" / name)
        labels[3] = 2**62
        np.save(tmp_path / "cut" / name, labels)
    else:
        (tmp_path / "cut" / name).write_bytes(b'{"count": 1}')
    if words is None:
        prepare(Shapes(47, side=16), tmp_path / "cut", side=16, workers=0)
        assert digest(tmp_path / "cut") == digest(whole)
        return
    with pytest.raises(DataError, match=f"{name}.*{words}"):
        prepare(Shapes(47, side=16), tmp_path / "cut", side=16, workers=0)
