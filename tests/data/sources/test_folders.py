"""Image folders and pictures named by their synset, in directories and zip archives."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.files.archives import Zip
from alexnet.data.sources.files.trees import Directory
from alexnet.data.sources.folders import Folders
from alexnet.data.sources.opening import open_source
from alexnet.data.sources.source import natural
from alexnet.errors import DataError


def png(value: int = 0) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4), (value % 256, 10, 20)).save(stream, "PNG")
    return stream.getvalue()


def write(root: Path, *paths: str) -> Path:
    for value, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(png(value))
    return root


def names(source: Folders, split: str) -> list[str]:
    return [example.name for example in source.examples(split)]


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
def test_split_folders_go_by_any_of_their_names(tmp_path: Path, validation: str) -> None:
    source = Folders(
        Directory(
            write(
                tmp_path, "train/a/1.png", "train/b/2.png", f"{validation}/a/3.png", f"{validation}/b/4.PNG"
            )
        )
    )
    assert source.splits == ("train", "validation")
    assert [e.label for e in source.examples("validation")] == ["a", "b"]


def test_classes_are_in_natural_order(tmp_path: Path) -> None:
    source = Folders(Directory(write(tmp_path, *(f"train/class{n}/1.png" for n in (10, 9, 1)))))
    assert source.classes == ("class1", "class9", "class10")
    assert sorted(["b", "a10", "a9", "B", "1", "a"], key=natural) == ["1", "a", "a9", "a10", "B", "b"]


def test_class_folders_alone_are_divided_by_class_and_nothing_is_lost(tmp_path: Path) -> None:
    write(tmp_path, *(f"{name}/{n}.png" for name in "abc" for n in range(20)))
    source = Folders(Directory(tmp_path))
    train, validation = names(source, "train"), names(source, "validation")
    assert sorted(train + validation) == sorted(f"{name}/{n}.png" for name in "abc" for n in range(20))
    assert [sum(n.startswith(c) for n in validation) for c in "abc"] == [2, 2, 2]
    assert names(Folders(Directory(tmp_path)), "validation") == validation
    assert names(Folders(Directory(tmp_path), seed=1), "validation") != validation


def test_another_class_does_not_change_the_division_of_the_others(tmp_path: Path) -> None:
    write(tmp_path, *(f"{name}/{n}.png" for name in "bc" for n in range(20)))
    before = names(Folders(Directory(tmp_path)), "validation")
    write(tmp_path, *(f"a/{n}.png" for n in range(5)))
    assert [name for name in names(Folders(Directory(tmp_path)), "validation") if name[0] != "a"] == before


def test_any_range_of_a_split_is_a_slice_of_the_whole(tmp_path: Path) -> None:
    write(tmp_path, *(f"{name}/{n}.png" for name in "abc" for n in range(7)))
    source = Folders(Directory(tmp_path))
    whole = [e.name for e in source.examples("train")]
    assert source.count("train") == len(whole)
    for start in range(0, len(whole), 3):
        assert [e.name for e in source.examples("train", start, start + 5)] == whole[start : start + 5]


def test_junk_is_passed_over_and_counted(tmp_path: Path) -> None:
    write(tmp_path, "train/a/1.png", "train/b/1.png", "train/.ipynb_checkpoints/1.png", "train/a/.hidden.png")
    for junk in ("train/a/Thumbs.db", "train/b/readme.txt"):
        (tmp_path / junk).write_text("x")
    source = Folders(Directory(tmp_path))
    assert source.classes == ("a", "b")
    assert source.count("train") == 2
    assert source.notes["ignored_files"] == 1


def test_pictures_of_a_kind_that_is_not_read_are_not_passed_over(tmp_path: Path) -> None:
    """A folder of a phone's HEIC files would otherwise shrink without a word."""
    write(tmp_path, "train/a/1.png", "train/a/IMG_1234.HEIC", "train/b/1.avif")
    assert names(Folders(Directory(tmp_path)), "train") == [
        "train/a/1.png",
        "train/a/IMG_1234.HEIC",
        "train/b/1.avif",
    ]


@pytest.mark.parametrize(
    ("paths", "empty", "words"),
    [
        (("train/a/1.png", "val/a/1.png"), "train/b", "'train/b'.*no pictures"),
        (("train/a/1.png", "train/b/1.png", "val/a/1.png"), None, "validation.*lacks class 'b'"),
        (("train/a/1.png", "val/a/1.png", "val/b/1.png"), None, "validation.*adds class 'b'"),
        (("train/1.png", "val/1.png"), None, "no class folders"),
        (("a/1.png", "a/2.png", "b/1.png"), None, "'b' holds 1 picture"),
        (("train/a/1.png", "val/a/1.png", "valid/a/1.png"), None, "both 'val' and 'valid'"),
    ],
)
def test_impossible_folders_are_refused_in_one_line(
    tmp_path: Path, paths: tuple[str, ...], empty: str | None, words: str
) -> None:
    write(tmp_path, *paths)
    if empty:
        (tmp_path / empty).mkdir(parents=True)
    with pytest.raises(DataError, match=words) as caught:
        Folders(Directory(tmp_path))
    assert "\n" not in str(caught.value)


def test_odd_names_and_links_in_a_circle_are_read(tmp_path: Path) -> None:
    write(tmp_path, "train/a b/two\nlines.png", "train/ünïcode/1.png")
    odd = os.fsencode(tmp_path / "train" / "a b") + b"/\xff\xfe.png"
    with open(odd, "wb") as file:
        file.write(png())
    (tmp_path / "train" / "a b" / "round").symlink_to(tmp_path / "train" / "a b")
    (tmp_path / "train" / "a b" / "self.png").symlink_to("self.png")
    source = Folders(Directory(tmp_path))
    found = {e.name: e.content for e in source.examples("train")}
    assert found["train/a b/two\nlines.png"] == png(0)
    assert os.fsencode("train/a b/").decode() + "\udcff\udcfe.png" in found
    assert isinstance(found["train/a b/self.png"], DataError)


def test_pipes_are_named_and_never_waited_for(tmp_path: Path) -> None:
    write(tmp_path, "train/a/1.png")
    os.mkfifo(tmp_path / "train" / "a" / "pipe.png")
    contents = {e.name: e.content for e in Folders(Directory(tmp_path)).examples("train")}
    assert "not a regular file" in str(contents["train/a/pipe.png"])


def test_an_archive_reads_as_the_folder_it_holds(tmp_path: Path) -> None:
    write(tmp_path / "set", *(f"{name}/{n}.png" for name in "abc" for n in range(5)))
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted((tmp_path / "set").rglob("*.png"), reverse=True):
            archive.write(path, f"wrapped/{path.relative_to(tmp_path / 'set')}")
    folder, packed = Folders(Directory(tmp_path / "set")), Folders(Zip(tmp_path / "set.zip"))
    for split in folder.splits:
        assert [(f"wrapped/{e.name}", e.content, e.label) for e in folder.examples(split)] == [
            (e.name, e.content, e.label) for e in packed.examples(split)
        ]


def test_names_in_a_zip_are_utf8_whether_it_says_so_or_not(tmp_path: Path) -> None:
    """macOS and Info-ZIP do not say so; what is no UTF-8 is cp437, as the format has it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("says ü", "utf8 __", "dos _"):
            archive.writestr(f"train/{name}/1.png", png())
    content = (
        stream.getvalue().replace(b"utf8 __", "utf8 ü".encode()).replace(b"dos _", "dos ü".encode("cp437"))
    )
    (tmp_path / "set.zip").write_bytes(content)
    source = Folders(Zip(tmp_path / "set.zip"))
    assert source.classes == ("dos ü", "says ü", "utf8 ü")
    assert all(isinstance(example.content, bytes) for example in source.examples("train"))


def test_members_that_reach_outside_are_left_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in (
            "../out/1.png",
            "/abs/1.png",
            "a/../../x/1.png",
            "a/1.png",
            "a/2.png",
            "b/1.png",
            "b/2.png",
        ):
            archive.writestr(name, png())
    assert Folders(Zip(tmp_path / "set.zip")).classes == ("a", "b")


def test_pictures_named_by_synset_are_one_training_split(tmp_path: Path) -> None:
    write(tmp_path / "flat", "n01496331_electric_ray.JPEG", "n01440764_tench.JPEG", "n01440764_10026.JPEG")
    source = open_source(tmp_path / "flat")
    assert source.splits == ("train",)
    assert source.classes == ("n01440764", "n01496331")
    assert source.words["n01496331"] == "electric ray"
    assert [e.label for e in source.examples("train")] == ["n01440764", "n01440764", "n01496331"]


def test_what_is_not_there_or_not_an_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        open_source(tmp_path / "nothing")
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(DataError, match="not a readable zip"):
        open_source(tmp_path / "text.zip")


@pytest.mark.slow
def test_the_sample_of_imagenet_has_two_hundred_classes_with_words(shared_data: Path) -> None:
    source = open_source(shared_data / "imagenet-sample-200.zip")
    assert len(source.classes) == source.count("train") == 200
    assert source.words["n01440764"] == "tench"
    assert np.unique([e.label for e in source.examples("train")]).size == 200


CIRCLES = [
    {"train/a/up": ".."},
    {"train/a/root": "../.."},
    {"train/a/self": "."},
    {"train/c": "."},
    {"train/a/deep/up": "../.."},
    {"train/a/b": "../b", "train/b/a": "../a"},
    {"train/a/val": "../../val/a", "val/a/train": "../../train/a"},
    {"train/a/1": "../b/2", "train/b/2": "../a/1"},
]


@pytest.mark.parametrize("links", CIRCLES)
def test_links_in_a_circle_neither_multiply_pictures_nor_change_their_class(
    tmp_path: Path, links: dict[str, str]
) -> None:
    """Each file once, under its own class, as without the links."""
    for split in ("train", "val"):
        for name in "ab":
            for n in range(4):
                path = tmp_path / split / name / "deep" / f"{n}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(f"{split} {name} {n}".encode())
    for link, target in links.items():
        (tmp_path / link).symlink_to(target)
    source = open_source(tmp_path)
    for split, folder in (("train", "train"), ("validation", "val")):
        found = [(example.content, example.label) for example in source.examples(split)]
        assert found == [(f"{folder} {name} {n}".encode(), name) for name in "ab" for n in range(4)]


def test_a_link_that_leads_elsewhere_is_followed(tmp_path: Path) -> None:
    """Out of the tree, also where a link there leads back; and to a folder beside the splits."""
    for folder in ("set/train/a", "set/train/b", "set/pool", "outside"):
        (tmp_path / folder).mkdir(parents=True)
    for n in range(2):
        (tmp_path / "set" / "train" / "b" / f"{n}.png").write_bytes(b"b")
        (tmp_path / "set" / "pool" / f"{n}.png").write_bytes(b"pool")
        (tmp_path / "outside" / f"{n}.png").write_bytes(b"outside")
    (tmp_path / "outside" / "back").symlink_to(tmp_path / "set" / "train")
    (tmp_path / "set" / "train" / "a" / "outside").symlink_to(tmp_path / "outside")
    (tmp_path / "set" / "train" / "a" / "pool").symlink_to("../../pool")
    found = [(example.content, example.label) for example in open_source(tmp_path / "set").examples("train")]
    assert found == [(b"outside", "a")] * 2 + [(b"pool", "a")] * 2 + [(b"b", "b")] * 2


@pytest.mark.timeout(60)
def test_a_folder_with_pipes_devices_and_endless_files_is_prepared_without_them(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / "set" / name).mkdir(parents=True)
        for n in range(30):
            Image.new("RGB", (8, 8), (n, 0, 0)).save(tmp_path / "set" / name / f"{n}.png")
    os.mkfifo(tmp_path / "set" / "a" / "pipe.png")
    (tmp_path / "set" / "a" / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "set" / "b" / "terminal.png").symlink_to("/dev/tty")
    with open(tmp_path / "set" / "b" / "huge.png", "wb") as file:
        file.truncate(2**40)  # of holes
    dataset = prepare(tmp_path / "set", tmp_path / "prepared", side=8, workers=0, tolerance=0.5)
    assert {one.name: one.reason.split(":")[0] for one in dataset.unreadable} == {
        "a/pipe.png": "unreadable",
        "a/zero.png": "unreadable",
        "b/terminal.png": "unreadable",
        "b/huge.png": "too large",
    }
    assert sum(len(dataset[name]) for name in dataset) == 60
