"""Pictures without classes: all that lie in a folder or an archive, and below."""

from pathlib import Path
from typing import Final, final

import numpy as np

from alexnet.data.sources.files.trees import Directory, Tree
from alexnet.data.sources.folders import ENDINGS, pictures, read_example, short_name
from alexnet.data.sources.listed import Listed
from alexnet.errors import DataError

CLASS: Final = "no class"
"""The class that such pictures are of, since every picture of a data set has one."""


@final
class _Reader:
    """Reads pictures of a tree by their numbers."""

    def __init__(self, tree: Tree, paths: list[str]) -> None:
        self.tree, self.paths = tree, paths

    def __call__(self, index: int) -> tuple[str, bytes | np.ndarray | DataError]:
        example = read_example(self.tree, self.paths[index], CLASS)
        return example.name, example.content


def unlabelled(folder: str | Path) -> Listed:
    """Open a folder of pictures, whatever the folders in it mean; all are one split, train.

    Args:
        folder: with pictures in it or below it.
    Raises:
        DataError: there is none.
    """
    tree = Directory(folder)
    paths = pictures(tree, "")[0]
    if not paths:
        raise DataError(f"{tree.origin!r} holds no pictures: give a folder with pictures in it or below it")
    return Listed(
        short_name(tree),
        classes=(CLASS,),
        splits={"train": np.arange(len(paths))},
        labels=np.zeros(len(paths), np.int64),
        read=_Reader(tree, paths),
        fingerprint=f"unlabelled 1 {tree.fingerprint()}",
        notes={"origin": tree.origin, "layout": "pictures without classes"},
    )


def is_flat(folder: str | Path) -> bool:
    """Tell whether pictures lie in a folder itself, as they do where no folder names their class."""
    return any(path.lower().endswith(ENDINGS) for path in Directory(folder).files(""))
