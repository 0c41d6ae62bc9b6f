"""Finding the source that fits a path."""

import os
from pathlib import Path

from alexnet.data.sources.folders import Folders
from alexnet.data.sources.parquet import Parquet
from alexnet.data.sources.source import Source
from alexnet.data.sources.synsets import Synsets
from alexnet.data.sources.trees import Directory, Tree, Zip
from alexnet.errors import DataError


def open_source(path: str | Path) -> Source:
    """Open what a person holds: a directory or an archive in any of the layouts that are read.

    Raises:
        DataError: nothing is there, or it is in no known layout.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{os.fspath(path)!r} does not exist: give a directory or an archive of pictures")
    if path.is_dir() and (any(path.glob("*.parquet")) or any(path.glob("data/*.parquet"))):
        return Parquet(path)
    tree = _tree(path)
    return Synsets(tree) if Synsets.fits(tree) else Folders(tree)


def _tree(path: Path) -> Tree:
    if path.is_dir():
        return Directory(path)
    if path.suffix.lower() == ".zip":
        return Zip(path)
    raise DataError(f"{os.fspath(path)!r} is neither a directory nor a .zip archive")
