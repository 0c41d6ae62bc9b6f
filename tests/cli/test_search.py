"""features and search from the command line: what is printed, and what goes wrong in one line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from evaluations import untrained
from PIL import Image

from alexnet.checkpoint import save
from alexnet.data.sources.shapes import Shapes
from alexnet.networks.small import Cifar18
from test_story import alexnet, refused


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos/CLASS/*.png, other/CLASS/*.png, and the networks a and b."""
    folder = tmp_path_factory.mktemp("search")
    for number, example in enumerate(Shapes(80, classes=4).examples("train")):
        directory = folder / ("photos" if number % 4 else "other") / example.label
        directory.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(example.content)).save(directory / f"{number}.png")
    for name, seed in (("a", 1), ("b", 2)):
        save(untrained(Cifar18(classes=4, side=24), seed), folder / f"{name}.safetensors")
    (folder / "text.png").write_text("no picture")
    return folder


def test_the_story_of_an_index(folder: Path) -> None:
    """build, query, add, remove, info: each takes what the one before it printed."""
    done = alexnet("search", "build", "a.safetensors", "photos", "-o", "i", cwd=folder)
    assert done.stdout == "i\n"
    assert "60 pictures" in done.stderr
    picture = next((folder / "photos").rglob("*.png")).relative_to(folder)
    done = alexnet("search", "query", "i", picture, "-k", 3, cwd=folder)
    (line,) = map(json.loads, done.stdout.splitlines())
    assert line["picture"] == str(picture)
    assert len(line["matches"]) == 3
    best = line["matches"][0]
    assert (best["duplicate"], best["class"]) == (True, picture.parent.name)
    alexnet("search", "add", "i", "other", cwd=folder)
    assert json.loads(alexnet("search", "info", "i", "--json", cwd=folder).stdout)["pictures"] == 80
    alexnet("search", "remove", "i", best["name"], cwd=folder)
    assert "79" in alexnet("search", "info", "i", cwd=folder).stdout
    again = json.loads(alexnet("search", "query", "i", picture, "-k", 3, cwd=folder).stdout)
    assert best["name"] not in [match["name"] for match in again["matches"]]
    done = alexnet("search", "query", "i", picture, "other", "-k", 5, "-o", "s.html", "--explain", cwd=folder)
    assert done.stdout == "s.html\n"
    assert (folder / "s.html").read_text().count("<img") == 21 * 6


def test_features_and_an_index_of_them(folder: Path) -> None:
    done = alexnet("features", "a.safetensors", "photos", "-o", "f", "--parquet", cwd=folder)
    assert done.stdout == "f\n"
    array = np.load(folder / "f" / "features.npy", mmap_mode="r")
    assert (array.shape, array.dtype) == ((60, 576), np.float16)
    assert (folder / "f" / "features.parquet").exists()
    alexnet("features", "a.safetensors", "photos", "-o", "f", cwd=folder)
    alexnet("search", "build", "a.safetensors", "f", "-o", "j", cwd=folder)


def test_what_goes_wrong_is_one_line(folder: Path) -> None:
    alexnet("search", "build", "a.safetensors", "photos", "-o", "k", cwd=folder)
    picture = next((folder / "photos").rglob("*.png"))
    before = {path.name for path in folder.iterdir()}
    for words, code, says in (
        (["search", "query", "nowhere", picture], 1, "alexnet search build"),
        (["search", "query", "k", "text.png"], 3, "text.png"),
        (["search", "query", "k", picture, "--run", "b.safetensors"], 1, "another network"),
        (["search", "query", "k", picture, "-o", "s.gif"], 1, ".html, .png, .svg"),
        (
            ["search", "build", "a.safetensors", "photos", "-o", "l", "--kind", "exakt"],
            2,
            "did you mean `exact`",
        ),
        (["search", "build", "a.safetensors", "photos", "-o", "l", "--set", "bits=3"], 2, "no option `bits`"),
        (["search", "build", "a.safetensors", "photos", "-o", "l", "--stage", "fc9"], 2, "fc9"),
        (["search", "build", "a.safetensors", "nowhere", "-o", "l"], 3, "nowhere"),
        (["search", "build", "a.safetensors", "photos", "-o", "photos"], 1, "no part of an index"),
        (["search", "remove", "k", "whiskers.png"], 1, "whiskers.png"),
        (["search", "info", "photos"], 1, "no index"),
        (["features", "a.safetensors", "photos", "-o", "photos"], 1, "not empty"),
        (
            ["features", "a.safetensors", "photos", "-o", "g", "--stage", "conv1", "--views", "10"],
            2,
            "pool them",
        ),
    ):
        refused(*words, cwd=folder, code=code, says=says)
    assert {path.name for path in folder.iterdir()} == before
    for path in (folder / "k").glob("vectors*"):
        path.write_bytes(path.read_bytes()[:-5])
    refused("search", "query", "k", picture, cwd=folder, code=1, says="build the index again")


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_to_the_same_bytes(shared_data: Path, tmp_path: Path) -> None:
    """Tiny-ImageNet's pictures through the network `small`: killed thrice, then ended."""
    data, command = (
        shared_data / "tiny-imagenet-50-more.zip",
        [sys.executable, "-m", "alexnet", "features", "small"],
    )
    subprocess.run([*command, str(data), "-o", "once", "--split", "validation"], cwd=tmp_path, check=True)
    for _ in range(3):
        process = subprocess.Popen(
            [*command, str(data), "-o", "twice", "--split", "validation"], cwd=tmp_path
        )
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            marks = tmp_path / "twice" / "unfinished.done"
            if marks.exists() and os.path.getsize(marks) and np.fromfile(marks, np.uint8).any():
                process.send_signal(signal.SIGKILL)
            time.sleep(0.02)
        process.wait()
    subprocess.run([*command, str(data), "-o", "twice", "--split", "validation"], cwd=tmp_path, check=True)
    for name in ("features.npy", "labels.npy", "names.jsonl", "header.json"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "twice" / name).read_bytes()
