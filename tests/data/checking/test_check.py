"""The check names every fault that was put in, and nothing else."""

import html.parser
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from deadly import Deadly
from hostile import encoded, refused
from PIL import Image

from alexnet.cli.check import command
from alexnet.data.checking import check as checking
from alexnet.data.checking.check import KINDS, CheckReport, check
from alexnet.data.checking.integrity import damages
from alexnet.data.checking.page import check_page
from alexnet.data.named import open_dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.quarantine import read_quarantine
from alexnet.data.sources.opening import open_source
from alexnet.data.sources.shapes import Shapes
from alexnet.data.workers import pool as workers
from alexnet.errors import DataError


def picture(seed: int, side: int = 64) -> Image.Image:
    """Blurred noise: no two seeds look alike."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of twelve and four sound pictures each."""
    seed = 0
    for split, count in (("train", 12), ("val", 4)):
        for name in "ab":
            (tmp_path / "set" / split / name).mkdir(parents=True)
            for n in range(count):
                seed += 1
                (tmp_path / "set" / split / name / f"{n}.png").write_bytes(encoded(picture(seed), "PNG"))
    return tmp_path / "set"


def found(folder: Path) -> CheckReport:
    return check(open_source(folder, strict=False))


@pytest.mark.slow  # seconds
def test_a_picture_that_brings_the_decoder_down_is_one_finding_among_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "PATIENCE", 3.0)
    source = Deadly(100, side=40)
    source.crash, source.hang = 37, 41
    findings = check(source, workers=2).of("damaged")
    assert {(f.split, f.name, f.detail) for f in findings} == {
        ("train", "train 37", "it brings the decoder down"),
        ("train", "train 41", "not decoded within 3 s"),
    }


def test_findings_do_not_depend_on_who_looks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "train" / "b" / "tiny.png").write_bytes(encoded(picture(900, 10), "PNG"))
    (folder / "train" / "b" / "copy.png").write_bytes((folder / "val/a/0.png").read_bytes())
    monkeypatch.setattr(checking, "_PART", 3)
    source = open_source(folder)
    assert check(source, workers=3).to_dict() == check(source, workers=0).to_dict()


def test_a_source_that_fails_while_it_is_looked_through_is_told() -> None:
    source = Deadly(100, side=16)
    source.fail = 55
    for count in (0, 2):
        with pytest.raises(DataError, match="the source is gone"):
            check(source, workers=count)


def test_sound_pictures_are_nothing_to_report(folder: Path) -> None:
    examination = found(folder)
    assert examination.findings == []
    assert examination.worst() is None
    assert examination.pictures == {"train": 24, "validation": 8}


@pytest.mark.filterwarnings("ignore")
def test_every_broken_picture_is_named_with_its_kind(folder: Path) -> None:
    broken = list(refused().values())
    for number, (content, _) in enumerate(broken):
        (folder / "train" / "a" / f"bad {number}.jpg").write_bytes(content)
    findings = [f for f in found(folder).findings if f.severity == "error"]
    assert {f.name for f in findings} == {f"train/a/bad {n}.jpg" for n in range(len(broken))}
    for finding in findings:
        number = int(finding.name.split()[-1].split(".")[0])
        assert finding.kind in broken[number][1]


def test_oddities_are_told_apart(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    odd = {
        "wrong ending": ("x.jpg", encoded(picture(100), "PNG")),
        "animated": ("x.gif", encoded(picture(101), "GIF", save_all=True, append_images=[picture(102)])),
        "cmyk": ("c.jpg", encoded(picture(103).convert("CMYK"), "JPEG")),
        "deep": (
            "d.png",
            encoded(Image.fromarray(np.asarray(picture(104).convert("L")).astype(np.uint16) * 257), "PNG"),
        ),
        "rotated": ("r.jpg", encoded(picture(105), "JPEG", exif=exif)),
        "tiny": ("t.png", encoded(picture(106, 20), "PNG")),
        "transparent": ("a.png", encoded(picture(107).convert("RGBA").rotate(10), "PNG")),
    }
    for name, content in odd.values():
        (folder / "train" / "a" / name).write_bytes(content)
    assert {(f.kind, f.name) for f in found(folder).findings} == {
        (k, f"train/a/{n}") for k, (n, _) in odd.items()
    }


def test_duplicates_leaks_and_contradictions_are_found(folder: Path) -> None:
    def copy(source: str, target: str) -> None:
        (folder / target).write_bytes((folder / source).read_bytes())

    copy("train/a/0.png", "train/a/copy.png")
    copy("train/a/1.png", "train/b/other label.png")
    copy("train/a/2.png", "val/a/leaked.png")
    small = Image.open(folder / "train/a/3.png").resize((50, 50))
    (folder / "val/a/near.jpg").write_bytes(encoded(small, "JPEG", quality=70))
    bright = Image.open(folder / "train/a/4.png").point(lambda value: value * 0.8 + 20)
    (folder / "train/a/near too.png").write_bytes(encoded(bright, "PNG"))
    pairs = {(f.kind, f.name, f.other) for f in found(folder).findings}
    assert pairs == {
        ("duplicate", "train/a/0.png", "train/a/copy.png"),
        ("two labels", "train/a/1.png", "train/b/other label.png"),
        ("leak", "train/a/2.png", "val/a/leaked.png"),
        ("near leak", "train/a/3.png", "val/a/near.jpg"),
        ("near duplicate", "train/a/4.png", "train/a/near too.png"),
    }


def test_classes_that_differ_or_are_empty_are_reported_and_the_rest_is_checked(folder: Path) -> None:
    (folder / "train" / "c").mkdir()
    (folder / "val" / "a" / "bad.png").write_bytes(b"nothing")
    examination = found(folder)
    assert len(examination.of("layout")) == 2
    assert "'train/c'" in examination.of("layout")[0].detail
    assert examination.of("no picture")[0].name == "val/a/bad.png"


def test_a_class_of_one_picture_is_reported_where_none_is_set_aside(folder: Path) -> None:
    for path in (folder / "train" / "b").glob("?*.png"):
        if path.name != "0.png":
            path.unlink()
    examination = found(folder / "train")
    assert examination.pictures == {"train": 12, "validation": 1}
    assert "'b' holds 1 picture" in examination.of("layout")[0].detail


def test_a_class_far_larger_than_another_is_reported(folder: Path) -> None:
    for n in range(2, 12):
        (folder / "train" / "b" / f"{n}.png").unlink()
    for n in range(20):
        (folder / "train" / "a" / f"more {n}.png").write_bytes(encoded(picture(500 + n), "PNG"))
    assert [(f.kind, f.detail) for f in found(folder).findings] == [("imbalance", "'a' has 32, 'b' 2")]


def test_the_page_is_whole_and_names_do_no_harm(folder: Path) -> None:
    name = "<script>alert(1)</script>'\x1b[31m.png"
    (folder / "train" / "a" / name.replace("/", "_")).write_bytes(b"nothing")
    source = open_source(folder)
    page = check_page(check(source), source)
    html.parser.HTMLParser().feed(page)
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "no picture" in page


def test_the_command_prints_json_and_exits_by_severity(folder: Path, tmp_path: Path) -> None:
    (folder / "train" / "a" / "tiny.png").write_bytes(encoded(picture(900, 10), "PNG"))
    runner = CliRunner()
    assert runner.invoke(command, [str(folder)]).exit_code == 0
    assert runner.invoke(command, [str(folder), "--fail-on", "warning"]).exit_code == 3
    (folder / "train" / "a" / "bad.png").write_bytes(b"nothing")
    listed, page = tmp_path / "quarantine.jsonl", tmp_path / "page.html"
    result = runner.invoke(command, [str(folder), "--json", "--quarantine", str(listed), "--html", str(page)])
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert report["counts"] == {"no picture": 1, "tiny": 1}
    assert page.read_text().count("<h2>") == 2
    assert set(read_quarantine(listed)) == {"train/a/bad.png"}
    dataset = prepare(folder, tmp_path / "prepared", side=32, quarantine=listed, tolerance=0.0)
    assert [s.name for s in dataset.unreadable] == ["train/a/bad.png"]


def test_a_quarantine_that_lies_with_the_pictures_is_honoured(folder: Path, tmp_path: Path) -> None:
    (folder / "quarantine.jsonl").write_text('{"name": "train/a/3.png", "reason": "blurred"}\n')
    dataset = prepare(folder, tmp_path / "prepared", side=32)
    assert [(s.name, s.reason) for s in dataset.unreadable] == [("train/a/3.png", "quarantined: blurred")]
    assert [s.name for s in open_dataset(folder).unreadable] == ["train/a/3.png"]


def test_a_quarantine_is_honoured_or_refused_of_a_prepared_set(folder: Path, tmp_path: Path) -> None:
    listed = tmp_path / "listed.jsonl"
    listed.write_text("train/a/3.png\n")
    assert [
        s.name for s in open_dataset(folder, quarantine=listed).unreadable if "quarantined" in s.reason
    ] == ["train/a/3.png"]
    prepare(folder, tmp_path / "without", side=32, quarantine=listed)
    assert open_dataset(tmp_path / "without", quarantine=listed).side == 32
    prepare(folder, tmp_path / "with", side=32)
    with pytest.raises(DataError, match=r"train/a/3\.png of .* is not left out of it"):
        open_dataset(tmp_path / "with", quarantine=listed)


def test_a_changed_byte_of_a_prepared_set_is_found(tmp_path: Path) -> None:
    dataset = prepare(Shapes(20), tmp_path / "set", side=16)
    assert damages(dataset) == []
    path = tmp_path / "set" / "train-00000.images.npy"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(bytes(content))
    (tmp_path / "set" / "validation-00000.labels.npy").unlink()
    assert [("SHA-256 differs" in line, "cannot be read" in line) for line in damages(dataset)] == [
        (True, False),
        (False, True),
    ]
    assert CliRunner().invoke(command, [str(tmp_path / "set")]).exit_code == 3


def test_every_kind_has_a_severity() -> None:
    assert set(KINDS.values()) == {"error", "warning", "note"}
