"""One preprocessing: the same 200 real pictures through `evaluate --predictions`, `predict` and Python."""

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import alexnet
from alexnet.data.workers.decoders import Decoders

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures, each class a folder of one: names of the shipped network's classes are given to them in turn."""
    found = tmp_path_factory.mktemp("parity") / "photos"
    classes = alexnet.load("small").classes
    with zipfile.ZipFile(shared_data / "imagenet-sample-200.zip") as archive:
        names = [name for name in sorted(archive.namelist()) if name.lower().endswith((".jpeg", ".jpg"))]
        for number, name in enumerate(names):
            path = found / "val" / classes[number % len(classes)] / Path(name).name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(name))
            (found / "train" / path.parent.name).mkdir(parents=True, exist_ok=True)
            (found / "train" / path.parent.name / path.name).write_bytes(path.read_bytes())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("views", [1, 10])
def test_every_way_to_the_network_gives_the_same_classes_and_probabilities(folder: Path, views: int) -> None:
    """In processes and in threads, from files and from bytes, prepared before or not, written as CSV or JSON lines."""
    classifier = alexnet.load("small")
    paths = sorted((folder / "val").rglob("*.JPEG"))
    assert len(paths) == 200
    data = alexnet.prepare(folder, folder.parent / f"packed{views}", side=classifier.side)
    said = folder.parent / f"said{views}.csv"
    alexnet.evaluate(classifier, data, views=views, predictions=said)
    found: dict[str, dict[str, dict[str, float]]] = {"evaluate": {}}
    with open(said, newline="") as rows:
        for row in csv.DictReader(rows):
            best = {row[f"class{rank}"]: float(row[f"probability{rank}"]) for rank in range(1, 101)}
            found["evaluate"][Path(row["picture"]).name] = best
    command = [
        sys.executable,
        "-m",
        "alexnet",
        "predict",
        "small",
        str(folder / "val"),
        "--views",
        str(views),
        "--top",
        "100",
    ]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.splitlines()
    found["predict"] = {
        Path(line["picture"]).name: {one["class"]: one["probability"] for one in line["classes"]}
        for line in map(json.loads, lines)
    }
    found["Python"] = {
        path.name: {one.name: one.probability for one in predictions}
        for path, predictions in zip(paths, classifier.predict(paths, 100, views=views), strict=True)
    }
    with Decoders(2) as decoders:
        for name, given in (("threads", None), ("processes", decoders)):
            contents = (path.read_bytes() for path in paths)
            stream = classifier.predict_stream(contents, 100, views=views, decoders=given)
            found[name] = {
                path.name: {one.name: one.probability for one in result.predictions}
                for path, result in zip(paths, stream, strict=True)
            }
    expected = found.pop("evaluate")
    for way, pictures in found.items():
        assert pictures.keys() == expected.keys(), way
        for picture, probabilities in pictures.items():
            assert max(probabilities, key=probabilities.__getitem__) == max(
                expected[picture], key=expected[picture].__getitem__
            ), (way, picture)
            difference = max(abs(value - expected[picture][name]) for name, value in probabilities.items())
            assert difference <= TOLERANCE, (way, picture)
    assert np.isclose(sum(expected[paths[0].name].values()), 1)
