"""Pictures in one folder, named by their synset: n01440764_tench.JPEG, n01440764_10026.JPEG."""

import os
import re
from collections.abc import Iterator, Mapping

from alexnet.data.sources.files.trees import Tree
from alexnet.data.sources.folders import innermost, pictures, read_example, short_name
from alexnet.data.sources.source import Example
from alexnet.errors import DataError

_NAME = re.compile(r"(n\d{8})_(.+)", re.DOTALL)


class Synsets:
    """Pictures whose name begins with their class's WordNet number; words that follow it name the class.

    There is one split, for training.

    Raises:
        DataError: a picture's name does not begin with a synset.
    """

    splits = ("train",)

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.name = short_name(tree)
        paths, ignored = pictures(tree, _folder(tree), deep=False)
        self.words: dict[str, str] = {}
        self._entries: list[tuple[str, str]] = []
        for path in paths:
            name, _ = os.path.splitext(path.rsplit("/", 1)[-1])
            if not (match := _NAME.fullmatch(name)):
                raise DataError(
                    f"{path!r} of {tree.origin!r} does not begin with a synset such as n01440764_"
                )
            synset, rest = match.groups()
            self._entries.append((path, synset))
            if not rest.isdecimal():
                self.words.setdefault(synset, rest.replace("_", " "))
        self._entries.sort(key=lambda entry: (entry[1], entry[0]))
        self.classes = tuple(sorted({synset for _, synset in self._entries}))
        self.notes: Mapping[str, object] = {"origin": tree.origin, "ignored_files": ignored}

    @staticmethod
    def fits(tree: Tree) -> bool:
        """Tell whether a tree holds such pictures: no folders, and a first picture named by a synset."""
        folder = _folder(tree)
        found = pictures(tree, folder, deep=False)[0] if not tree.folders(folder) else []
        return bool(found) and _NAME.match(found[0].rsplit("/", 1)[-1]) is not None

    def count(self, split: str) -> int:
        """Return how many pictures there are."""
        return len(self._entries)

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the pictures in order of their synsets, then of their names."""
        for path, synset in self._entries[start:stop]:
            yield read_example(self._tree, path, synset)

    def fingerprint(self) -> str:
        """Return a hash of the tree."""
        return f"synsets 1 {self._tree.fingerprint()}"


def _folder(tree: Tree) -> str:
    """Return the folder that holds the pictures: the innermost, or the only one in it."""
    root = innermost(tree)
    names = tree.folders(root)
    if len(names) == 1 and not tree.files(root):
        return f"{root}/{names[0]}" if root else names[0]
    return root
