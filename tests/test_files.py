"""Files are written whole or not at all."""

import hashlib
import os
import threading
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


def test_a_text_that_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    files.write_text(path, "the same")
    before = path.stat().st_ino
    files.write_text(path, "the same")
    assert path.stat().st_ino == before
    files.write_text(path, "another")
    assert path.stat().st_ino != before


def test_a_link_is_replaced_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    files.write_text(tmp_path / "link", "ours")
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert (tmp_path / "link").read_text() == "ours"


def test_a_file_is_hashed_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(content)
    assert files.sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_the_folder_for_what_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ALEXNET_HOME`, else the cache folder, else the one below the user's home."""
    monkeypatch.setenv("ALEXNET_HOME", "/a")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    monkeypatch.setenv("HOME", "/c")
    assert files.home() == Path("/a")
    monkeypatch.delenv("ALEXNET_HOME")
    assert files.home() == Path("/b/alexnet")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert files.home() == Path("/c/.cache/alexnet")


@pytest.mark.parametrize(
    ("first", "second", "waits"), [(False, False, True), (True, False, True), (True, True, False)]
)
def test_a_folder_is_held_by_one_or_shared(tmp_path: Path, first: bool, second: bool, waits: bool) -> None:
    """Who shares it goes in beside others that do; everybody else waits until it is free."""
    entered = threading.Event()

    def enter() -> None:
        with files.locked(tmp_path, shared=second):
            entered.set()

    with files.locked(tmp_path, shared=first):
        thread = threading.Thread(target=enter)
        thread.start()
        assert entered.wait(0.2 if waits else 30) != waits
    thread.join(30)
    assert entered.is_set()
