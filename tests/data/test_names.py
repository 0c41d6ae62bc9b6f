"""Names of every kind, through preparing and its command: none is lost, none reaches a terminal raw."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hostile import encoded
from PIL import Image

from alexnet.cli.prepare import command
from alexnet.data.dataset import Dataset
from alexnet.text import Texts, visible

ODD = [
    "plain.png",
    "two words.png",
    "line\nbreak.png",
    "tab\there.png",
    "ünï.png",
    "日本.png",
    "\x1b[31mred.png",
    "'\"`$.png",
]
ODD += ["-rf.png", "%s.png", "a;b&c.png", "\u202egnp.png", os.fsdecode(b"\xff\xfe.png"), "x" * 200 + ".png"]


@pytest.mark.parametrize("name", ODD)
def test_a_text_comes_back_as_it_was(name: str) -> None:
    texts = Texts()
    for text in ("first", name, "last"):
        texts.append(text)
    assert [texts[n] for n in range(len(texts))] == ["first", name, "last"]
    assert visible(name).isprintable()


def test_every_name_is_prepared_and_comes_back(tmp_path: Path) -> None:
    for name in ("a b", "ü\n"):
        (tmp_path / "set" / "train" / name).mkdir(parents=True)
        for number, file in enumerate(ODD):
            content = encoded(Image.new("RGB", (8, 8), (number, 0, 0)), "PNG")
            (tmp_path / "set" / "train" / name / file).write_bytes(content)
    for number in range(2):
        (tmp_path / "set" / "train" / "a b" / f"\x1b[2J {number}.png").write_bytes(b"broken")
    result = CliRunner().invoke(command, [str(tmp_path / "set"), str(tmp_path / "out"), "--tolerance", "0.5"])
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    dataset = Dataset.open(tmp_path / "out")
    names = set(dataset.split("train").names)
    assert names == {f"train/{label}/{file}" for label in ("a b", "ü\n") for file in ODD}
    assert len(dataset.unreadable) == 2
