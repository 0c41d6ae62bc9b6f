"""CIFAR-10 and CIFAR-100 as published, the python and the binary version, packed or unpacked."""

import os
from collections.abc import Sequence

import numpy as np

from alexnet.data.sources.files.trees import Tree, join
from alexnet.data.sources.folders import innermost, short_name
from alexnet.data.sources.listed import Listed, distinct
from alexnet.errors import DataError
from alexnet.pickles.reader import Pickles

_PIXELS = 3 * 32 * 32


class Pixels:
    """Shows pictures that are kept whole in memory, rows of three planes: uint8, (N, 3, side, side)."""

    def __init__(self, images: np.ndarray, name: str) -> None:
        self.images, self.name = images, name

    def __call__(self, index: int) -> tuple[str, np.ndarray]:
        return f"{self.name} {index}", np.ascontiguousarray(self.images[index].transpose(1, 2, 0))


def is_cifar(tree: Tree) -> bool:
    """Tell whether a tree holds one of the four layouts."""
    return _layout(tree) is not None


def cifar(tree: Tree) -> Listed:
    """Open CIFAR-10 or CIFAR-100 (its fine classes).

    Classes are in the published order.

    Raises:
        DataError: a file is missing, damaged, or of another size than published.
    """
    layout = _layout(tree)
    if layout is None:
        raise DataError(f"{tree.origin!r} holds neither CIFAR-10 nor CIFAR-100")
    root, meta, training, testing = layout
    classes = _classes(tree, join(root, meta))
    parts = [_batch(tree, join(root, name), len(classes)) for name in (*training, *testing)]
    labels = np.concatenate([labels for _, labels in parts])
    count = sum(len(labels) for _, labels in parts[: len(training)])
    return Listed(
        short_name(tree),
        classes=classes,
        splits={"train": np.arange(count), "test": np.arange(count, len(labels))},
        labels=labels,
        read=Pixels(np.concatenate([images for images, _ in parts]), "picture"),
        fingerprint=f"cifar 1 {tree.fingerprint()}",
        notes={"origin": tree.origin, "layout": "CIFAR"},
    )


def _layout(tree: Tree) -> tuple[str, str, Sequence[str], Sequence[str]] | None:
    """Return the root and the names of the files of the layout that fits."""
    root = innermost(tree)
    if not tree.files(root) and len(tree.folders(root)) == 1:
        root = join(root, tree.folders(root)[0])
    names = {os.path.basename(path) for path in tree.files(root)}
    layouts: tuple[tuple[str, list[str], list[str]], ...] = (
        ("batches.meta", [f"data_batch_{n}" for n in range(1, 6)], ["test_batch"]),
        ("batches.meta.txt", [f"data_batch_{n}.bin" for n in range(1, 6)], ["test_batch.bin"]),
        ("meta", ["train"], ["test"]),
        ("fine_label_names.txt", ["train.bin"], ["test.bin"]),
    )
    for meta, training, testing in layouts:
        if {meta, *training, *testing} <= names:
            return root, meta, training, testing
    return None


def _classes(tree: Tree, path: str) -> tuple[str, ...]:
    """Read the names of the classes."""
    if path.endswith(".txt"):
        return distinct(tree.read(path).decode("utf-8", "replace").split())
    meta = Pickles(tree.read(path), path, error=DataError).read()
    names = meta.get("label_names", meta.get("fine_label_names")) if isinstance(meta, dict) else None
    if not isinstance(names, list | tuple) or not names or not all(isinstance(n, str | bytes) for n in names):
        raise DataError(f"{path!r} of {tree.origin!r} names no classes")
    return distinct([name.decode("latin-1") if isinstance(name, bytes) else name for name in names])


def _batch(tree: Tree, path: str, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Read one file: uint8, (N, 3, 32, 32), and int32, (N,)."""
    if path.endswith(".bin"):
        extra = 2 if classes == 100 else 1  # CIFAR-100 puts the coarse label first
        content = np.frombuffer(tree.read(path), dtype=np.uint8)
        if content.size % (_PIXELS + extra):
            raise DataError(
                f"{path!r} of {tree.origin!r} is cut off: {content.size} bytes are no whole pictures"
            )
        rows = content.reshape(-1, _PIXELS + extra)
        images, labels = rows[:, extra:], rows[:, extra - 1].astype(np.int32)
    else:
        batch = Pickles(tree.read(path), path, error=DataError).read()
        data = batch.get("data") if isinstance(batch, dict) else None
        images = np.asarray(data) if isinstance(data, np.ndarray) else np.empty(0, np.uint8)
        if images.dtype != np.uint8 or images.ndim != 2 or images.shape[1] != _PIXELS:
            raise DataError(f"{path!r} of {tree.origin!r} is no CIFAR batch")
        labels = _labels(batch.get("labels", batch.get("fine_labels")))
    if labels.shape != (len(images),) or not len(labels) or labels.min() < 0 or labels.max() >= classes:
        raise DataError(
            f"{path!r} of {tree.origin!r}: labels are not 0 to {classes - 1} for each of {len(images)}"
        )
    return images.reshape(-1, 3, 32, 32), labels


def _labels(found: object) -> np.ndarray:
    """Return labels as int32, (N,); none of them where they are anything but whole numbers."""
    try:
        labels = np.asarray(found)
    except (ValueError, OverflowError):
        labels = np.empty(0)
    sound = labels.dtype.kind in "iu" and labels.ndim == 1 and len(labels) and labels.max() < 2**31
    return labels.astype(np.int32) if sound and labels.min() >= 0 else np.empty(0, np.int32)
