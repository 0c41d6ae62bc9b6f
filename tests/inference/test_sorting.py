"""Pictures in folders of their classes: nothing overwritten, nothing outside, nothing twice."""

import os
from pathlib import Path

import pytest

from alexnet.errors import AlexNetError, DataError
from alexnet.inference.inputs.named import NamedPicture
from alexnet.inference.pictures import Picture
from alexnet.inference.results import Prediction, Result
from alexnet.inference.sorting import Sorter, folder_name


def result(content: Picture, name: str = "cat", picture: str = "") -> Result:
    named = NamedPicture(picture or str(content), content)
    return Result(named, (Prediction(name, name, 1.0),))


@pytest.fixture
def same_names(tmp_path: Path) -> list[str]:
    """Three pictures of one name."""
    for folder in "abc":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.jpg").write_text(folder)
    return [str(tmp_path / folder / "x.jpg") for folder in "abc"]


@pytest.mark.parametrize("link", [False, True])
def test_pictures_of_one_name_lie_side_by_side_and_once(
    tmp_path: Path, same_names: list[str], link: bool
) -> None:
    """Also when all is done again, and beside what somebody else has put there."""
    (tmp_path / "out" / "cat").mkdir(parents=True)
    (tmp_path / "out" / "cat" / "x.jpg").write_text("somebody's")
    for _ in range(2):
        sorter = Sorter(tmp_path / "out", link=link)
        found = [sorter.put(result(path)) for path in same_names]
    assert [path.read_text() for path in found if path] == ["a", "b", "c"]
    assert [path.is_symlink() for path in found if path] == [link] * 3
    assert (tmp_path / "out" / "cat" / "x.jpg").read_text() == "somebody's"
    assert len(list((tmp_path / "out" / "cat").iterdir())) == 4
    assert all(
        os.path.samefile(path, source) is link for path, source in zip(found, same_names, strict=True) if path
    )


ODD = [
    "..", ".", "", "a/b", "a%2Fb", "../../x", "/etc", "a\0b", "-rf", ".hidden", "a\\b", "con.", "x" * 300,
    "x" * 300 + "y", "\x1b[31m", "50% cotton", "a_b", "ü" * 200, " ", "%00", "%",
]  # fmt: skip


def test_every_class_has_a_folder_of_its_own_within_the_directory(tmp_path: Path) -> None:
    """Whatever it is called: laws of the name, and the folders really made."""
    names = [folder_name(name) for name in ODD]
    assert len(set(names)) == len(ODD)
    assert all(
        name not in ("", ".", "..") and "/" not in name and len(os.fsencode(name)) < 256 for name in names
    )
    assert folder_name("tabby cat") == "tabby cat"
    assert folder_name("50% cotton") == "50% cotton"
    (tmp_path / "x.jpg").write_text("x")
    sorter = Sorter(tmp_path / "in" / "out", link=False)
    for name in ODD:
        sorter.put(result(str(tmp_path / "x.jpg"), name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "x.jpg"]
    assert len(list((tmp_path / "in" / "out").iterdir())) == len(ODD)
    assert len(list((tmp_path / "in" / "out").rglob("x.jpg"))) == len(ODD)


def test_members_and_addresses_are_copied_and_cannot_be_linked_to(tmp_path: Path) -> None:
    sorter = Sorter(tmp_path, link=False)
    for picture, name in (
        ("photos.zip/a/x.jpg", "x.jpg"),
        ("photos.zip/b/x.jpg", "x-"),
        ("http://host/a/y.jpg?size=3#z", "y.jpg"),
        ("http://host/..", "picture"),
        ("-", "picture-"),
        ("http://host/" + "z" * 500 + ".jpeg", "z" * 200 + ".jpeg"),
    ):
        path = sorter.put(result(picture.encode(), "cat", picture))
        assert path is not None
        assert path.parent == tmp_path / "cat"
        assert path.name.startswith(name)
        assert path.read_bytes() == picture.encode()
    with pytest.raises(DataError, match=r"photos\.zip/a is no file that could be linked to: copy it"):
        Sorter(tmp_path, link=True).put(result(b"x", "cat", "photos.zip/a"))


def test_a_link_where_a_class_should_lie_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "x.jpg").write_text("x")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cat").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AlexNetError, match="is a link or no folder"):
        Sorter(tmp_path / "out", link=False).put(result(str(tmp_path / "x.jpg")))
    (tmp_path / "out" / "cat").unlink()
    (tmp_path / "out" / "cat").mkdir()
    (tmp_path / "out" / "cat" / "x.jpg").symlink_to(tmp_path / "elsewhere" / "new")
    Sorter(tmp_path / "out", link=False).put(result(str(tmp_path / "x.jpg")))
    assert not list((tmp_path / "elsewhere").iterdir())
    assert len(list((tmp_path / "out" / "cat").iterdir())) == 2


def test_what_has_gone_or_has_no_class_is_not_there(tmp_path: Path) -> None:
    sorter = Sorter(tmp_path / "out", link=False)
    with pytest.raises(DataError, match="could not be copied: No such file"):
        sorter.put(result(str(tmp_path / "gone.jpg")))
    assert sorter.put(Result(NamedPicture("a", b""))) is None
    assert not list((tmp_path / "out").rglob("*.*"))
    (tmp_path / "file").write_text("")
    with pytest.raises(AlexNetError, match="cannot be written"):
        Sorter(tmp_path / "file", link=False)
