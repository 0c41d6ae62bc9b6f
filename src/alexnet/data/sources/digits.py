"""The hand-written digits that ship with the package.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
1998, https://doi.org/10.24432/C50P49, CC BY 4.0; see digits/LICENSE.
"""

import gzip
from collections.abc import Iterator, Mapping
from importlib import resources

import numpy as np

from alexnet.data.decoding.images import square_pixels
from alexnet.data.sources.division import SEED, held_out
from alexnet.data.sources.source import Example

_FRACTION = 0.2


class Digits:
    """1,797 pictures of 8x8 counts of ink, shown dark on white as 32x32 RGB.

    They are the test part of the published set, by 13 writers. Which of them wrote which digit is not
    recorded, so a fifth of each class is set aside for validation at random, and writers fall on both
    sides: an error measured here says little about new hands.
    """

    name = "digits"
    splits = ("train", "validation")
    classes = tuple("0123456789")
    words: Mapping[str, str] = {}
    notes: Mapping[str, object] = {
        "origin": "UCI Optical Recognition of Handwritten Digits (1998), test part, CC BY 4.0",
        "division": {"method": "stratified", "fraction": _FRACTION, "seed": SEED},
    }

    def __init__(self) -> None:
        packed = resources.files("alexnet.data").joinpath("digits", "digits.csv.gz").read_bytes()
        rows = gzip.decompress(packed).decode("ascii").splitlines()
        table = np.array([row.split(",") for row in rows], dtype=np.int64)
        self._ink, self._labels = table[:, :64].reshape(-1, 8, 8), table[:, 64]
        aside = np.zeros(len(table), dtype=bool)
        for label, name in enumerate(self.classes):
            indices = np.flatnonzero(self._labels == label)
            aside[indices] = held_out(name, len(indices), fraction=_FRACTION)
        self._indices = {"train": np.flatnonzero(~aside), "validation": np.flatnonzero(aside)}

    def count(self, split: str) -> int:
        """Return how many pictures a split holds."""
        return len(self._indices[split])

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the pictures of a split, named by their row in the published file, counted from 1."""
        for index in self._indices[split][start:stop]:
            grey = (255 - (self._ink[index] * 255 + 8) // 16).astype(np.uint8)
            pixels = np.repeat(grey[:, :, None], 3, axis=2)
            enlarged = square_pixels(pixels, 32).transpose(1, 2, 0)
            yield Example(f"row {index + 1}", enlarged, self.classes[self._labels[index]])

    def fingerprint(self) -> str:
        """Return the name and version of the shipped file: it never changes."""
        return "digits 1"
