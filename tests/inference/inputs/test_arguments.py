"""Every way to name pictures gives them in order, with names that name them again; nothing leads out."""

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from alexnet.errors import DataError, RecipeError
from alexnet.inference.inputs.addresses import Address
from alexnet.inference.inputs.arguments import pictures
from alexnet.inference.inputs.lists import LONGEST, paths


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with pictures in photos/."""
    for name in (
        "b.jpg",
        "a/2.PNG",
        "a/10.png",
        "a.jpg",
        "a/notes.txt",
        ".hidden/x.jpg",
        "a/.x.jpg",
        "c/d/e.gif",
    ):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(name.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


WALKED = ["a.jpg", "a/10.png", "a/2.PNG", "b.jpg", "c/d/e.gif"]


def names(*inputs: str, **options: object) -> list[str]:
    return [one.name for one in pictures(*inputs, **options)]  # type: ignore[arg-type]  # of several types


def errors(*inputs: str) -> list[str]:
    return [str(one.content) for one in pictures(*inputs) if isinstance(one.content, DataError)]


def test_a_folder_is_walked_in_the_order_of_whole_paths(here: Path) -> None:
    """As sorted() has them, and as Python's own walk finds them; hidden ones and other files are left out."""
    found = names("photos")
    assert found == [f"photos/{name}" for name in WALKED]
    assert found == sorted(found)
    assert names("photos/", "photos/b.jpg", "photos/b.jpg")[4:] == [
        "photos/c/d/e.gif",
        "photos/b.jpg",
        "photos/b.jpg",
    ]
    assert names(".") == [f"./photos/{name}" for name in WALKED]


def test_links_lead_to_pictures_but_out_of_no_folder(here: Path) -> None:
    os.symlink(here / "photos/a.jpg", here / "photos/link.jpg")
    os.symlink("/", here / "photos/out")
    os.symlink(here / "photos", here / "photos/a/round")
    passed: Counter[str] = Counter()
    found = names("photos", passed=lambda path, why: passed.update([why]))
    assert found == [f"photos/{name}" for name in [*WALKED, "link.jpg"]]
    assert passed == {"links to folders were not followed": 2}


def test_folders_that_pictures_are_copied_into_are_left_out(here: Path) -> None:
    assert names("photos", exclude=("photos/a",)) == ["photos/a.jpg", "photos/b.jpg", "photos/c/d/e.gif"]


def test_a_pattern_is_that_of_a_shell_unless_a_file_is_called_so(here: Path) -> None:
    assert names("photos/*.jpg") == ["photos/a.jpg", "photos/b.jpg"]
    assert names("photos/**/*.png") == ["photos/a/10.png"]
    assert names("photos/[ac]") == ["photos/a/10.png", "photos/a/2.PNG", "photos/c/d/e.gif"]
    (here / "photos/[ac]").write_bytes(b"")
    assert names("photos/[ac]") == ["photos/[ac]"]
    assert errors("photos/*.bmp") == ["unreadable: nothing matches the pattern"]


def test_a_list_is_taken_as_it_is_written(here: Path) -> None:
    """Marks of Windows, empty lines, odd names; no patterns, and no lists on lists."""
    lines = b"\xef\xbb\xbfphotos/b.jpg\r\n\r\n\nphotos/*.jpg\n@list\nphotos\n-\nhttp://x/y.jpg\n\xff.jpg\nlast.png"
    (here / "list").write_bytes(lines)
    passed: list[str] = []
    found = names("@list", passed=lambda path, why: passed.append(path))
    assert found == ["photos/b.jpg", "photos/*.jpg", "@list", "-", "http://x/y.jpg", "\udcff.jpg", "last.png"]
    assert passed == ["photos"]
    assert errors("@list") == ["unreadable: nothing is fetched without --allow-urls"]
    (here / "null").write_bytes(b"photos/b.jpg\0new\nline.jpg\0")
    assert names("@null", null=True) == ["photos/b.jpg", "new\nline.jpg"]


def test_lines_are_those_that_splitting_the_whole_gives() -> None:
    """However the bytes come, as from a pipe; and a path is there as soon as its line is."""
    content = b"one\ntwo\r\n\nthree\nfour"

    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(1)

    expected = ["one", "two", "three", "four"]
    assert list(paths(Dripping(content), "x")) == list(paths(io.BytesIO(content), "x")) == expected
    dripping = Dripping(content)
    assert next(paths(dripping, "x")) == "one"
    assert dripping.tell() == 4
    with pytest.raises(DataError, match="has a line of more than 65536 bytes"):
        list(paths(io.BytesIO(b"x" * (2 * LONGEST)), "x"))


@pytest.mark.slow
def test_standard_input_is_a_list_or_a_picture(here: Path) -> None:
    script = (
        "import sys; from alexnet.inference.inputs.arguments import pictures\n"
        "print([(one.name, one.content) for one in pictures('-', bytes_on_stdin=len(sys.argv) > 1)])"
    )
    for arguments, said in (
        ([], [("a.jpg", "a.jpg"), ("b c", "b c")]),
        (["bytes"], [("-", b"a.jpg\nb c\n")]),
    ):
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(command, input=b"a.jpg\nb c\n", capture_output=True, check=True)
        assert done.stdout.decode().strip() == repr(said)


def archive(path: str, members: dict[str, bytes]) -> None:
    if path.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in members.items():
                packed.writestr(name, content)
        return
    with tarfile.open(path, "w:gz" if path.endswith("gz") else "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("a/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)


@pytest.mark.parametrize("path", ["photos.zip", "photos.tar", "photos.tgz"])
def test_members_of_archives_are_pictures_that_can_be_named_again(here: Path, path: str) -> None:
    """Regular ones within it: no link, no name that leads out, none that is absolute."""
    archive(
        path, {"b/2.jpg": b"two", "a/1.jpg": b"one", "../out.jpg": b"", "/etc/x.jpg": b"", "a/readme": b""}
    )
    found = list(pictures(path))
    assert [(one.name, one.content) for one in found] == [
        (f"{path}/a/1.jpg", b"one"),
        (f"{path}/b/2.jpg", b"two"),
    ]
    assert [(one.name, one.content) for one in pictures(f"{path}/b/2.jpg")] == [(f"{path}/b/2.jpg", b"two")]
    assert names(f"{path}/a") == [f"{path}/a/1.jpg"]
    (here / "list").write_text(f"{path}/b/2.jpg\n{path}\n")
    assert names("@list") == [f"{path}/b/2.jpg", f"{path}/a/1.jpg", f"{path}/b/2.jpg"]
    for outside in (f"{path}/../out.jpg", f"{path}/nothing.jpg", f"{path}/a/link.jpg"):
        (one,) = pictures(outside)
        assert isinstance(one.content, DataError), outside


def test_a_bomb_in_a_zip_is_not_unpacked(here: Path) -> None:
    archive("bomb.zip", {"a.jpg": bytes(100 * 2**20), "b.jpg": b"harmless"})
    first, second = pictures("bomb.zip")
    assert str(first.content) == "too large: it unpacks to over 200 times its size, as a bomb does"
    assert second.content == b"harmless"


def test_what_is_not_there_is_a_picture_with_a_reason(here: Path) -> None:
    (here / "broken.zip").write_bytes(b"PK")
    (here / "empty").mkdir()
    archive("none.zip", {"readme": b""})
    assert errors("empty") == ["empty: the folder holds no pictures"]
    assert errors("none.zip") == ["empty: the archive holds no pictures"]
    assert "not a readable zip archive" in errors("broken.zip")[0]
    assert names("nowhere.jpg", "photos/b.jpg/x") == ["nowhere.jpg", "photos/b.jpg/x"]  # the reader says why


def test_addresses_are_taken_only_where_that_is_allowed(here: Path) -> None:
    with pytest.raises(RecipeError, match=r"http://host/a\.jpg is an address: .*--allow-urls"):
        pictures("photos", "http://host/a.jpg")
    (one,) = pictures("HTTPS://host/a.jpg", allow_urls=True)
    assert isinstance(one.content, Address)
    for other in ("file:///etc/passwd", "ftp://host/a.jpg", "s3://bucket/a.jpg"):
        (one,) = pictures(other, allow_urls=True)
        assert one.content == other  # a path that is not there


def test_what_cannot_be_meant_is_refused_before_anything_is_read(here: Path) -> None:
    with pytest.raises(RecipeError, match="- is given twice"):
        pictures("-", "photos", "-")
    with pytest.raises(DataError, match="list 'nowhere' does not exist"):
        pictures("@nowhere")
