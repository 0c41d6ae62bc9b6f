"""What may be given to be classified, brought to the pixels that the training pictures had.

Shapes: N pictures, H rows, W columns, C channels: 1 grey, 3 RGB, 4 RGB and opacity; S the side of a prepared picture.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.data.decoding.images import square, square_image, square_pixels
from alexnet.errors import DataError
from alexnet.files import read_bounded


@runtime_checkable
class OpenFile(Protocol):
    """A file open for reading bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes."""


Picture = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | OpenFile | Image.Image | np.ndarray | Tensor
)
"""What can be classified: the path of a picture file, its bytes, a file open for reading them (from where it stands),
a PIL image, or the pixels: see `pixels_of`."""

_TAKEN: Final = "a picture is a path, the bytes of a file or an open one, a PIL image, an array or a tensor"
_SHAPES: Final = "(H, W), (H, W, 3), (H, W, 4) or (3, H, W), or several such with N before them"
_RANGES: Final = "expected uint8, or floating in 0-1 or 0-255"
_BRIGHT: Final = 16.0
"""The brightest of pixels in 0-255 is at least this, or all are whole: else their range is anybody's guess."""


def listed(images: Picture | Iterable[Picture]) -> list[Picture]:
    """Return one picture or several as a list.

    Args:
        images: one picture, an array or a tensor of several, or an iterable of pictures.
    Raises:
        ValueError: there is none, or the meaning of pixels is not certain.
        TypeError: it is nothing of this kind.
    """
    found: list[Picture]
    if isinstance(images, np.ndarray | Tensor):
        found = list(pixels_of(images))
    elif isinstance(images, str | os.PathLike | bytes | bytearray | memoryview | Image.Image | OpenFile):
        found = [images]
    elif isinstance(images, Iterable) and not isinstance(images, Mapping):
        found = list(images)
    else:
        raise TypeError(f"{type(images).__name__} is no picture: {_TAKEN}, or an iterable of these")
    if not found:
        raise ValueError("no pictures were given")
    return found


def squared(picture: Picture, side: int, name: str) -> np.ndarray:
    """Prepare a picture as `square_of` does; where it cannot be read, the DataError names it."""
    try:
        return square_of(picture, side, name)
    except DataError as error:
        raise DataError(f"{name_of(picture, name)}: {error}") from error


def square_of(picture: Picture, side: int, name: str) -> np.ndarray:
    """Prepare a picture as those of training were: shorter side scaled, central square cut out.

    Args:
        picture: one picture.
        side: S.
        name: of the picture in messages, where it has no path.
    Returns:
        uint8 RGB, (3, S, S).
    Raises:
        DataError: it cannot be read; the message says why, and does not name it.
        ValueError: the meaning of its pixels is not certain.
        TypeError: it is no picture.
    """
    if isinstance(picture, np.ndarray | Tensor):
        pixels = pixels_of(picture)
        if len(pixels) != 1:
            raise ValueError(f"{name} is an array of {len(pixels)} pictures: give it alone, or one at a time")
        return _squared_pixels(pixels[0], side)
    try:
        if isinstance(picture, Image.Image):
            if 0 in picture.size:
                raise DataError("empty: the image has no pixels")
            return square_image(picture, side)
        return square(_content(picture), side)
    except TypeError as error:
        raise TypeError(f"{name_of(picture, name)}: {error}") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte in it
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DataError(f"unreadable: {why}; give the path of a picture") from error


def name_of(picture: object, name: str) -> str:
    """Return what a picture is called in messages: its path, where it has one, else the name given."""
    return os.fsdecode(picture) or "''" if isinstance(picture, str | os.PathLike) else name


def _content(picture: object) -> bytes:
    """Return the bytes of a picture's file."""
    match picture:
        case bytes() | bytearray() | memoryview():
            return bytes(picture)
        case str() | os.PathLike():
            return read_bounded(Path(os.fsdecode(picture)), MAX_BYTES)
        case OpenFile():
            content: object = picture.read(MAX_BYTES + 1)
            if isinstance(content, bytes):
                return content
            raise TypeError("the file was opened as text: open it with mode 'rb'")
    raise TypeError(f"{type(picture).__name__} is no picture: {_TAKEN}")


def pixels_of(values: np.ndarray | Tensor) -> np.ndarray:
    """Return pixels as uint8 with the channels last, where their meaning is certain.

    Args:
        values: uint8, or floating in 0-1 or in 0-255. An array: (H, W), (H, W, C) or (N, H, W, C), or with one or three
            channels before H and W where the last axis cannot be the channels. A tensor: (H, W), (C, H, W) or
            (N, C, H, W), or with the channels last where they cannot stand before H and W.
    Returns:
        uint8, (N, H, W, C), N = 1 for one picture.
    Raises:
        ValueError: it is none of these; values are negative, not finite, or of no certain range.
    """
    is_tensor = isinstance(values, Tensor)
    array = _array(values) if isinstance(values, Tensor) else np.asarray(values)
    layout = _channels_last(array, first=is_tensor)
    if layout is None or 0 in layout.shape[1:]:
        kind = "tensor" if is_tensor else "array"
        raise ValueError(
            f"pixels of {array.shape}: expected {kind}s of {_SHAPES}, of which one meaning is certain"
        )
    return _eight_bits(layout)


def _array(values: Tensor) -> np.ndarray:
    """Return a tensor's numbers as an array: uint8, or float32 for what is floating."""
    plain = values.layout == torch.strided and not (values.is_meta or values.is_nested or values.is_quantized)
    if not plain or not (values.dtype == torch.uint8 or values.is_floating_point()):
        kind = values.dtype if plain else f"a {'meta' if values.is_meta else values.layout} tensor"
        raise ValueError(f"pixels of {kind}: {_RANGES}")
    values = values.detach().cpu()
    return np.asarray((values.float() if values.is_floating_point() else values).numpy())


def _channels_last(values: np.ndarray, *, first: bool) -> np.ndarray | None:
    """Return pixels as (N, H, W, C); None where they may mean several things, or nothing.

    `first`: by custom the channels come first, as in torch; else last.
    """
    if values.ndim == 2:
        return values[None, :, :, None]
    if values.ndim not in (3, 4):
        return None
    before, last = (
        values.shape[-3] in (1, 3) or (first and values.shape[-3] == 4),
        values.shape[-1] in (1, 3, 4),
    )
    if before and last:  # three where custom has them is what everybody means
        before, last = first and values.shape[-3] == 3, not first and values.shape[-1] == 3
    if before == last:
        return None
    pictures: np.ndarray = values if values.ndim == 4 else values[None]
    return np.ascontiguousarray(pictures.transpose(0, 2, 3, 1)) if before else pictures


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Return pixels as uint8, or raise ValueError where their range is not certain."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind != "f":
        raise ValueError(f"pixels of {values.dtype}: {_RANGES}")
    if values.size == 0:
        return values.astype(np.uint8)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255:  # neither of which a NaN is
        whole = np.rint(values * 255.0 if high <= 1 else values).astype(np.uint8)
        if high <= 1 or high >= _BRIGHT or bool((values == whole).all()):
            return whole
    raise ValueError(
        f"pixels from {low:g} to {high:g}: expected 0-1 or 0-255, uint8 or floating, before any mean is subtracted"
    )


def _squared_pixels(pixels: np.ndarray, side: int) -> np.ndarray:
    """Scale and cut pixels, uint8 (H, W, C); what is not opaque is laid on white, as of a file."""
    if pixels.shape[2] == 4:
        return square_image(Image.fromarray(np.ascontiguousarray(pixels), "RGBA"), side)
    return square_pixels(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels, side)
