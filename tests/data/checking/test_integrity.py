"""A prepared set against its card, and the card against itself: whatever is changed afterwards is found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexnet.data.checking.integrity import damages
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes


@pytest.fixture
def copy(shapes: Dataset, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shapes.directory, tmp_path / "copy"))


def test_a_set_as_prepared_has_no_damage(shapes: Dataset) -> None:
    assert damages(shapes) == []


@pytest.mark.parametrize("recorded", [True, False])
def test_a_damaged_mean_or_list_is_found(copy: Path, recorded: bool) -> None:
    """Also in sets of before their hashes were recorded, as far as the card tells."""
    mean = np.load(copy / "mean.npy")
    mean[0, 3, 4] = mean[0, 3, 4] + 1 if recorded else np.nan
    np.save(copy / "mean.npy", mean)
    (copy / "skipped.jsonl").write_text('{"split": "train", "name": "a", "reason": "b"}\n')
    if not recorded:
        old = json.loads((copy / "card.json").read_text())
        del old["sha256"], old["card_sha256"]
        (copy / "card.json").write_text(json.dumps(old))
    found = damages(Dataset.open(copy))
    assert ["mean.npy" in line for line in found] == [True, False]
    assert ["skipped.jsonl" in line for line in found] == [False, True]


EDITS: dict[str, Callable[[Any], object]] = {
    "words": lambda card: card["classes"][0].update(words="a square"),
    "classes": lambda card: card["classes"].reverse(),
    "two classes of one name": lambda card: card["classes"][0].update(name=card["classes"][1]["name"]),
    "pictures": lambda card: card["splits"]["train"].update(pictures=127),
    "pictures per class": lambda card: (
        card["splits"]["train"]["pictures_per_class"].reverse()
        or card["splits"]["train"]["pictures_per_class"].__setitem__(0, 31)
    ),
    "colours": lambda card: card["colour_components"].reverse(),
    "fingerprint": lambda card: card.update(fingerprint="0" * 64),
    "unreadable": lambda card: card.update(skipped=5),
    "a hash": lambda card: card["splits"]["train"]["shards"][0]["sha256"].update({"labels.npy": "0" * 64}),
    "the hash of the mean": lambda card: card["sha256"].clear(),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_card_is_found(copy: Path, edit: str) -> None:
    card = json.loads((copy / "card.json").read_text())
    EDITS[edit](card)
    (copy / "card.json").write_text(json.dumps(card, indent=1))
    assert any("card.json" in line and "it has been changed" in line for line in damages(Dataset.open(copy)))


@pytest.mark.parametrize(
    "edit",
    ["classes", "two classes of one name", "pictures", "pictures per class", "fingerprint", "unreadable"],
)
def test_a_card_of_before_it_was_sealed_is_compared_with_itself_and_the_files(copy: Path, edit: str) -> None:
    card = json.loads((copy / "card.json").read_text())
    del card["card_sha256"]
    EDITS[edit](card)
    (copy / "card.json").write_text(json.dumps(card))
    assert damages(Dataset.open(copy))


def test_labels_are_compared_with_the_card(tmp_path: Path) -> None:
    """A file whose hash was put on the card anew, but not the numbers of its classes."""
    dataset = prepare(Shapes(40, classes=4), tmp_path / "set", side=16, workers=0)
    card = json.loads((tmp_path / "set" / "card.json").read_text())
    card["splits"]["train"]["pictures_per_class"] = [11, 9, 10, 10]
    del card["card_sha256"]
    (tmp_path / "set" / "card.json").write_text(json.dumps(card))
    (line,) = damages(Dataset.open(dataset.directory))
    assert "other numbers of train pictures for the classes than their labels do" in line
