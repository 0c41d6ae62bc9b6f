"""Files are written whole or not at all."""

import os
from pathlib import Path

import pytest

from alexnet import files


def test_a_block_that_fails_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    files.write_text(path, "before")

    def fail() -> None:
        with files.written_whole(path) as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_there_only_when_the_block_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    with files.written_whole(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"


def test_files_have_the_rights_that_the_umask_gives(tmp_path: Path) -> None:
    """A temporary file alone would be its owner's only."""
    before = os.umask(0o027)
    try:
        files.write_text(tmp_path / "note.txt", "shared with the group")
    finally:
        os.umask(before)
    assert (tmp_path / "note.txt").stat().st_mode & 0o777 == 0o640


def test_the_umask_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can only be read by setting it, for all threads: two that did would leave everything open for good."""
    monkeypatch.setattr(os, "umask", None)
    files.write_text(tmp_path / "note.txt", "written by one of several threads")
