"""Each published layout, written here small as its publisher packs it, and read back."""

import gzip
import io
import json
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hostile import encoded
from PIL import Image

from alexnet.data.imagenet_classes import imagenet_classes
from alexnet.data.sources.layouts.ilsvrc import ilsvrc
from alexnet.data.sources.layouts.matlab import read_structures
from alexnet.data.sources.opening import open_source
from alexnet.data.sources.source import Source
from alexnet.errors import DataError


def jpeg(value: int) -> bytes:
    return encoded(Image.new("RGB", (8, 8), (value % 256, 99, 20)), "JPEG")


def tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]  # any mode
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def packed(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def table(source: Source, split: str) -> list[tuple[object, str]]:
    """Contents and labels, and a check that any range is a slice of the whole."""
    whole: list[tuple[object, str]] = [
        (e.content if isinstance(e.content, bytes) else np.asarray(e.content), e.label)
        for e in source.examples(split)
    ]
    assert len(whole) == source.count(split)
    middle = [e.label for e in source.examples(split, 1, 3)]
    assert middle == [label for _, label in whole[1:3]]
    revived: Source = pickle.loads(pickle.dumps(source))
    assert [e.label for e in revived.examples(split)] == [label for _, label in whole]
    return whole


# ILSVRC: three classes of the thousand, whose order by synset and by the development kit's number differ.
THREE = [one for one in imagenet_classes("devkit") if one.number in (1, 2, 500)]


def mat_element(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, len(body)) + body + b"\0" * (-len(body) % 8)


def mat_array(name: bytes, kind: int, shape: tuple[int, ...], body: bytes) -> bytes:
    head = mat_element(6, struct.pack("<II", kind, 0)) + mat_element(
        5, struct.pack(f"<{len(shape)}i", *shape)
    )
    return mat_element(14, head + mat_element(1, name) + body)


def mat_file(rows: list[dict[str, str | float]]) -> bytes:
    """A MATLAB file of one compressed structure array `synsets`, as the development kits hold it."""
    fields = list(rows[0])
    body = mat_element(5, struct.pack("<i", 32)) + mat_element(
        1, b"".join(f.encode().ljust(32, b"\0") for f in fields)
    )
    for value in (row[field] for row in rows for field in fields):
        if isinstance(value, str):
            body += mat_array(b"", 4, (1, len(value)), mat_element(4, value.encode("utf-16-le")))
        else:
            body += mat_array(b"", 6, (1, 1), mat_element(9, struct.pack("<d", value)))
    content = zlib.compress(mat_array(b"synsets", 2, (len(rows), 1), body))
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(content)) + content


def write_ilsvrc(folder: Path, year: int, numbers: dict[int, str]) -> None:
    training = {
        f"{s}.tar": packed({f"{s}_{n}.JPEG": jpeg(10 * k + n) for n in range(4)}) for k, s in numbers.items()
    }
    prefix = f"ILSVRC{year}_{'img' if year == 2012 else 'images'}"
    tar(folder / f"{prefix}_train.tar", training)
    labels = [max(numbers), min(numbers), min(numbers)]
    tar(folder / f"{prefix}_val.tar", {f"ILSVRC{year}_val_{n:08d}.JPEG": jpeg(200 + n) for n in (3, 1, 2)})
    rows: list[dict[str, str | float]] = [
        {f"ILSVRC{year}_ID": float(k), "WNID": s, "words": f"words of {s}", "gloss": "", "num_children": 0.0}
        for k, s in numbers.items()
    ]
    rows.append(
        {f"ILSVRC{year}_ID": 9999.0, "WNID": "n00000001", "words": "entity", "gloss": "", "num_children": 3.0}
    )
    kit = f"ILSVRC{year}_devkit_t12" if year == 2012 else "devkit-1.0"
    name = f"ILSVRC{year}_devkit_t12.tar.gz" if year == 2012 else f"ILSVRC{year}_devkit-1.0.tar.gz"
    members = {
        f"{kit}/data/meta.mat": mat_file(rows),
        f"{kit}/data/ILSVRC{year}_validation_ground_truth.txt": "".join(f"{n}\n" for n in labels).encode(),
    }
    tar(folder / name, members, "w:gz")


@pytest.mark.parametrize("year", [2010, 2012])
def test_ilsvrc_is_read_as_downloaded_in_both_orders(tmp_path: Path, year: int) -> None:
    numbers = {one.number: one.name for one in THREE} if year == 2012 else {7: "n02", 3: "n09", 500: "n01"}
    if year == 2010:
        numbers = {3: "n01440764", 1: "n02119789", 500: "n01443537"}
    write_ilsvrc(tmp_path, year, numbers)
    by_synset, by_number = ilsvrc(tmp_path), ilsvrc(tmp_path, "devkit")
    assert by_synset.classes == tuple(sorted(numbers.values()))
    assert by_number.classes == tuple(numbers[n] for n in sorted(numbers))
    for source in (by_synset, by_number):
        assert source.splits == ("train", "validation")
        assert [label for _, label in table(source, "validation")] == [
            numbers[max(numbers)],
            numbers[min(numbers)],
            numbers[min(numbers)],
        ]
        assert [content for content, _ in table(source, "validation")] == [jpeg(201), jpeg(202), jpeg(203)]
    assert {(c, s) for c, s in table(by_synset, "train")} == {
        (jpeg(10 * k + n), s) for k, s in numbers.items() for n in range(4)
    }
    assert next(iter(by_synset.examples("train"))).name.endswith("_0.JPEG")
    assert by_synset.words[numbers[max(numbers)]] == f"words of {numbers[max(numbers)]}"
    assert open_source(tmp_path).classes == by_synset.classes


def test_ilsvrc_2012_needs_no_synsets_from_the_kit(tmp_path: Path) -> None:
    write_ilsvrc(tmp_path, 2012, {one.number: one.name for one in THREE})
    (tmp_path / "ILSVRC2012_devkit_t12.tar.gz").unlink()
    (tmp_path / "ILSVRC2012_validation_ground_truth.txt").write_text("1\n2\n1\n")
    source = ilsvrc(tmp_path)
    assert source.words[THREE[0].name] == THREE[0].words
    (tmp_path / "ILSVRC2012_validation_ground_truth.txt").unlink()
    with pytest.raises(DataError, match="put the development kit beside"):
        ilsvrc(tmp_path)


def test_a_class_archive_that_is_cut_is_named(tmp_path: Path) -> None:
    write_ilsvrc(tmp_path, 2012, {one.number: one.name for one in THREE})
    whole = packed({f"{THREE[0].name}_{n}.JPEG": jpeg(n) for n in range(4)})
    members = {f"{one.name}.tar": whole[:2048] if one is THREE[0] else whole for one in THREE}
    tar(tmp_path / "ILSVRC2012_img_train.tar", members)
    with pytest.raises(DataError, match=rf"{THREE[0].name}\.tar. is cut off"):
        ilsvrc(tmp_path)


def test_labels_and_pictures_must_be_as_many(tmp_path: Path) -> None:
    write_ilsvrc(tmp_path, 2012, {one.number: one.name for one in THREE})
    tar(tmp_path / "ILSVRC2012_img_val.tar", {"ILSVRC2012_val_00000001.JPEG": jpeg(1)})
    with pytest.raises(DataError, match="holds 1 pictures, their list of labels has 3"):
        ilsvrc(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"x" * 200, mat_file([{"a": 1.0}])[:-10], mat_file([{"a": 1.0}])[:150]]
)
def test_a_broken_matlab_file_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=r"MATLAB|synsets"):
        read_structures(content, "synsets")


def test_structures_of_a_matlab_file_come_back() -> None:
    rows: list[dict[str, str | float]] = [{"WNID": "n01", "ID": 3.0}, {"WNID": "n02", "ID": 4.0}]
    assert read_structures(mat_file(rows), "synsets") == rows


def test_tiny_imagenet_takes_its_validation_labels_from_the_annotations(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "tiny-imagenet-200.zip", "w") as archive:
        archive.writestr("tiny-imagenet-200/wnids.txt", "n02\nn01\n")
        archive.writestr("tiny-imagenet-200/words.txt", "n01\tgoldfish, Carassius\nn02\tspider\nn99\tother\n")
        for synset in ("n01", "n02"):
            archive.writestr(f"tiny-imagenet-200/train/{synset}/{synset}_boxes.txt", "x")
            for n in range(3):
                archive.writestr(f"tiny-imagenet-200/train/{synset}/images/{synset}_{n}.JPEG", jpeg(n))
        rows = "val_0.JPEG\tn02\t0\t0\t62\t57\nval_1.JPEG\tn01\t0\t0\t1\t1\n"
        archive.writestr("tiny-imagenet-200/val/val_annotations.txt", rows)
        for n in range(2):
            archive.writestr(f"tiny-imagenet-200/val/images/val_{n}.JPEG", jpeg(50 + n))
        archive.writestr("tiny-imagenet-200/test/images/test_0.JPEG", jpeg(0))
    source = open_source(tmp_path / "tiny-imagenet-200.zip")
    assert source.classes == ("n01", "n02")
    assert source.words["n01"] == "goldfish, Carassius"
    assert table(source, "validation") == [(jpeg(50), "n02"), (jpeg(51), "n01")]
    assert [label for _, label in table(source, "train")] == ["n01"] * 3 + ["n02"] * 3


def cifar_rows(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), dtype=np.uint8)


@pytest.mark.parametrize("version", ["python", "binary", "100 python", "100 binary"])
def test_cifar_is_read_in_all_four_published_forms(tmp_path: Path, version: str) -> None:
    fine = [f"fine{n}" for n in range(100)] if "100" in version else [f"class{n}" for n in range(10)]
    parts = 1 if "100" in version else 5
    members: dict[str, bytes] = {}
    for part in range(parts + 1):
        rows, labels = cifar_rows(6, part), [(part + n) % len(fine) for n in range(6)]
        test = part == parts
        if "python" in version:
            key = "fine_labels" if "100" in version else "labels"
            name = (
                ("test" if test else "train")
                if "100" in version
                else ("test_batch" if test else f"data_batch_{part + 1}")
            )
            members[name] = pickle.dumps({"data": rows, key: labels, "filenames": ["x"] * 6}, protocol=2)
        else:
            name = (
                ("test" if test else "train")
                if "100" in version
                else ("test_batch" if test else f"data_batch_{part + 1}")
            )
            coarse = [b"\x07"] if "100" in version else [b""]
            members[f"{name}.bin"] = b"".join(
                coarse[0] + bytes([label]) + row.tobytes() for row, label in zip(rows, labels, strict=True)
            )
    if "python" in version:
        meta = {"fine_label_names": fine} if "100" in version else {"label_names": fine}
        members["meta" if "100" in version else "batches.meta"] = pickle.dumps(meta, protocol=2)
    else:
        members["fine_label_names.txt" if "100" in version else "batches.meta.txt"] = (
            "\n".join(fine).encode() + b"\n\n"
        )
    path = tar(tmp_path / "cifar.tar.gz", {f"cifar/{n}": c for n, c in members.items()}, "w:gz")
    source = open_source(path)
    assert source.classes == tuple(fine)
    assert source.count("train") == 6 * parts
    images = np.stack([np.asarray(e.content) for e in source.examples("test")])
    assert np.array_equal(images, cifar_rows(6, parts).reshape(6, 3, 32, 32).transpose(0, 2, 3, 1))
    assert [label for _, label in table(source, "test")] == [fine[(parts + n) % len(fine)] for n in range(6)]


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files_are_read_packed_or_not(tmp_path: Path, zipped: bool) -> None:
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    labels = (np.arange(20) % 10).astype(np.uint8)
    for prefix, part in (("train", slice(0, 20)), ("t10k", slice(0, 10))):
        files = {
            f"{prefix}-images-idx3-ubyte": struct.pack(">4B3I", 0, 0, 8, 3, len(images[part]), 28, 28)
            + images[part].tobytes(),
            f"{prefix}-labels-idx1-ubyte": struct.pack(">4BI", 0, 0, 8, 1, len(labels[part]))
            + labels[part].tobytes(),
        }
        for name, content in files.items():
            (folder / f"{name}{'.gz' if zipped else ''}").write_bytes(
                gzip.compress(content) if zipped else content
            )
    source = open_source(folder)
    assert source.splits == ("train", "test")
    assert source.words["9"] == "Ankle boot"
    shown = np.stack([np.asarray(e.content) for e in source.examples("train")])
    assert np.array_equal(shown, np.repeat(images[:, :, :, None], 3, axis=3))
    assert [label for _, label in table(source, "test")] == [str(n) for n in range(10)]
    damaged = folder / f"train-labels-idx1-ubyte{'.gz' if zipped else ''}"
    damaged.write_bytes(damaged.read_bytes()[:-3])
    with pytest.raises(DataError, match="train-labels"):
        open_source(folder)


def test_webdataset_shards_are_one_split_in_their_order(tmp_path: Path) -> None:
    for shard in range(12):
        members: dict[str, bytes] = {}
        for n in range(2):
            members[f"{shard:03d}{n}.jpg"] = jpeg(10 * shard + n)
            members[f"{shard:03d}{n}.cls"] = str(n).encode()
        tar(tmp_path / f"set-train-{shard}.tar", members)
    tar(
        tmp_path / "set-val-0.tar",
        {f"{n}.{e}": c for n in "01" for e, c in (("jpg", jpeg(7)), ("json", b'{"label": %s}' % n.encode()))},
    )
    source = open_source(tmp_path)
    assert source.splits == ("train", "validation")
    assert [c for c, _ in table(source, "train")] == [jpeg(10 * s + n) for s in range(12) for n in range(2)]
    assert [label for _, label in table(source, "validation")] == ["0", "1"]
    (tmp_path / "classnames.txt").write_text("cat\ndog\n")
    assert open_source(tmp_path).classes == ("cat", "dog")


def test_a_webdataset_picture_without_a_label_is_refused(tmp_path: Path) -> None:
    tar(tmp_path / "train-0.tar", {"a.jpg": jpeg(0), "a.cls": b"0", "b.jpg": jpeg(1)})
    with pytest.raises(DataError, match=r"'b.jpg' of shard .*train-0.tar' has no label"):
        open_source(tmp_path)


@pytest.mark.parametrize("kind", ["pixels", "jpeg"])
def test_the_batches_of_2012_are_read(tmp_path: Path, kind: str) -> None:
    """Columns of pixels, or (JPEG files, sizes, labels); 1.. is training, 2000.. validation."""
    names = ["crane", "dog", "crane"]
    meta = {"num_vis": 3 * 8 * 8, "label_names": names, "data_mean": np.zeros((192, 1), np.float32)}
    (tmp_path / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
    pixels = np.random.default_rng(0).integers(0, 256, (192, 4), dtype=np.uint8)
    for number in (1, 2, 2000):
        batch: object = {"data": pixels, "labels": [[0.0, 1.0, 2.0, 1.0]]}
        if kind == "jpeg":
            files = [jpeg(n).decode("latin-1") for n in range(4)]
            batch = (files, [(8, 8)] * 4, [[("n01", 0)], [("n02", 1)], [("n03", 2)], None])
        (tmp_path / f"data_batch_{number}").write_bytes(pickle.dumps(batch, protocol=2))
    source = open_source(tmp_path)
    assert source.classes == ("crane (0)", "dog", "crane (2)")
    found = table(source, "validation")
    assert source.count("train") == 2 * len(found)
    if kind == "pixels":
        assert np.array_equal(np.asarray(found[1][0]), pixels[:, 1].reshape(3, 8, 8).transpose(1, 2, 0))
    else:
        assert found == [(jpeg(0), "crane (0)"), (jpeg(1), "dog"), (jpeg(2), "crane (2)")]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_lists_name_files_labels_and_splits(tmp_path: Path, ending: str) -> None:
    rows = [
        ("a 1.jpg", "cat", "train"),
        ("b\n2.jpg", "dog", "train"),
        ("ü,3.jpg", "dog", "val"),
        ("c.jpg", "cat", "valid"),
    ]
    for n, (name, _, _) in enumerate(rows):
        (tmp_path / name).write_bytes(jpeg(n))
    path = tmp_path / f"list.{ending}"
    if ending == "jsonl":
        lines = [json.dumps({"file_name": f, "label": c, "split": s}) for f, c, s in rows]
        path.write_text("\n".join(lines) + "\n")
    else:
        mark = "\t" if ending == "tsv" else ","
        fields = [mark.join(f'"{f}"' for f in row) for row in [("file_name", "label", "split"), *rows]]
        path.write_text("\n".join(fields) + "\n", encoding="utf-8")
    source = open_source(path)
    assert table(source, "train") == [(jpeg(0), "cat"), (jpeg(1), "dog")]
    assert table(source, "validation") == [(jpeg(2), "dog"), (jpeg(3), "cat")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file_name,label\na.jpg\n", r":2: 1 fields"),
        ("file_name,label\na.jpg,\n", r":2: label is ''"),
        ("name,label\na.jpg,x\n", r":2: no file_name; the columns are name, label"),
        ("file_name,label,split\na.jpg,x,holdout\n", r":2: split is 'holdout'"),
        ("file_name,label,split\na.jpg,x,val\n", "lists no training pictures"),
        ("file_name,label,split\na.jpg,x,train\nb.jpg,y,val\n", "lacks class 'x'"),
        ('file_name,label\n"a.jpg,x\n', r":2: "),
        ("file_name,label\n", "lists no pictures"),
        ("", "lists no pictures"),
    ],
)
def test_a_wrong_line_of_a_list_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        open_source(tmp_path / "list.csv")


def test_a_list_without_splits_is_divided_by_class(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "path,class\n" + "".join(f"{n}.jpg,{'ab'[n % 2]}\n" for n in range(40))
    )
    source = open_source(tmp_path / "list.csv")
    assert (source.count("train"), source.count("validation")) == (36, 4)
    missing = next(iter(source.examples("train")))
    assert isinstance(missing.content, DataError)
    assert str(missing.content).startswith("unreadable: ")


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_tar_of_folders_reads_as_the_folders(tmp_path: Path, ending: str) -> None:
    members = {
        f"set/{split}/{name}/{n}.jpg": jpeg(n)
        for split in ("train", "val")
        for name in "ab"
        for n in range(2)
    }
    odd = {"../out/x.jpg": jpeg(0), "/abs/y.jpg": jpeg(0), "set/train/a/.hidden.jpg": jpeg(0)}
    path = tar(tmp_path / f"set{ending}", members | odd, "w:" + {".tar": ""}.get(ending, ending[5:]))
    source = open_source(path)
    assert source.classes == ("a", "b")
    assert table(source, "validation") == [(jpeg(n), name) for name in "ab" for n in range(2)]


@pytest.mark.parametrize("damage", ["in a header", "in a member", "between members", "a bit of the packed"])
def test_a_damaged_tar_is_refused_before_anything_is_read(tmp_path: Path, damage: str) -> None:
    """Python's tarfile reads the first and third without a word, and never checks the fourth's checksum."""
    content = packed({f"{name}/{n}.jpg": jpeg(n).ljust(1024) for name in "ab" for n in range(4)})
    cuts = {"in a header": 3 * 1536 + 100, "in a member": 3 * 1536 + 700, "between members": 3 * 1536}
    path = tmp_path / "set.tar"
    path.write_bytes(content[: cuts.get(damage, len(content))])
    if damage not in cuts:
        path = tmp_path / "set.tar.gz"
        whole = bytearray(gzip.compress(content, mtime=0))
        whole[-6] ^= 1
        path.write_bytes(bytes(whole))
    with pytest.raises(DataError, match=r"cut off|cannot be unpacked|not a readable tar"):
        open_source(path)


def test_a_compressed_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "set.tar.gz", "wb", compresslevel=9) as file:
        for _ in range(96):
            file.write(bytes(2**20))
    with pytest.raises(DataError, match="refused as a bomb"):
        open_source(tmp_path / "set.tar.gz")


def test_links_devices_and_the_like_in_a_tar_are_left_alone(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        for kind, name in (
            (tarfile.SYMTYPE, "a/link.jpg"),
            (tarfile.FIFOTYPE, "a/pipe.jpg"),
            (tarfile.CHRTYPE, "b/zero.jpg"),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name in "ab":
            for n in range(2):
                info = tarfile.TarInfo(f"{name}/{n}.jpg")
                info.size = len(jpeg(n))
                archive.addfile(info, io.BytesIO(jpeg(n)))
    source = open_source(tmp_path / "set.tar")
    names = [e.name for split in source.splits for e in source.examples(split)]
    assert sorted(names) == ["a/0.jpg", "a/1.jpg", "b/0.jpg", "b/1.jpg"]


def test_remote_folders_and_archives_read_as_local_ones(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="the extra remote is not installed")
    files = fsspec.filesystem("memory")
    for split in ("train", "val"):
        for name in "ab":
            files.pipe(f"/bucket/set/{split}/{name}/1.jpg", jpeg(3))
    folder = open_source("memory://bucket/set")
    assert table(folder, "validation") == [(jpeg(3), "a"), (jpeg(3), "b")]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in "ab":
            for n in range(2):
                archive.writestr(f"{name}/{n}.jpg", jpeg(n))
    files.pipe("/bucket/set.zip", stream.getvalue())
    assert open_source("memory://bucket/set.zip").splits == ("train", "validation")


def test_what_is_none_of_them_is_refused_with_the_choices(tmp_path: Path) -> None:
    (tmp_path / "set.rar").write_bytes(b"Rar!")
    with pytest.raises(DataError, match=r"neither a directory, an archive .*nor a list"):
        open_source(tmp_path / "set.rar")


@pytest.mark.slow
def test_a_list_of_a_million_lines_takes_little_more_than_its_letters(tmp_path: Path) -> None:
    lines = (f"pictures of the year/{n:07d} and some words.jpg,class {n % 1000}" for n in range(1_000_000))
    (tmp_path / "list.csv").write_text("file_name,label\n" + "\n".join(lines) + "\n")
    size = (tmp_path / "list.csv").stat().st_size
    tracemalloc.start()
    source = open_source(tmp_path / "list.csv")
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert source.count("train") == 900_000
    assert kept < 1.5 * size
    assert most < 4 * size


@pytest.mark.slow
def test_tiny_imagenet_as_published_has_fifty_of_its_classes(shared_data: Path) -> None:
    source = open_source(shared_data / "tiny-imagenet-50.zip")
    assert (source.count("train"), source.count("validation"), len(source.classes)) == (25000, 2500, 50)
    assert source.words["n01443537"] == "goldfish, Carassius auratus"
