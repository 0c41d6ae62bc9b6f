"""Caffe's lists of pictures: a path and the number of its class on each line, `n01440764/n01440764_18.JPEG 0`.

Source: Jia et al. 2014, Caffe: examples/imagenet and tools/convert_imageset.cpp (BVLC/caffe).
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from alexnet.data.sources.files.remote import file_fingerprint
from alexnet.data.sources.folders import SYNONYMS
from alexnet.data.sources.listed import Listed, distinct
from alexnet.data.sources.lists.entries import Entry, lines, list_of_files, open_list
from alexnet.errors import DataError

ENDING: Final = ".txt"
_LINE: Final = re.compile(r"(\S.*?)[ \t]+(\d{1,9})\s*")
_NAMES: Final = ("synset_words.txt", "synsets.txt", "classnames.txt", "classes.txt", "labels.txt")


def is_caffe_list(path: str | Path) -> bool:
    """Tell whether a file's first line is a path and a number."""
    if not os.path.isfile(path):
        return False
    try:
        with open_list(os.fspath(path)) as file:
            first = next(lines(file, os.fspath(path)), "")
    except DataError:
        return False
    return _LINE.fullmatch(first) is not None


def caffe_list(path: str | Path) -> Listed:
    """Open a list of pictures with numbers as labels.

    Of `train.txt`, the lists beside it that are called alike, `val.txt` and `test.txt`, are the other splits; a test
    list that gives every picture the same number, as Caffe's of ImageNet does, has no labels and is left out. Where
    there is no other split, a part of each class is set aside for validation. Paths are relative to the list's
    folder, or to the folder of the split in it (`train`, `val`).

    Classes are in the order of their numbers. Those that appear are named by line `number` of a synset_words.txt,
    synsets.txt, classnames.txt, classes.txt or labels.txt beside the list, if there is one; else by their numbers.

    Raises:
        DataError: with the line, what is wrong in it; or classes differ between the splits.
    """
    path = os.fspath(path)
    paths = _siblings(path)
    if "test" in paths and len({label for _, label in _rows(paths["test"])}) == 1:
        del paths["test"]
    names, words = _class_names(os.path.dirname(os.path.abspath(path)))
    known = {label for own in paths.values() for _, label in _rows(own)}
    if names and max(known, default=0) >= len(names):
        raise DataError(f"{path!r} has the label {max(known)}, but the list of class names has {len(names)}")
    classes = {label: names[label] if names else str(label) for label in sorted(known)}
    return list_of_files(
        path,
        _entries(paths, classes),
        "caffe 1 " + " ".join(file_fingerprint(own) for own in paths.values()),
        order=tuple(classes.values()),
        words=words,
    )


def _siblings(path: str) -> dict[str, str]:
    """Return the lists of all splits, the training list first: the list alone where it is not called after one."""
    folder, name = os.path.split(path)
    word = next((word for word in SYNONYMS["train"][::-1] if word in name.lower()), None)
    found = {"train": path}
    if word is not None:
        start = name.lower().index(word)
        for split in ("validation", "test"):
            for other in SYNONYMS[split]:
                own = os.path.join(folder, name[:start] + other + name[start + len(word) :])
                if is_caffe_list(own):
                    found.setdefault(split, own)
    return found


def _entries(paths: Mapping[str, str], classes: Mapping[int, str]) -> Iterator[Entry]:
    for split, path in paths.items():
        prefix = None
        for file, label in _rows(path):
            prefix = _prefix(path, split, file) if prefix is None else prefix
            yield Entry(prefix + file, classes[label], split if len(paths) > 1 else None)


def _prefix(path: str, split: str, first: str) -> str:
    """Return what to put before the files of a list, as its first one shows: nothing, or the split's folder."""
    folder = os.path.dirname(os.path.abspath(path))
    for prefix in ("", *(f"{name}/" for name in SYNONYMS[split])):
        if os.path.exists(os.path.join(folder, prefix + first)):
            return prefix
    return ""


def _rows(path: str) -> Iterator[tuple[str, int]]:
    """Yield the path and the number of each line that is not empty."""
    with open_list(path) as file:
        for number, line in enumerate(lines(file, path), 1):
            if match := _LINE.fullmatch(line):
                yield match[1], int(match[2])
            elif line.strip():
                raise DataError(
                    f"{path}:{number}: {line.strip()[:80]!r}: expected a path and the number of a class"
                )


def _class_names(folder: str) -> tuple[list[str], dict[str, str]]:
    """Read the names of the classes beside a list, and the words of synsets; empty where there are none."""
    for file_name in _NAMES:
        path = os.path.join(folder, file_name)
        if not os.path.isfile(path):
            continue
        with open_list(path) as file:
            rows = [line.strip() for line in lines(file, path)]
        rows = [row for row in rows if row]
        if file_name == "synset_words.txt":
            pairs = [row.partition(" ") for row in rows]
            return [synset for synset, _, _ in pairs], {synset: words for synset, _, words in pairs if words}
        return list(distinct(rows)), {}
    return [], {}
