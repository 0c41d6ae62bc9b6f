"""What a canvas shows: shapes in pixels, in colours by their names."""

from dataclasses import dataclass
from typing import final

import numpy as np


@final
@dataclass(frozen=True)
class Rectangle:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@final
@dataclass(frozen=True)
class Line:
    """A line through points, or a single stroke."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1.5
    dashed: bool = False


@final
@dataclass(frozen=True)
class Text:
    """A line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    colour: str = "ink"
    size: float = 12.0
    anchor: str = "start"
    """start, middle or end: which part of it stands at `x`."""
    bold: bool = False
    upright: bool = False
    """Turned by a quarter, to be read from below; `anchor` then counts from below too."""


@final
@dataclass(frozen=True)
class Picture:
    """Pixels, uint8 (H, W, 3), or (H, W, 4) with opacity, drawn `width` wide and `height` high."""

    x: float
    y: float
    width: float
    height: float
    pixels: np.ndarray
    smooth: bool = False
    """Scaled smoothly; kernels and maps show each of their pixels instead."""


Shape = Rectangle | Line | Text | Picture
