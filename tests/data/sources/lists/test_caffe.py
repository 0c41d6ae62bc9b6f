"""Caffe's lists: paths and numbers of classes, as examples/imagenet and convert_imageset read them."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.opening import open_source
from alexnet.data.sources.source import Source
from alexnet.errors import DataError


def write(folder: Path, name: str, rows: list[tuple[str, int]], below: str = "") -> None:
    """Write pictures whose red is their label, and the list of them."""
    for file, label in rows:
        path = folder / below / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (label, 0, 0)).save(path)
    (folder / name).write_text("".join(f"{file} {label}\n" for file, label in rows))


def rows(*labels: int, prefix: str = "") -> list[tuple[str, int]]:
    return [(f"{prefix}n{label:08d}/picture {n}.png", label) for n, label in enumerate(labels)]


def contents(source: Source, split: str) -> list[tuple[str, str]]:
    return [(example.name, example.label) for example in source.examples(split)]


def test_a_list_is_read_in_its_order_with_classes_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write(tmp_path, "pictures.txt", rows(10, 2, 2, 10, 0, 0))
    source = open_source(tmp_path / "pictures.txt")
    assert source.classes == ("0", "2", "10")
    assert source.splits == ("train", "validation")
    assert sorted(contents(source, "train") + contents(source, "validation")) == sorted(
        (file, str(label)) for file, label in rows(10, 2, 2, 10, 0, 0)
    )


@pytest.mark.parametrize("given", ["", "train.txt"])
@pytest.mark.parametrize("below", [("", ""), ("train", "val")])
def test_the_lists_of_other_splits_are_found_beside_it_and_pictures_in_their_folders(
    tmp_path: Path, given: str, below: tuple[str, str]
) -> None:
    write(tmp_path, "train.txt", rows(1, 0, 1), below[0])
    write(tmp_path, "val.txt", rows(0, 1, prefix="v"), below[1])
    write(tmp_path, "test.txt", rows(0, 0, prefix="t"))  # Caffe's of ImageNet has no labels
    source = open_source(tmp_path / given)
    assert source.splits == ("train", "validation")
    assert [label for _, label in contents(source, "train")] == ["1", "0", "1"]
    dataset = prepare(source, tmp_path / "set", side=8, workers=0)
    assert dataset["train"].labels.tolist() == [1, 0, 1]
    assert [int(image[0, 0, 0]) for image, _ in dataset["validation"]] == [0, 1]
    assert dataset.unreadable == ()


@pytest.mark.parametrize(
    ("file", "text", "classes", "words"),
    [
        (
            "synset_words.txt",
            "n1 tench, Tinca\nn2 crane\nn3 crane\n",
            ("n1", "n3"),
            {"n1": "tench, Tinca", "n3": "crane"},
        ),
        ("synsets.txt", "n9\nn2\nn1\n", ("n9", "n1"), {}),
        ("classes.txt", "crane\nkit fox\ncrane\n", ("crane (0)", "crane (2)"), {}),
    ],
)
def test_names_beside_the_list_name_the_numbers(
    tmp_path: Path, file: str, text: str, classes: tuple[str, ...], words: dict[str, str]
) -> None:
    write(tmp_path, "train.txt", rows(2, 0, 2, 0))
    (tmp_path / file).write_text(text)
    source = open_source(tmp_path / "train.txt")
    assert source.classes == classes
    assert {name: source.words[name] for name in source.classes if name in source.words} == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.png 0\nb.png\n", r"train.txt:2: 'b.png': expected a path and the number of a class"),
        ("a.png -1\n", r"train.txt:1: 'a.png -1': expected"),
        ("a.png 9999999999\n", "expected a path and the number"),
        ("", "lists no pictures"),
        ("\n\n", "lists no pictures"),
        ("a.png 0\nb.png 0\nc.png 1\n", "class '1' holds 1 picture"),
        ("a" * 2**20 + " 0\n", "over 1,048,576 letters"),
    ],
)
def test_a_line_that_is_wrong_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "train.txt").write_text(text)
    with pytest.raises(DataError, match=words):
        open_source(tmp_path / "train.txt")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ["list.txt", "list.csv", "list.jsonl"])
@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_a_list_that_is_no_regular_file_is_refused_at_once(tmp_path: Path, name: str, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(DataError, match="cannot be read: not a regular file"):
        open_source(tmp_path / name)


def test_a_label_beyond_the_names_is_told(tmp_path: Path) -> None:
    write(tmp_path, "train.txt", rows(2, 0, 2, 0))
    (tmp_path / "classes.txt").write_text("one\ntwo\n")
    with pytest.raises(DataError, match="has the label 2, but the list of class names has 2"):
        open_source(tmp_path / "train.txt")


def test_a_picture_that_is_not_there_carries_the_reason(tmp_path: Path) -> None:
    write(tmp_path, "train.txt", rows(0, 1, 0, 1))
    os.remove(tmp_path / "n00000001" / "picture 1.png")
    source = open_source(tmp_path)
    found = {e.name: e.content for split in source.splits for e in source.examples(split)}
    assert isinstance(found["n00000001/picture 1.png"], DataError)
    assert np.sum([isinstance(content, bytes) for content in found.values()]) == 3
