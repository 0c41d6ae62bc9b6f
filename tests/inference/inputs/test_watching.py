"""What appears in a folder is taken once, whole, and as often as it changes."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alexnet.errors import DataError
from alexnet.inference.inputs import watching
from alexnet.inference.inputs.watching import watched


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_SECONDS", 0.02)


class Looks(threading.Event):
    """Ends the watch after so many looks, before each of which something may happen."""

    def __init__(self, *happenings: object) -> None:
        super().__init__()
        self.happenings = list(happenings)

    def wait(self, timeout: float | None = None) -> bool:
        if not self.happenings:
            return True
        happening = self.happenings.pop(0)
        if callable(happening):
            happening()
        return False


def taken(found: Iterator[object]) -> list[str]:
    return [os.path.basename(one.name) for one in found]  # type: ignore[attr-defined]  # NamedPicture


def test_new_and_changed_pictures_are_taken_in_the_order_of_their_times(tmp_path: Path) -> None:
    (tmp_path / "old.jpg").write_bytes(b"1")
    (tmp_path / "changing.jpg").write_bytes(b"1")
    (tmp_path / "below").mkdir()

    def happen() -> None:
        for time, name in ((300, "a.jpg"), (100, "below/b.jpg"), (200, "changing.jpg"), (50, "c.jpg.part")):
            (tmp_path / name).write_bytes(b"22")
            os.utime(tmp_path / name, (time, time))

    assert taken(watched(tmp_path, Looks(happen, 0, 0, 0))) == ["b.jpg", "changing.jpg", "a.jpg"]


def test_a_picture_is_not_taken_while_it_grows_or_somebody_writes_to_it(tmp_path: Path) -> None:
    """A writer may pause for as long as it likes, where the system tells of it; elsewhere, half a second."""
    path = tmp_path / "a.jpg"
    assert taken(watched(tmp_path, Looks(*[lambda: grow(path)] * 3))) == []
    assert taken(watched(tmp_path, Looks(*[lambda: grow(path)] * 3, 0))) == ["a.jpg"]
    writer: list[object] = []

    def begin() -> None:
        writer.append(open(tmp_path / "b.jpg", "wb", buffering=0))  # noqa: SIM115  # closed below

    def end() -> None:
        writer.pop().close()  # type: ignore[attr-defined]  # a file

    def seen() -> Iterator[str]:
        for one in watched(tmp_path, Looks(begin, 0, 0, 0, end, 0)):
            yield f"{os.path.basename(one.name)} {len(writer)}"

    assert list(seen()) == ["b.jpg 0"]


def grow(path: Path) -> None:
    with open(path, "ab") as file:
        file.write(b"more")


def test_what_vanishes_is_forgotten_and_may_come_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    again = Looks(lambda: path.write_bytes(b"1"), path.unlink, lambda: path.write_bytes(b"1"), 0, 0)
    assert taken(watched(tmp_path, again)) == ["a.jpg"]


def test_a_folder_that_is_not_there_or_goes_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder that could be watched"):
        watched(tmp_path / "nowhere", threading.Event())
    folder = tmp_path / "folder"
    folder.mkdir()
    found = watched(folder, Looks(folder.rmdir))
    with pytest.raises(DataError, match="no folder that could be watched"):
        next(found)


def test_folders_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "sorted").mkdir()
    happen = Looks(lambda: (tmp_path / "sorted" / "a.jpg").write_bytes(b"1"), 0, 0)
    assert taken(watched(tmp_path, happen, exclude=(tmp_path / "sorted",))) == []
