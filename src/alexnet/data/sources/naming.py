"""A source by the name that a person gives it, and the side that suits its pictures."""

import functools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from alexnet.data.decoding.images import decode
from alexnet.data.sources.digits import Digits
from alexnet.data.sources.files.remote import is_remote
from alexnet.data.sources.hub import PREFIX
from alexnet.data.sources.opening import open_source
from alexnet.data.sources.published import PUBLISHED, published
from alexnet.data.sources.shapes import Shapes
from alexnet.data.sources.source import Source
from alexnet.errors import DataError, choices

NAMED: dict[str, Callable[[], Source]] = {
    "digits": Digits,
    "shapes": Shapes,
    **{name: functools.partial(published, name) for name in PUBLISHED},
}

_SIDE = 256
_SMALL = 128  # pixels: pictures below this are stored as they are
_SAMPLES = 16


def source_named(name_or_path: str | Path, *, order: str = "sorted", strict: bool = True) -> Source:
    """Return a source by its name, or as `open_source` reads what a path holds; a name wins over a path."""
    name = os.fspath(name_or_path)
    if name in NAMED:
        return NAMED[name]()
    if not os.path.exists(name) and not is_remote(name) and not name.startswith(PREFIX):
        raise DataError(
            f"{name!r} is neither a data set nor a path; {choices(name, NAMED)}, or a directory, an archive or a list"
        )
    return open_source(name, order=order, strict=strict)


def default_side(source: Source) -> int:
    """Return the side to prepare a source at: 256, or the shorter side of its first pictures where it is
    small."""
    shorter = []
    for example in source.examples("train", 0, _SAMPLES):
        try:
            if isinstance(example.content, DataError):
                raise example.content
            pixels = example.content if isinstance(example.content, np.ndarray) else decode(example.content)
        except DataError:
            continue
        shorter.append(min(pixels.shape[:2]))
    return max(shorter) if shorter and max(shorter) < _SMALL else _SIDE
