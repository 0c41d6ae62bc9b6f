"""Image folders: `train|val|.../class/*.jpg`, or class folders alone.

Classes are in natural order of their folders' names. Class folders alone are divided, seeded and stratified,
without copying anything. The order depends on names alone.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from alexnet.data.imagenet_classes import words_of
from alexnet.data.sources.division import FRACTION, SEED, held_out, too_few
from alexnet.data.sources.files.trees import Tree
from alexnet.data.sources.source import SPLITS, Example, natural
from alexnet.errors import DataError

SYNONYMS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid"),
    "test": ("test", "testing"),
}
ENDINGS = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".gif",
    ".webp",
    ".bmp",
    ".tif",
    ".tiff",
    ".ppm",
    ".pgm",
    ".pnm",
    ".heic",  # what phones and browsers make and is not read here is refused by name, rather than passed over
    ".heif",
    ".avif",
    ".jxl",
)


@dataclass(frozen=True)
class _Part:
    """The pictures of one class in one split."""

    name: str
    folder: str
    size: int  # pictures in the folder
    aside: bool | None = None  # of a folder that is divided: those set aside, or the others

    def chosen(self, fraction: float, seed: int) -> np.ndarray:
        """Return which of the folder's pictures, in order, are this part's."""
        if self.aside is None or self.size < 2:
            return np.arange(0 if self.aside else self.size)
        return np.flatnonzero(held_out(self.name, self.size, fraction=fraction, seed=seed) == self.aside)


class Folders:
    """Pictures whose folder names their class.

    Args:
        tree: the directory or archive that holds them.
        fraction: the part of each class to set aside where there is no validation folder.
        seed: decides which pictures those are.
        strict: refuse what cannot be trained on; otherwise gather it in `problems`, to be reported.
    Raises:
        DataError: no pictures, an empty class, or classes that differ between the splits.
    """

    def __init__(
        self, tree: Tree, *, fraction: float = FRACTION, seed: int = SEED, strict: bool = True
    ) -> None:
        self.problems: list[str] = []
        self._strict = strict
        self._tree, self._fraction, self._seed, self._ignored = tree, fraction, seed, 0
        self.name = short_name(tree)
        roots = split_folders(tree)
        divided = "train" not in roots
        self._parts = {
            split: self._listed(root)
            for split, root in ({"train": innermost(tree)} if divided else roots).items()
        }
        self.classes = tuple(part.name for part in self._parts["train"])
        for split, parts in self._parts.items():
            try:
                check_same_classes(tree.origin, self.classes, [part.name for part in parts], split)
            except DataError as error:
                self._complain(error)
        self.words = {name: words for name in self.classes if (words := words_of(name)) != name}
        named = {part.name for parts in self._parts.values() for part in parts}
        self.classes += tuple(sorted(named - set(self.classes), key=natural))
        if divided and any(part.size > 1 for part in self._parts["train"]):
            for part in self._parts["train"]:
                if part.size == 1:
                    self._complain(too_few(part.name))
            for split in ("train", "validation"):
                self._parts[split] = [
                    _Part(p.name, p.folder, p.size, split == "validation") for p in self._parts["train"]
                ]
        self._counts = {s: [len(p.chosen(fraction, seed)) for p in parts] for s, parts in self._parts.items()}
        self.splits = tuple(split for split in SPLITS if split in self._parts)
        division = {"method": "stratified", "fraction": fraction, "seed": seed}
        self.notes: Mapping[str, object] = {
            "origin": tree.origin,
            "ignored_files": self._ignored,
            "division": division if divided and "validation" in self._parts else None,
        }

    def count(self, split: str) -> int:
        """Return how many pictures a split lists."""
        return sum(self._counts[split])

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield pictures class by class; only the folders that are asked for are listed."""
        stop = self.count(split) if stop is None else stop
        first = 0
        for part, count in zip(self._parts[split], self._counts[split], strict=True):
            if first < stop and first + count > start:
                paths = pictures(self._tree, part.folder)[0]
                if len(paths) != part.size:
                    raise DataError(
                        f"class {part.name!r} of {self._tree.origin!r} changed while it was read: start again"
                    )
                for index in part.chosen(self._fraction, self._seed)[max(start - first, 0) : stop - first]:
                    yield read_example(self._tree, paths[index], part.name)
            first += count

    def fingerprint(self) -> str:
        """Return a hash of the tree and of how it is divided."""
        return f"folders 1 {self._tree.fingerprint()} {self._fraction} {self._seed}"

    def _complain(self, error: DataError) -> None:
        """Refuse the whole, or go on and remember why it should be."""
        if self._strict:
            raise error
        self.problems.append(str(error))

    def _listed(self, root: str) -> list[_Part]:
        """List the classes below a folder: each must hold a picture."""
        parts = []
        for name in sorted(self._tree.folders(root), key=natural):
            folder = f"{root}/{name}" if root else name
            paths, ignored = pictures(self._tree, folder)
            self._ignored += ignored
            if not paths:
                words = (
                    f"class folder {folder!r} of {self._tree.origin!r} holds no pictures: fill or remove it"
                )
                self._complain(DataError(words))
            parts.append(_Part(name, folder, len(paths)))
        if not parts:
            raise DataError(
                f"{self._tree.origin!r} holds no class folders{f' in {root!r}' if root else ''}: expected "
                "train/CLASS/*.jpg and val/CLASS/*.jpg, or CLASS/*.jpg"
            )
        return parts


def read_example(tree: Tree, path: str, label: str) -> Example:
    """Read one picture of a tree; a failure becomes the example's content."""
    try:
        return Example(path, tree.read(path), label)
    except DataError as error:
        return Example(path, error, label)


def pictures(tree: Tree, folder: str, *, deep: bool = True) -> tuple[list[str], int]:
    """Return the paths of the pictures below a folder, and how many other files were passed over."""
    paths = tree.files(folder, deep=deep)
    found = [path for path in paths if path.lower().endswith(ENDINGS)]
    return found, len(paths) - len(found)


def short_name(tree: Tree) -> str:
    """Return a short name for the data set in a tree."""
    return os.path.basename(os.path.abspath(tree.origin)).split(".")[0]


def innermost(tree: Tree) -> str:
    """Go down while a folder holds one folder of folders and no files, as archives are often packed."""
    root = ""
    while len(names := tree.folders(root)) == 1 and not tree.files(root):
        below = f"{root}/{names[0]}" if root else names[0]
        if not tree.folders(below) or any(names[0].lower() in known for known in SYNONYMS.values()):
            return root
        root = below
    return root


def split_folders(tree: Tree) -> dict[str, str]:
    """Find the folders of the splits under any of their names; without a training folder, nothing."""
    root = innermost(tree)
    present = {name.lower(): name for name in tree.folders(root)}
    found: dict[str, str] = {}
    for split, names in SYNONYMS.items():
        matches = [present[name] for name in names if name in present]
        if len(matches) > 1:
            raise DataError(
                f"{tree.origin!r} holds both {matches[0]!r} and {matches[1]!r}: remove or rename one"
            )
        if matches:
            found[split] = f"{root}/{matches[0]}" if root else matches[0]
    if "test" in found and not tree.folders(found["test"]):
        del found["test"]  # pictures without labels, as ImageNet's test part comes
    return found if "train" in found else {}


def check_same_classes(origin: str, training: tuple[str, ...], others: list[str], split: str) -> None:
    """Check that a split holds the training split's classes, all of them and no others."""
    known, seen = set(training), set(others)
    for what, names in (("lacks", known - seen), ("adds", seen - known)):
        if names:
            shown = ", ".join(repr(name) for name in sorted(names, key=natural)[:3])
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise DataError(
                f"{split} of {origin!r} {what} class{'es' if len(names) > 1 else ''} {shown}{more}: "
                f"train holds {len(training)} classes, and every split must hold the same"
            )
