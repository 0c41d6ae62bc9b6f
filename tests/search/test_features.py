"""Features on the disk: what the network gives, whoever computes it and however often that is interrupted."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import gang
import numpy as np
import pytest
import torch
from evaluations import untrained

from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import AlexNetError, DivergedError, RecipeError, SearchError
from alexnet.inference.classifier import Classifier
from alexnet.inference.pictures import Picture
from alexnet.networks.small import Cifar18
from alexnet.search.features import writing
from alexnet.search.features.folder import FeatureFolder, write_header
from alexnet.search.features.writing import features


def classifier(seed: int = 1, side: int = 24) -> Classifier:
    return Classifier(untrained(Cifar18(classes=4, side=side), seed), f"network {seed}")


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten pictures go through the network together, so that there are many portions."""
    monkeypatch.setattr(writing, "portion_size", lambda classifier, settings: 10)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_row_is_what_the_network_gives_for_that_picture(shapes: Dataset, tmp_path: Path) -> None:
    network = classifier()
    found = features(network, shapes, tmp_path / "f", dtype="float32")
    images = torch.cat(
        [shapes.split(name).images(np.arange(len(shapes.split(name)))) for name in shapes.splits]
    )
    expected = network.features([image.numpy() for image in images])
    assert found.header.shape == tuple(expected.shape[1:])
    assert np.allclose(found.vectors, expected.flatten(1), rtol=1e-5, atol=1e-5)
    names = [name for split in shapes.splits for name in shapes.split(split).names]
    labels = np.concatenate([shapes.split(split).labels for split in shapes.splits])
    assert list(found.names()) == names
    assert found.labels.tolist() == labels.tolist()
    assert np.array_equal(np.load(tmp_path / "f" / "features.npy", mmap_mode="r"), found.vectors)
    half = features(network, shapes, tmp_path / "h", split="validation")
    count = len(shapes.split("train"))
    assert half.vectors.dtype == np.float16
    assert np.array_equal(half.vectors, found.vectors[count:].astype(np.float16))


def test_maps_whole_and_pooled_and_ten_views(shapes: Dataset, tmp_path: Path) -> None:
    network = classifier()
    whole = features(network, shapes, tmp_path / "w", stage="pool2", dtype="float32", split="validation")
    pooled = features(
        network, shapes, tmp_path / "p", stage="pool2", pooled=True, dtype="float32", split="validation"
    )
    channels, height, width = whole.header.shape
    maps = np.asarray(whole.vectors).reshape(-1, channels, height * width)
    assert np.allclose(maps.mean(2), pooled.vectors, rtol=1e-4, atol=1e-5)
    with pytest.raises(RecipeError, match="pool them"):
        features(network, shapes, tmp_path / "t", stage="pool2", views=10)
    ten = features(
        network, shapes, tmp_path / "t", stage="fc4", views=10, dtype="float32", split="validation"
    )
    images = shapes.split("validation").images(np.arange(3))
    mirrored = network.features([image.flip(-1).numpy() for image in images], "fc4", views=10)
    assert np.allclose(ten.vectors[:3], mirrored, rtol=1e-4, atol=1e-4)  # ten views hold their mirrors


class KilledError(Exception):
    """As the end of a process: nothing after it is done."""


@pytest.mark.parametrize("after", [1, 9, 13])
def test_interrupted_it_goes_on_and_the_bytes_are_the_same(
    shapes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    features(classifier(), shapes, tmp_path / "once")
    done: list[int] = []
    real = writing._write_at

    def write(descriptor: int, vectors: np.ndarray, offset: int) -> None:
        if len(done) == after:
            raise KilledError
        done.append(offset)
        real(descriptor, vectors, offset)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_write_at", write)
        with pytest.raises(KilledError):
            features(classifier(), shapes, tmp_path / "twice")
    assert not (tmp_path / "twice" / "header.json").exists()
    again: list[int] = []

    def count(descriptor: int, vectors: np.ndarray, offset: int) -> None:
        again.append(offset)
        real(descriptor, vectors, offset)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_write_at", count)
        features(classifier(), shapes, tmp_path / "twice")
    portions = sum(math.ceil(len(shapes.split(name)) / 10) for name in shapes.splits)
    assert (
        len(again) == portions - after // writing._SYNC * writing._SYNC
    )  # what was marked is not done again
    assert contents(tmp_path / "once") == contents(tmp_path / "twice")


@pytest.mark.parametrize("at", ["named", "written"])
def test_a_kill_at_the_end_costs_nothing(
    shapes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Between the array's last name and the header, and between the header and the end."""
    features(classifier(), shapes, tmp_path / "once")
    real = write_header

    def stop(*given: object) -> None:
        if at == "written":
            real(*given)  # type: ignore[arg-type]  # as they were given
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(writing, "write_header", stop)
        with pytest.raises(KilledError):
            features(classifier(), shapes, tmp_path / "twice")
    features(classifier(), shapes, tmp_path / "twice")
    assert contents(tmp_path / "once") == contents(tmp_path / "twice")


def _by_several(processes: ProcessGroup, directory: Path, folder: Path) -> int:
    return len(features(classifier(), Dataset.open(directory), folder, processes=processes))


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(shapes: Dataset, tmp_path: Path) -> None:
    """With as many pictures together as always, which is what new processes take: two portions and a bit."""
    found = gang.run(_by_several, 2, tmp_path / "gang", shapes.directory, tmp_path / "two")
    alone = tmp_path / "one"
    gang.run(_by_several, 1, tmp_path / "alone", shapes.directory, alone)
    assert found == [sum(len(shapes.split(name)) for name in shapes.splits)] * 2
    assert contents(alone) == contents(tmp_path / "two")


def test_what_lies_there_already_is_opened_or_refused(shapes: Dataset, tmp_path: Path) -> None:
    features(classifier(), shapes, tmp_path / "f")
    before = contents(tmp_path / "f")
    features(classifier(), shapes, tmp_path / "f")
    assert contents(tmp_path / "f") == before
    with pytest.raises(AlexNetError, match="another network"):
        features(classifier(2), shapes, tmp_path / "f")
    with pytest.raises(AlexNetError, match="another network"):
        features(classifier(), shapes, tmp_path / "f", dtype="float32")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(AlexNetError, match=r"thesis\.txt"):
        features(classifier(), shapes, tmp_path / "mine")
    assert contents(tmp_path / "f") == before


def _looked_at(folder: Path) -> None:
    opened = FeatureFolder(folder)
    assert len(opened.vectors) == len(opened.labels) == len(list(opened.names()))


@pytest.mark.parametrize("name", ["header.json", "features.npy", "labels.npy", "names.jsonl"])
def test_damage_is_one_line_that_names_the_file(shapes: Dataset, tmp_path: Path, name: str) -> None:
    features(classifier(), shapes, tmp_path / "f")
    path = tmp_path / "f" / name
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(SearchError, match=name):
        FeatureFolder(tmp_path / "f").check()
    path.write_bytes(content[:-3])
    with pytest.raises(SearchError, match=name):
        _looked_at(tmp_path / "f")


def test_values_that_cannot_be_kept_are_refused_by_the_pictures_name(shapes: Dataset, tmp_path: Path) -> None:
    network = classifier()
    with torch.no_grad():
        network.network.stage("fc4").operation.weight.mul_(1e7)  # type: ignore[operator]  # a layer's
    with pytest.raises(RecipeError, match="take float32"):
        features(network, shapes, tmp_path / "f", stage="fc4")
    with torch.no_grad():
        network.network.stage("fc4").operation.weight.mul_(float("inf"))  # type: ignore[operator]  # a layer's
    with pytest.raises(DivergedError, match="not finite"):
        features(network, shapes, tmp_path / "g", stage="fc4", dtype="float32")
    for wrong in ({"stage": "fc9"}, {"views": 3}, {"dtype": "int8"}):
        with pytest.raises(RecipeError):
            features(classifier(), shapes, tmp_path / "h", **wrong)


def test_as_parquet_they_are_the_same(shapes: Dataset, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    from alexnet.search.features.table import write_parquet

    found = features(classifier(), shapes, tmp_path / "f", split="validation")
    write_parquet(found, tmp_path / "f.parquet")
    table = parquet.read_table(tmp_path / "f.parquet")
    assert table["picture"].to_pylist() == list(found.names())
    assert table["class"].to_pylist() == [found.header.classes[k] for k in found.labels]
    assert np.array_equal(np.array(table["features"].to_pylist(), np.float16), found.vectors)


def test_a_stream_takes_pictures_when_their_turn_comes(shapes: Dataset) -> None:
    network = classifier()
    images = shapes.split("validation").images(np.arange(20)).numpy()
    taken: list[int] = []

    def endless() -> Iterator[Picture]:
        for number in range(10**9):
            taken.append(number)
            yield images[number % 20]

    stream = network.stream_features(endless())
    first = next(stream)
    assert len(taken) == len(first) < 1000
    expected = network.features(list(images))
    assert torch.allclose(first[:20], expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(RecipeError, match="fc9"):
        network.stream_features([], "fc9")
    assert list(network.stream_features([])) == []


def test_a_networks_digest_changes_with_any_weight_and_nothing_else() -> None:
    one, same, other = classifier(1), classifier(1), classifier(2)
    assert one.network.digest() == same.network.digest() != other.network.digest()
    one.network.train()
    assert one.network.digest() == same.network.digest()
    with torch.no_grad():
        same.network.mean[0, 0, 0] += 1e-3
    assert one.network.digest() != same.network.digest()


def test_the_header_is_plain_json(shapes: Dataset, tmp_path: Path) -> None:
    found = features(classifier(), shapes, tmp_path / "f", processes=ALONE)
    values = json.loads((tmp_path / "f" / "header.json").read_text())
    assert values["network"] == classifier().network.digest()
    assert values["classes"] == list(shapes.classes)
    assert values["count"] == len(found)
