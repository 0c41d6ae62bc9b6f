"""Archives that the standard library stumbles over: one line, whatever it raises."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from alexnet.data.sources.files.archives import Tar, Zip
from alexnet.errors import DataError


def zip_of(names: list[str], change: Callable[[bytearray], None]) -> bytes:
    """A zip archive whose bytes are changed afterwards."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        for name in names:
            archive.writestr(name, bytes(2000))
        for info in archive.filelist:
            info.filename = info.filename.removeprefix("nameless")
    content = bytearray(stream.getvalue())
    change(content)
    return bytes(content)


def newer(content: bytearray) -> None:
    content[content.index(b"PK\x01\x02") + 6] = 255  # the version that is needed to read it


def other_properties(content: bytearray) -> None:
    content[30 + len("a/0.png") + 4] = 255  # of LZMA


@pytest.mark.parametrize(
    ("change", "words"),
    [(newer, "not a readable zip archive: zip file version"), (other_properties, "unreadable: ")],
)
def test_a_zip_that_zipfile_cannot_read_is_told(
    tmp_path: Path, change: Callable[[bytearray], None], words: str
) -> None:
    (tmp_path / "x.zip").write_bytes(zip_of(["a/0.png", "b/1.png"], change))
    with pytest.raises(DataError, match=words):
        Zip(tmp_path / "x.zip").read("a/0.png")


def test_a_member_without_a_name_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zip_of(["nameless", "a/0.png"], lambda content: None))
    assert Zip(tmp_path / "x.zip").files("", deep=True) == ["a/0.png"]


def test_a_file_that_cannot_be_read_though_it_is_regular_is_told() -> None:
    with pytest.raises(DataError, match="/proc/self/mem"):
        Tar("/proc/self/mem")
