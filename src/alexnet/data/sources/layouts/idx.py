"""The idx files of MNIST and its family: train-images-idx3-ubyte and its three sisters, packed or not.

Fashion-MNIST as Debian's dataset-fashion-mnist installs it (/usr/share/datasets/fashion-mnist) is one.
"""

import math
import os
import struct
import zlib

import numpy as np

from alexnet.data.sources.files.trees import Tree, join
from alexnet.data.sources.folders import innermost, short_name
from alexnet.data.sources.listed import Listed
from alexnet.errors import DataError

_FASHION = (
    *["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag"],
    "Ankle boot",
)
_MOST_BYTES = 2**30


class Greys:
    """Shows grey pictures that are kept whole in memory: uint8, (N, H, W)."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images

    def __call__(self, index: int) -> tuple[str, np.ndarray]:
        return f"picture {index}", np.repeat(self.images[index][:, :, None], 3, axis=2)


def is_idx(tree: Tree) -> bool:
    """Tell whether a tree holds training pictures and labels as idx files."""
    return {"train-images", "train-labels"} <= set(_files(tree))


def idx(tree: Tree) -> Listed:
    """Open a data set of idx files.

    Classes are named by their numbers; those of Fashion-MNIST, known by its folder's name, have words.

    Raises:
        DataError: a file is damaged, or pictures and labels differ in number.
    """
    files = _files(tree)
    splits = {"train": "train", "test": "t10k"}
    images, labels, indices, start = [], [], {}, 0
    for split, prefix in splits.items():
        if {f"{prefix}-images", f"{prefix}-labels"} <= set(files):
            images.append(_array(tree, files[f"{prefix}-images"], 3))
            labels.append(_array(tree, files[f"{prefix}-labels"], 1))
            if len(images[-1]) != len(labels[-1]):
                raise DataError(
                    f"{split} of {tree.origin!r}: {len(images[-1])} pictures, {len(labels[-1])} labels"
                )
            indices[split] = np.arange(start, start + len(labels[-1]))
            start += len(labels[-1])
    numbers = np.unique(np.concatenate(labels))
    fashion = "fashion" in os.path.abspath(tree.origin).lower() and len(numbers) == len(_FASHION)
    return Listed(
        short_name(tree),
        classes=tuple(str(number) for number in numbers),
        splits=indices,
        labels=np.searchsorted(numbers, np.concatenate(labels)).astype(np.int32),
        read=Greys(np.concatenate(images)),
        fingerprint=f"idx 1 {tree.fingerprint()}",
        words={str(number): name for number, name in enumerate(_FASHION)} if fashion else {},
        notes={"origin": tree.origin, "layout": "idx"},
    )


def _files(tree: Tree) -> dict[str, str]:
    """Find the files by the beginning of their names: train-images, t10k-labels, ..."""
    root = innermost(tree)
    if not tree.files(root) and len(tree.folders(root)) == 1:
        root = join(root, tree.folders(root)[0])
    found = {}
    for path in tree.files(root):
        name = os.path.basename(path)
        if "-idx" in name or ".idx" in name:
            found["-".join(name.replace(".", "-").split("-")[:2])] = path
    return found


def _array(tree: Tree, path: str, axes: int) -> np.ndarray:
    """Read one file: uint8 of the given number of axes."""
    content = tree.read(path)
    if content.startswith(b"\x1f\x8b"):
        try:
            unpacker = zlib.decompressobj(wbits=31)
            content = unpacker.decompress(content, _MOST_BYTES)
            if not unpacker.eof:
                raise DataError(
                    f"{path!r} of {tree.origin!r} is cut off, or unpacks to more than {_MOST_BYTES} bytes"
                )
        except zlib.error as error:
            raise DataError(f"{path!r} of {tree.origin!r} cannot be unpacked: {error}") from None
    head = 4 + 4 * axes
    if len(content) < head or content[:4] != bytes([0, 0, 8, axes]):
        raise DataError(f"{path!r} of {tree.origin!r} is no idx file of uint8 with {axes} axes")
    shape = struct.unpack(f">{axes}I", content[4:head])
    if math.prod(shape) != len(content) - head or 0 in shape:
        raise DataError(
            f"{path!r} of {tree.origin!r} holds {len(content) - head} bytes, its shape {shape} needs others"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=head).reshape(shape)
