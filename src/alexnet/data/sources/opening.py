"""Finding the source that fits a path."""

import os
from pathlib import Path

from alexnet.data.sources.files.archives import TARS, open_archive
from alexnet.data.sources.files.remote import is_remote
from alexnet.data.sources.files.trees import Directory, Remote, Tree
from alexnet.data.sources.folders import Folders
from alexnet.data.sources.hub import PREFIX, Hub
from alexnet.data.sources.layouts.cifar import cifar, is_cifar
from alexnet.data.sources.layouts.idx import idx, is_idx
from alexnet.data.sources.layouts.ilsvrc import ilsvrc, is_ilsvrc
from alexnet.data.sources.layouts.original import is_original, original
from alexnet.data.sources.layouts.synsets import Synsets
from alexnet.data.sources.layouts.tiny_imagenet import is_tiny_imagenet, tiny_imagenet
from alexnet.data.sources.layouts.webdataset import is_webdataset, webdataset
from alexnet.data.sources.lists.caffe import ENDING as CAFFE_ENDING
from alexnet.data.sources.lists.caffe import caffe_list, is_caffe_list
from alexnet.data.sources.lists.table import ENDINGS, listing
from alexnet.data.sources.parquet import Parquet
from alexnet.data.sources.source import Source, natural
from alexnet.errors import DataError

_LISTS = (*ENDINGS, CAFFE_ENDING)


def open_source(path: str | Path, *, order: str = "sorted", strict: bool = True) -> Source:
    """Open what a person holds, in any of the layouts that are read.

    Args:
        path: a directory, an archive, a list (CSV, TSV, JSON lines, Caffe's `path label`), `hf:owner/name`, or
            a remote address such as s3://bucket/folder.
        order: of the classes where there are two: ILSVRC as downloaded, "sorted" or "devkit".
        strict: refuse image folders that cannot be trained on, such as one with an empty class; otherwise
            their `problems` tell.
    Raises:
        DataError: nothing is there, or it is in no known layout.
    """
    origin = os.fspath(path)
    if origin.startswith(PREFIX):
        return Hub(origin)
    if is_remote(origin):
        return _of_tree(open_archive(origin) or Remote(origin), strict)
    if not os.path.exists(origin):
        raise DataError(f"{origin!r} does not exist: give a directory, an archive or a list of pictures")
    if os.path.isdir(origin):
        return _of_directory(Path(origin), order, strict)
    if origin.lower().endswith(ENDINGS):
        return listing(origin)
    if origin.lower().endswith(CAFFE_ENDING):
        return caffe_list(origin)
    if origin.lower().endswith(".parquet"):
        raise DataError(f"{origin!r} is one file of a data set: give its folder")
    if origin.lower().endswith(TARS) and is_webdataset(origin):
        return webdataset([origin], Path(origin).name.split(".")[0])
    if tree := open_archive(origin):
        return _of_tree(tree, strict)
    raise DataError(
        f"{origin!r} is neither a directory, an archive (.zip, {', '.join(TARS)}) nor a list ({', '.join(_LISTS)})"
    )


def _of_directory(path: Path, order: str, strict: bool) -> Source:
    """Open a directory: layouts of whole files first, then trees."""
    if is_ilsvrc(path):
        return ilsvrc(path, order)
    if any(path.glob("*.parquet")) or any(path.glob("data/*.parquet")):
        return Parquet(path)
    shards = sorted((os.fspath(p) for p in (*path.glob("*.tar"), *path.glob("*/*.tar"))), key=natural)
    if shards and is_webdataset(shards[0]):
        return webdataset(shards, path.resolve().name)
    for name in ("metadata.csv", "metadata.jsonl", "labels.csv", "labels.tsv", "labels.jsonl"):
        if (path / name).is_file():
            return listing(path / name)
    if is_caffe_list(path / "train.txt"):
        return caffe_list(path / "train.txt")
    return _of_tree(Directory(path), strict)


def _of_tree(tree: Tree, strict: bool) -> Source:
    """Open the layout that a tree holds; image folders where it is none of the others."""
    for fits, source in (
        (is_tiny_imagenet, tiny_imagenet),
        (is_cifar, cifar),
        (is_original, original),
        (is_idx, idx),
    ):
        if fits(tree):
            return source(tree)
    return Synsets(tree) if Synsets.fits(tree) else Folders(tree, strict=strict)
