"""Quarantine lists: names, objects, or one line that says what is wrong; nothing endless is read."""

import os
from pathlib import Path

import pytest

from alexnet.data.quarantine import read_quarantine, write_quarantine
from alexnet.errors import DataError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    rows = [("a.png", "dark"), ("b\n.png", ""), ("c\udcff.png", "x")]
    write_quarantine(tmp_path / "list", rows)
    assert read_quarantine(tmp_path / "list") == {name: f"quarantined: {reason}" for name, reason in rows}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", ["pipe", "endless", "folder", "absent"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "list"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(DataError, match=r"quarantine list .* cannot be read: "):
        read_quarantine(path)


@pytest.mark.parametrize(
    "line", ["{", '{"name": 1}', '{"reason": "x"}', '{"name": "a", "reason": []}', '{"a":' * 99_999]
)
def test_a_line_that_is_neither_a_name_nor_an_object_is_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "list").write_text("fine.png\n" + line + "\n")
    with pytest.raises(DataError, match=r"list:2: expected a name or \{'name'") as caught:
        read_quarantine(tmp_path / "list")
    assert len(str(caught.value)) < 400
