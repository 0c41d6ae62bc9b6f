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


def test_only_a_regular_file_of_bounded_size_is_read(tmp_path: Path) -> None:
    """A pipe is not waited for, a device not read without end, and a link is what it points to."""
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert files.read_bounded(tmp_path / "link", 3) == b"abc"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name, why in (
        ("pipe", "no regular file"),
        ("zero", "no regular file"),
        ("file", "larger"),
        (".", "folder"),
    ):
        with pytest.raises(OSError, match=why):
            files.read_bounded(tmp_path / name, 2)


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "null", "."):
        with pytest.raises(OSError, match="not replaced"), files.written_whole(tmp_path / name):
            pass
    assert (tmp_path / "pipe").is_fifo()
