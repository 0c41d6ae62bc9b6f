"""What scikit-learn calls X: pictures in every form that a classifier takes, and tables of numbers as grey squares.

Shapes: N pictures, F numbers of a row, H rows, W columns, C channels, S the side of a prepared picture.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np
from PIL import Image
from torch import Tensor

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.data.decoding.images import decode
from alexnet.errors import DataError
from alexnet.files import read_bounded
from alexnet.inference.pictures import Picture, pixels_of, squared

_ALONE: Final = str | os.PathLike | bytes | bytearray | Image.Image
"""What is a picture by itself, whatever scikit-learn would make of it."""


def pictures_in(given: Any) -> list[Picture] | None:
    """Return X as pictures; None where it is a table of numbers, a row a picture.

    Args:
        given: paths, bytes, PIL images or arrays of pixels, as a list, an array or a column of a data frame; or an
            array or tensor (N, H, W), (N, H, W, C) or (N, C, H, W), uint8, or floating in 0-1 or 0-255.
    Returns:
        the pictures, or None.
    Raises:
        ValueError: the meaning of pixels is not certain.
        TypeError: it is one picture: several are taken.
    """
    if isinstance(given, _ALONE):
        raise TypeError(f"X is one picture, {str(given)[:80]!r}: give a list of pictures, [X]")
    if isinstance(given, Tensor | np.ndarray) and given.ndim in (3, 4):
        return _rows(given)
    entries = _column(given)
    if entries is None or len(entries) == 0:
        return None
    return list(entries) if all(_is_picture(entry) for entry in entries) else None


def _rows(pixels: np.ndarray | Tensor) -> list[Picture]:
    """Return each picture of an array: uint8, (H, W, C); the range of their values is that of all of them."""
    if pixels.ndim == 3:  # by the custom of X, N comes first: they are grey
        pixels = pixels[:, None] if isinstance(pixels, Tensor) else pixels[..., None]
    return list(pixels_of(pixels))


def _column(given: Any) -> Sequence[Any] | None:
    """Return a list, or a column of objects or texts, entry by entry; None of anything else."""
    if isinstance(given, list | tuple):
        return given
    if hasattr(given, "iloc"):  # a data frame, or a column of one
        given = given.to_numpy()
    if not isinstance(given, np.ndarray) or given.dtype.kind not in "OUS":
        return None
    if given.ndim == 1 or (given.ndim == 2 and given.shape[1] == 1):
        return list(given.ravel())
    return None


def _is_picture(entry: object) -> bool:
    pixels = isinstance(entry, np.ndarray | Tensor) and entry.ndim in (2, 3)
    return pixels or isinstance(entry, _ALONE)


@final
@dataclass(frozen=True)
class GreySquares:
    """How rows of a table become grey pictures: which number is black, which white, and how many rows and columns."""

    shape: tuple[int, int]
    """H and W; numbers that a row is short of H x W are black."""
    black: float
    white: float

    @classmethod
    def of(cls, table: np.ndarray, shape: tuple[int, int] | None) -> Self:
        """Choose them for a table, (N, F): uint8 as it is, else the least number black and the greatest white.

        Raises:
            ValueError: H x W is not F.
        """
        side = math.isqrt(table.shape[1] - 1) + 1
        height, width = shape or (side, side)
        if shape is not None and height * width != table.shape[1]:
            raise ValueError(f"shape={shape} does not fit: a row of X has {table.shape[1]} numbers")
        if table.dtype == np.uint8:
            return cls((height, width), 0.0, 255.0)
        return cls((height, width), float(table.min()), float(table.max()))

    def pixels(self, table: np.ndarray) -> list[Picture]:
        """Return rows as pictures: uint8, (H, W); what is darker than black is black, what is brighter white."""
        height, width = self.shape
        span = (self.white - self.black) or 1.0
        grey = np.clip((table.astype(np.float64) - self.black) / span, 0.0, 1.0) * 255.0
        missing = height * width - table.shape[1]
        whole = np.pad(np.rint(grey).astype(np.uint8), ((0, 0), (0, missing)))
        return list(whole.reshape(-1, height, width))


@final
@dataclass(frozen=True)
class Reading:
    """Reads the pictures of a training set, for a source; sent to other processes with them.

    Args:
        pictures: in their order.
        side: S, to which they are squared as a classifier squares them; 0 gives them as they are, to find out S.
    """

    pictures: list[Picture]
    side: int = 0

    def __call__(self, index: int) -> tuple[str, np.ndarray | DataError]:
        """Return a picture's name and pixels, uint8 RGB (H, W, 3), or why it cannot be read."""
        picture, name = self.pictures[index], f"X[{index}]"
        if isinstance(picture, str | os.PathLike):
            name = os.fsdecode(picture)
        try:
            if self.side:
                return name, squared(picture, self.side, name).transpose(1, 2, 0)
            return name, _natural(picture)
        except DataError as error:
            return name, error
        except OSError as error:
            return name, DataError(f"{name} cannot be read: {error.strerror}")


def _natural(picture: Picture) -> np.ndarray:
    """Return a picture's pixels at its own size."""
    if isinstance(picture, Image.Image):
        return np.zeros((picture.height, picture.width, 3), np.uint8)  # whose size alone is asked for
    if isinstance(picture, np.ndarray | Tensor):
        pixels = pixels_of(picture)[0]
        return np.zeros((*pixels.shape[:2], 3), np.uint8)
    if isinstance(picture, str | os.PathLike):
        return decode(read_bounded(Path(os.fsdecode(picture)), MAX_BYTES))
    if isinstance(picture, bytes | bytearray | memoryview):
        return decode(bytes(picture))
    raise TypeError(
        f"{type(picture).__name__} is no picture that can be read twice: give its path or its bytes"
    )
