"""Tiny-ImageNet as published: wnids.txt, words.txt, train/WNID/images, val/images with val_annotations.txt."""

import os
from collections.abc import Mapping

import numpy as np

from alexnet.data.sources.files.trees import Tree, join
from alexnet.data.sources.folders import innermost, pictures, short_name
from alexnet.data.sources.listed import Listed
from alexnet.errors import DataError
from alexnet.text import Texts


class TreeFiles:
    """Reads files of a tree by their index in a list."""

    def __init__(self, tree: Tree, paths: Texts) -> None:
        self.tree, self.paths = tree, paths

    def __call__(self, index: int) -> tuple[str, bytes | DataError]:
        path = self.paths[index]
        try:
            return path, self.tree.read(path)
        except DataError as error:
            return path, error


def is_tiny_imagenet(tree: Tree) -> bool:
    """Tell whether a tree has this layout."""
    names = {os.path.basename(path) for path in tree.files(innermost(tree))}
    return {"wnids.txt", "words.txt"} <= names


def tiny_imagenet(tree: Tree) -> Listed:
    """Open Tiny-ImageNet, or a part of it, in a directory or an archive.

    Classes are in the order of their synsets. The test pictures have no labels and are left out.

    Raises:
        DataError: a file of the layout is missing, or an annotation names an unknown class.
    """
    root = innermost(tree)
    classes = tuple(sorted(_lines(tree, join(root, "wnids.txt"))))
    known = {name: label for label, name in enumerate(classes)}
    paths, labels = Texts(), []
    for name in classes:
        found, _ = pictures(tree, join(root, f"train/{name}"))
        if not found:
            raise DataError(f"class folder 'train/{name}' of {tree.origin!r} holds no pictures")
        for path in found:
            paths.append(path)
            labels.append(known[name])
    training = len(labels)
    annotations = join(root, "val/val_annotations.txt")
    for number, line in enumerate(_lines(tree, annotations), 1):
        file, _, rest = line.partition("\t")
        synset = rest.split("\t")[0]
        if synset not in known:
            raise DataError(f"{annotations}:{number}: class {synset!r} is not in wnids.txt")
        paths.append(join(root, f"val/images/{file}"))
        labels.append(known[synset])
    indices = np.arange(len(labels))
    return Listed(
        short_name(tree),
        classes=classes,
        splits={"train": indices[:training], "validation": indices[training:]},
        labels=np.array(labels, dtype=np.int32),
        read=TreeFiles(tree, paths),
        fingerprint=f"tiny-imagenet 1 {tree.fingerprint()}",
        words=_words(tree, join(root, "words.txt")),
        notes={"origin": tree.origin, "layout": "Tiny-ImageNet"},
    )


def _words(tree: Tree, path: str) -> Mapping[str, str]:
    """Read the words of each synset."""
    pairs = (line.partition("\t") for line in _lines(tree, path))
    return {synset: words for synset, _, words in pairs if words}


def _lines(tree: Tree, path: str) -> list[str]:
    """Return the lines of a text file that are not empty."""
    try:
        text = tree.read(path).decode("utf-8", "replace")
    except DataError as error:
        raise DataError(f"{path!r} of {tree.origin!r}: {error}") from None
    return [line for line in text.splitlines() if line.strip()]
