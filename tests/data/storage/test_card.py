"""Cards, means, lists and labels that are damaged: one line that names the file, whatever is wrong with them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexnet.data.dataset import Dataset
from alexnet.data.storage.card import read_card, read_values
from alexnet.errors import DataError


@pytest.fixture
def copy(shapes: Dataset, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shapes.directory, tmp_path / "copy"))


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value of a card, a few of each list."""
    items = (
        value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    )
    return [path, *(below for key, inner in items for below in paths(inner, (*path, key)))]


def altered(card: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a card in which one value is another; `...` removes it."""
    if not path:
        return new
    copy = card.copy()
    if len(path) == 1 and new is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = altered(copy[path[0]], path[1:], new)
    return copy


def refusal(directory: Path) -> str | None:
    """Use a prepared set in every way, and return why not."""
    try:
        dataset = Dataset.open(directory)
        _ = dataset.mean, dataset.colour_components, dataset.unreadable, repr(dataset)
        for name in dataset:
            split = dataset[name]
            _ = split.labels, list(split.names), split.read(np.arange(min(2, len(split))))
    except DataError as error:
        return str(error)
    return None


@pytest.mark.parametrize("new", [..., None, "x", -1, 1.5, True, [], {}, [[]], 10**400, float("nan")])
def test_a_card_with_any_value_gone_or_wrong_is_told_or_does_no_harm(copy: Path, new: Any) -> None:
    """Each value of the card in turn: opening and using the set raises a DataError with the path, or nothing."""
    card = json.loads((copy / "card.json").read_text())
    refused = 0
    for path in paths(card):
        if path == () and new is ...:
            continue
        (copy / "card.json").write_text(json.dumps(altered(card, path, new)))
        if (words := refusal(copy)) is not None:
            assert os.fspath(copy) in words
            assert "\n" not in words
            assert "prepare" in words, words
            refused += 1
    assert refused > 20


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"\xff", "cannot be read"),
        (b"[1]", "of format list"),
    ],
)
def test_a_card_that_is_no_card_is_told(copy: Path, content: bytes, words: str) -> None:
    (copy / "card.json").write_bytes(content)
    with pytest.raises(DataError, match=words):
        Dataset.open(copy)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def gone(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def rubbish(path: Path) -> None:
    path.write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (9" + b"(" * 90)


def object_array(path: Path) -> None:
    with open(path, "wb") as file:  # or NumPy gives it another name
        np.save(file, np.array([{}, []], dtype=object), allow_pickle=True)


def other_shape(path: Path) -> None:
    with open(path, "wb") as file:
        np.save(file, np.zeros((3, 31, 32), np.float32))


DAMAGES = [empty, cut, gone, folder, pipe, endless, rubbish, object_array, other_shape]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name",
    [
        "card.json",
        "mean.npy",
        "skipped.jsonl",
        "train-00000.labels.npy",
        "train-00000.names.jsonl",
        "train-00000.images.npy",
    ],
)
def test_any_file_damaged_in_any_way_is_told_in_one_line(
    copy: Path, name: str, damage: Callable[[Path], None]
) -> None:
    """Nothing is waited for, and nothing endless is read. An empty list of unreadable pictures is what it was."""
    damage(copy / name)
    if (name, damage) in (("skipped.jsonl", empty), ("skipped.jsonl", cut)):
        assert Dataset.open(copy).unreadable == ()
        return
    with pytest.raises(DataError, match=rf"{name}.*prepare|card\.json.*prepare") as caught:  # noqa: PT012  # any of them
        dataset = Dataset.open(copy)
        _ = dataset.mean, dataset.unreadable
        _ = dataset["train"].labels, list(dataset["train"].names), dataset["train"][0]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [4, -1, 2**62])
def test_labels_outside_the_classes_are_told(copy: Path, wrong: int) -> None:
    labels = np.load(copy / "train-00000.labels.npy")
    labels[7] = wrong
    np.save(copy / "train-00000.labels.npy", labels)
    with pytest.raises(
        DataError, match=rf"train-00000\.labels\.npy.*labels go from .*{wrong}.*there are 4 classes"
    ):
        _ = Dataset.open(copy)["train"].labels


@pytest.mark.parametrize(
    "line", ["{}", "[]", "1", "{", '{"split": 1, "name": "a", "reason": "b"}', "[" * 9999, '"\\ud800"']
)
def test_a_list_of_unreadable_pictures_that_is_none_is_told(copy: Path, line: str) -> None:
    (copy / "skipped.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match=r"skipped\.jsonl.*no list of pictures"):
        _ = Dataset.open(copy).unreadable


def test_a_card_knows_whether_it_is_as_written(copy: Path) -> None:
    assert not read_card(copy).changed
    values = read_values(copy)
    values["classes"][0]["words"] = "a square"
    (copy / "card.json").write_text(json.dumps(values))
    assert read_card(copy).changed
