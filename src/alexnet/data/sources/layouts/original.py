"""The original program's batch files: `batches.meta` and `data_batch_N`, as its data providers read them.

Batches 1 to 1999 are training, 2000 to 2999 validation, from 3000 on test, as the programs of 2012 numbered
ImageNet. The six of CIFAR-10 have the test pictures in the sixth.
"""

import math
import os
import re
from typing import Any

import numpy as np

from alexnet.data.sources.files.trees import Tree, join
from alexnet.data.sources.folders import innermost, short_name
from alexnet.data.sources.listed import Listed, distinct
from alexnet.errors import DataError
from alexnet.pickles.reader import Pickles

_BATCH = re.compile(r"data_batch_(\d+)(?:\.\d+)?")
_CIFAR_BATCHES = 6


class Batches:
    """Reads pictures from batch files: columns of pixels, or JPEG files; the last batch read stays in memory."""

    def __init__(
        self, tree: Tree, paths: list[str], numbers: np.ndarray, columns: np.ndarray, side: int
    ) -> None:
        self.tree, self.paths, self.numbers, self.columns, self.side = tree, paths, numbers, columns, side
        self._last: tuple[int, Any] = (-1, None)

    def __call__(self, index: int) -> tuple[str, bytes | np.ndarray | DataError]:
        number, column = int(self.numbers[index]), int(self.columns[index])
        if self._last[0] != number:
            self._last = (number, load_batch(self.tree, self.paths[number])[0])
        name, pictures = f"{os.path.basename(self.paths[number])} picture {column}", self._last[1]
        if isinstance(pictures, np.ndarray):
            pixels = pictures[:, column].reshape(3, self.side, self.side)
            return name, np.ascontiguousarray(pixels.transpose(1, 2, 0))
        return name, _file(pictures[column])

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_last": (-1, None)}


def is_original(tree: Tree) -> bool:
    """Tell whether a tree holds such batches (and not CIFAR's rows, which have a test_batch)."""
    root = _root(tree)
    names = {os.path.basename(path) for path in tree.files(root)}
    return "batches.meta" in names and "test_batch" not in names and any(map(_BATCH.fullmatch, names))


def original(tree: Tree) -> Listed:
    """Open the original program's batches.

    Classes are in the order of `label_names`. Pictures whose label is unknown are left out, as by the original.

    Raises:
        DataError: a file is damaged, or a label is outside the names.
    """
    root = _root(tree)
    meta = Pickles(tree.read(join(root, "batches.meta")), "batches.meta", error=DataError).read()
    if not isinstance(meta, dict) or not isinstance(meta.get("label_names"), list | tuple):
        raise DataError(f"batches.meta of {tree.origin!r} names no classes (label_names)")
    classes = distinct([str(name) for name in meta["label_names"]])
    side, offset = math.isqrt(_whole(meta, "num_vis") // 3), _whole(meta, "label_offset")
    found = sorted(
        (int(m[1]), path) for path in tree.files(root) if (m := _BATCH.fullmatch(os.path.basename(path)))
    )
    paths, labels, numbers, columns, splits = [path for _, path in found], [], [], [], []
    for position, (number, path) in enumerate(found):
        pictures, own = load_batch(tree, path)
        known = own + offset
        if isinstance(pictures, np.ndarray) and len(pictures) != 3 * side**2:
            raise DataError(
                f"{path!r} of {tree.origin!r}: pictures have {len(pictures)} values, batches.meta says {3 * side**2}"
            )
        if len(known) and (known.min() < offset - 1 or known.max() >= len(classes)):
            raise DataError(f"{path!r} of {tree.origin!r}: labels are not 0 to {len(classes) - 1}")
        labelled = np.flatnonzero(known >= 0)
        labels.append(known[labelled])
        numbers.append(np.full(len(labelled), position))
        columns.append(labelled)
        splits.append(np.full(len(labelled), _split(number, side, len(found))))
    parts = np.concatenate(splits)
    order = ("train", "validation", "test")
    return Listed(
        short_name(tree),
        classes=classes,
        splits={split: np.flatnonzero(parts == n) for n, split in enumerate(order) if (parts == n).any()},
        labels=np.concatenate(labels),
        read=Batches(tree, paths, np.concatenate(numbers), np.concatenate(columns), side),
        fingerprint=f"original 1 {tree.fingerprint()}",
        notes={"origin": tree.origin, "layout": "data batches of 2012"},
    )


def load_batch(tree: Tree, path: str) -> tuple[Any, np.ndarray]:
    """Read one batch.

    Returns:
        the pictures, uint8 (3 * side * side, n) or a list of JPEG files; and their labels, int64, (n,), with -1
        where a picture has none.
    """
    batch = Pickles(tree.read(path), path, error=DataError).read()
    if isinstance(batch, tuple | list) and len(batch) == 3:
        pictures, _, labels = batch
        if isinstance(pictures, list) and isinstance(labels, list | tuple) and len(pictures) == len(labels):
            return pictures, np.array([_index(label) for label in labels], dtype=np.int64)
    data = batch.get("data") if isinstance(batch, dict) else None
    if isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.ndim == 2:
        labels = _numbers(batch.get("labels"))
        if data.shape[1] == len(labels):
            return data, labels
    raise DataError(f"{path!r} of {tree.origin!r} is no batch of the original program")


def _index(label: Any) -> int:
    """Return the number in a label: (wnid, number), a list with one of those, a number, or nothing."""
    while isinstance(label, list) and label:
        label = label[0]
    if isinstance(label, tuple) and len(label) == 2:
        label = label[1]
    if not isinstance(label, int | float | np.number) or not -1 <= label < 2**31:  # NaN is not, either
        return -1
    return int(label)


def _numbers(labels: object) -> np.ndarray:
    """Return the labels of pixels as int64, (n,); none where they are no whole numbers."""
    try:
        found = np.asarray(labels, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError, OverflowError):
        return np.empty(0, np.int64)
    return found.astype(np.int64) if (abs(found) < 2**31).all() else np.empty(0, np.int64)


def _whole(meta: dict[str, Any], key: str) -> int:
    """Return a whole number of batches.meta, 0 where it is absent."""
    value = meta.get(key, 0)
    if not isinstance(value, int | float | np.number) or not -(2**31) < value < 2**31 or value != int(value):
        raise DataError(f"batches.meta: {key} is {str(value)[:80]!r}, expected a whole number")
    if key == "num_vis" and value < 0:
        raise DataError(f"batches.meta: {key} is {value}, expected 0 or more")
    return int(value)


def _file(content: Any) -> bytes | DataError:
    """Return a JPEG's bytes; strings of Python 2 come out of the pickle with one character a byte."""
    if isinstance(content, str):
        content = content.encode("latin-1") if all(letter < "\u0100" for letter in content) else None
    return (
        bytes(content)
        if isinstance(content, bytes | bytearray)
        else DataError("unreadable: no JPEG in the batch")
    )


def _split(number: int, side: int, count: int) -> int:
    if side == 32 and count == _CIFAR_BATCHES:
        return 2 if number == _CIFAR_BATCHES else 0
    return min(max(number // 1000 - 1, 0), 2)


def _root(tree: Tree) -> str:
    """Return the folder that holds the batches: the innermost, or the only one in it."""
    root = innermost(tree)
    return (
        join(root, tree.folders(root)[0]) if not tree.files(root) and len(tree.folders(root)) == 1 else root
    )
