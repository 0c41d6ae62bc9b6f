"""ILSVRC 2010 and 2012 as downloaded: the archives in one folder, never unpacked.

ILSVRC2012_img_train.tar      a tar for each class         ILSVRC2010_images_train.tar
ILSVRC2012_img_val.tar        pictures by number           ILSVRC2010_images_val.tar
ILSVRC2012_devkit_t12.tar.gz  validation labels, synsets   ILSVRC2010_devkit-1.0.tar.gz
                              test labels                  ILSVRC2010_test_ground_truth.tar
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alexnet.data.imagenet_classes import imagenet_classes
from alexnet.data.sources.files.archives import Tar, tar_members
from alexnet.data.sources.files.remote import file_fingerprint, read_file
from alexnet.data.sources.files.tarred import TarredFiles
from alexnet.data.sources.files.trees import Directory, Tree
from alexnet.data.sources.layouts.matlab import read_structures
from alexnet.data.sources.listed import Listed
from alexnet.errors import DataError, choices

ORDERS = ("sorted", "devkit")
_TRAINING = re.compile(r"ILSVRC(2010|2012)_im(?:g|ages)_train\.tar")


def is_ilsvrc(folder: Path) -> bool:
    """Tell whether a folder holds the training archive of either year."""
    return _training(folder) is not None


def ilsvrc(folder: str | Path, order: str = "sorted") -> Listed:
    """Open the archives of a folder.

    Args:
        folder: where they lie as downloaded.
        order: of the classes: "sorted" by synset, as Caffe and torchvision number them, or "devkit", by the
            development kit's own numbers.
    Returns:
        training, and what there is of validation and test (whose labels were published for 2010 alone).
    Raises:
        DataError: an archive is missing, damaged or cut off, the one of a class included; or numbers of labels
            and pictures differ.
    """
    folder = Path(folder)
    if order not in ORDERS:
        raise DataError(f"`{order}` is not an order of ImageNet's classes; {choices(order, ORDERS)}")
    if (found := _training(folder)) is None:
        raise DataError(
            f"{os.fspath(folder)!r} holds no ILSVRC2012_img_train.tar or ILSVRC2010_images_train.tar"
        )
    training, year = found
    kit = _kit(folder, year)
    numbers, words = _synsets(kit, year)
    archives = [os.fspath(training)]
    for split in ("val", "test"):
        archives += [os.fspath(path) for path in sorted(folder.glob(f"ILSVRC{year}_im*_{split}.tar"))[:1]]
    files = TarredFiles(archives)
    labels: list[np.ndarray] = []
    per_class = list(_class_archives(files))
    present = [synset for synset, _ in per_class]
    if unknown := [synset for synset in present if synset not in numbers.values()]:
        raise DataError(f"{archives[0]!r}: {unknown[0]!r} is not one of the {len(numbers)} synsets of {year}")
    classes = tuple(
        sorted(present) if order == "sorted" else (s for _, s in sorted(numbers.items()) if s in present)
    )
    known = {synset: label for label, synset in enumerate(classes)}
    labels += [np.full(count, known[synset], dtype=np.int32) for synset, count in per_class]
    splits, start = (
        {"train": np.arange(sum(count for _, count in per_class))},
        sum(count for _, count in per_class),
    )
    for number, path in enumerate(archives[1:], 1):
        split = "validation" if path.endswith("_val.tar") else "test"
        truth = _truth(folder, kit, f"ILSVRC{year}_{split}_ground_truth.txt")
        if truth is None:
            continue
        picture_numbers = _pictures(files, number, len(truth))
        if strange := next((n for n in truth if numbers.get(n) not in known), None):
            raise DataError(
                f"{split} of {os.fspath(folder)!r} has pictures of class {strange}, training has none of it"
            )
        labels.append(np.array([known[numbers[truth[n - 1]]] for n in picture_numbers], dtype=np.int32))
        splits[split] = np.arange(start, start + len(picture_numbers))
        start += len(picture_numbers)
    return Listed(
        f"ilsvrc{year}",
        classes=classes,
        splits=splits,
        labels=np.concatenate(labels),
        read=files,
        fingerprint=f"ilsvrc 1 {order} " + " ".join(file_fingerprint(path) for path in archives),
        words=words,
        notes={"origin": os.fspath(folder), "layout": f"ILSVRC {year} as downloaded", "order": order},
    )


def _training(folder: Path) -> tuple[Path, int] | None:
    """Find the training archive and its year."""
    for path in sorted(folder.glob("ILSVRC20*train.tar")):
        if match := _TRAINING.fullmatch(path.name):
            return path, int(match[1])
    return None


def _class_archives(files: TarredFiles) -> Iterator[tuple[str, int]]:
    """Add the training pictures, archive by archive; yield each class and its number of pictures."""
    outer, archive = files.file(0), files.archives[0]
    inner = [
        (os.path.basename(n).removesuffix(".tar"), s, z)
        for n, s, z in tar_members(outer, archive)
        if n.endswith(".tar")
    ]
    if not inner:
        raise DataError(f"{archive!r} holds no archives of classes (n01440764.tar, ...)")
    for synset, start, size in sorted(inner):
        count = 0
        for _, begin, length in tar_members(outer, f"{archive}/{synset}.tar", start, start + size):
            files.add(0, begin, length)
            count += 1
        if not count:
            raise DataError(f"{synset}.tar in {archive!r} holds no pictures")
        yield synset, count


def _pictures(files: TarredFiles, number: int, count: int) -> list[int]:
    """Add the numbered pictures of an archive in their order; return the numbers, from 1."""
    archive = files.archives[number]
    found = []
    for name, start, size in tar_members(files.file(number), archive):
        if match := re.search(r"_(\d{8})\.JPEG$", name):
            found.append((int(match[1]), start, size))
    found.sort()
    if len(found) != count or (found and (found[0][0] != 1 or found[-1][0] != count)):
        raise DataError(f"{archive!r} holds {len(found)} pictures, their list of labels has {count}")
    for _, start, size in found:
        files.add(number, start, size)
    return [picture for picture, _, _ in found]


def _kit(folder: Path, year: int) -> Tree | None:
    """Find the development kit, packed or unpacked."""
    packed = sorted(folder.glob(f"ILSVRC{year}_devkit*.t*gz"))
    if packed:
        return Tar(packed[0])
    unpacked = sorted(path for path in folder.glob(f"*ILSVRC{year}_devkit*") if path.is_dir())
    return Directory(unpacked[0]) if unpacked else None


def _synsets(kit: Tree | None, year: int) -> tuple[dict[int, str], dict[str, str]]:
    """Return the synset of each of the development kit's numbers, and the words of each synset."""
    path = next((p for p in kit.files("", deep=True) if p.endswith("data/meta.mat")), None) if kit else None
    if kit is None or path is None:
        if year != 2012:
            raise DataError(
                f"the development kit (ILSVRC{year}_devkit-1.0.tar.gz) is missing: it names the synsets"
            )
        table = imagenet_classes("devkit")
        return {one.number: one.name for one in table}, {one.name: one.words for one in table}
    try:
        rows = read_structures(kit.read(path), "synsets")
        leaves = [row for row in rows if not row.get("num_children")]
        numbers = {int(row[f"ILSVRC{year}_ID"]): str(row["WNID"]) for row in leaves}
        return numbers, {str(row["WNID"]): str(row["words"]) for row in leaves}
    except (DataError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{path!r} of {kit.origin!r} cannot be used: {error}") from None


def _truth(folder: Path, kit: Tree | None, name: str) -> list[int] | None:
    """Read the labels of a split: the development kit's numbers, in the order of the pictures."""
    for tree in [
        *([kit] if kit else []),
        *(Tar(path) for path in sorted(folder.glob("ILSVRC20*ground_truth.tar*"))),
    ]:
        for path in tree.files("", deep=True):
            if path.endswith(name):
                return _numbers(tree.read(path), f"{path!r} of {tree.origin!r}")
    if (folder / name).is_file():
        return _numbers(read_file(folder / name), repr(os.fspath(folder / name)))
    if "validation" in name:
        raise DataError(
            f"{name} is missing: put the development kit beside the archives in {os.fspath(folder)!r}"
        )
    return None


def _numbers(content: bytes, where: str) -> list[int]:
    """Read the numbers of a list of labels."""
    words = content.split()
    if bad := next((word for word in words if not word.isdigit() or len(word) > 9), None):
        raise DataError(f"{where}: {bad[:80]!r} is no number of a class")
    return [int(word) for word in words]
