"""Generated pictures: coloured shapes on a noisy ground, learnable in seconds and the same for everyone."""

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from alexnet.data.sources.source import Example

_FIGURES = ("disc", "square", "triangle", "ring", "cross")
_COLOURS = {"red": (220, 40, 40), "green": (40, 190, 60), "blue": (50, 70, 220), "yellow": (230, 210, 40)}
_NAMES = tuple(f"{colour} {figure}" for colour in _COLOURS for figure in _FIGURES)


class Shapes:
    """A seeded source of shapes, for tests and benchmarks.

    A class is a colour and a figure; position, size and ground vary from picture to picture. Picture i is a pure
    function of the seed, the split and i, so that any count can be asked for without keeping one.

    Args:
        count: pictures in the training split; the validation split has a quarter of it, at least one a class.
        side: height and width, in pixels, at least 8.
        classes: how many, 1 to 20.
        seed: another seed gives other pictures of the same classes.
    Raises:
        ValueError: an argument is out of its range.
    """

    name = "shapes"
    splits = ("train", "validation")
    words: Mapping[str, str] = {}

    def __init__(self, count: int = 1000, *, side: int = 32, classes: int = 10, seed: int = 0) -> None:
        if not 1 <= classes <= len(_NAMES) or count < classes or side < 8:
            raise ValueError(
                f"Shapes(count={count}, side={side}, classes={classes}): expected 1 to {len(_NAMES)} "
                "classes, at least one picture a class and a side of at least 8"
            )
        self.classes = _NAMES[:classes]
        self.side, self.seed = side, seed
        self._counts = {"train": count, "validation": max(count // 4, classes)}
        self.notes: Mapping[str, object] = {"origin": "generated", "seed": seed}

    def count(self, split: str) -> int:
        """Return how many pictures a split holds."""
        return self._counts[split]

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the pictures of a split; classes take turns."""
        for index in range(self._counts[split])[start:stop]:
            label = index % len(self.classes)
            yield Example(
                f"{split} {index}", self._picture(split, index, self.classes[label]), self.classes[label]
            )

    def fingerprint(self) -> str:
        """Return the arguments, which decide everything."""
        return f"shapes 1 {self._counts['train']} {self.side} {len(self.classes)} {self.seed}"

    def _picture(self, split: str, index: int, name: str) -> np.ndarray:
        """Draw one picture: uint8 RGB, (side, side, 3)."""
        colour, figure = name.split()
        digest = hashlib.blake2b(repr((self.seed, split, index)).encode(), digest_size=8).digest()
        random = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
        radius = self.side * random.uniform(0.2, 0.35)
        x, y = random.uniform(radius, self.side - radius, size=2)
        across, down = np.meshgrid(np.arange(self.side) + 0.5 - x, np.arange(self.side) + 0.5 - y)
        pixels = random.integers(60, 140) + random.normal(0, 20, size=(self.side, self.side, 3))
        inside = _inside(figure, across / radius, down / radius)
        pixels[inside] = np.array(_COLOURS[colour]) + random.normal(0, 12, size=(int(inside.sum()), 3))
        return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def _inside(figure: str, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Say which points lie in a figure of radius 1 around the origin; bool, the shape of the points."""
    distance = np.hypot(across, down)
    masks = {
        "disc": distance <= 1,
        "square": np.maximum(abs(across), abs(down)) <= 0.85,
        "triangle": (down <= 0.8) & (down >= 2 * abs(across) - 1),
        "ring": (distance <= 1) & (distance >= 0.55),
        "cross": (np.minimum(abs(across), abs(down)) <= 0.3) & (np.maximum(abs(across), abs(down)) <= 1),
    }
    return np.asarray(masks[figure])
