"""Pixels on their way into a batch, compiled where possible; otherwise the same numbers from Pillow and NumPy.

Nothing here imports torch: the processes that decode pictures start without it.
"""

import ctypes
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image

from alexnet import cpu
from alexnet.kernels.compiled import check_memory, compiled

COLOUR_BITS = 14
_PART = 16  # pictures, below which a thread is not worth waking
_TOO_LARGE = 2  # the compiled function's word for a picture it has no tables for


def scaled_square(pixels: np.ndarray, side: int) -> np.ndarray:
    """Scale the central square of a picture, antialiased and bilinear; across first, then down.

    Args:
        pixels: uint8 RGB, (H, W, 3), contiguous.
        side: height and width of the result, in pixels.
    Returns:
        uint8 RGB, (3, side, side). Compiled or not, the same bits.
    """
    pixels = np.ascontiguousarray(pixels, np.uint8)
    height, width, _ = pixels.shape
    if (height, width) == (side, side):
        return planes(pixels)
    if library := _library():
        square = np.empty((3, side, side), np.uint8)
        status = library.alexnet_square(_address(pixels), height, width, side, _address(square))
        if status != _TOO_LARGE:
            check_memory(status)
            return square
    return _by_pillow(pixels, side)


def planes(pixels: np.ndarray) -> np.ndarray:
    """Take RGB pixels, uint8 (H, W, 3), apart into planes, uint8 (3, H, W)."""
    if (library := _library()) is None:
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))
    pixels = np.ascontiguousarray(pixels, np.uint8)
    apart = np.empty((3, *pixels.shape[:2]), np.uint8)
    library.alexnet_planes(_address(pixels), ctypes.c_int64(pixels.size // 3), _address(apart))
    return apart


def recolour(pixels: np.ndarray, shares: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Convert colours by three curves, a matrix and one more curve.

    Args:
        pixels: uint8 RGB, (H, W, 3), in one piece, also as a view of planes.
        shares: int32, (3, 256, 4): what each value of the three colours adds to the light of the three results,
            in parts of 2 ** COLOUR_BITS; the fourth counts nothing.
        curve: uint8, (2 ** COLOUR_BITS + 1,): the value of a light.
    Returns:
        uint8 RGB, (H, W, 3), laid out like `pixels`. Compiled or not, the same bits.
    """
    found = np.empty_like(pixels)  # keeps a view of planes one
    if library := _library():
        height, width, _ = pixels.shape
        apart, between = pixels.strides[1:]
        if found.strides == pixels.strides and pixels.strides[0] == width * apart:
            shares, curve = np.ascontiguousarray(shares, np.int32), np.ascontiguousarray(curve, np.uint8)
            count = ctypes.c_int64(height * width)
            colours = _address(pixels), ctypes.c_int64(apart), ctypes.c_int64(between), count
            library.alexnet_recolour(*colours, _address(shares), _address(curve), _address(found))
            return found
    for row, result in zip(pixels, found, strict=True):
        light = sum(share[values] for share, values in zip(shares, row.T, strict=True))
        result[:] = curve[light[:, :3].clip(0, 2**COLOUR_BITS)]
    return found


def supports(images: np.ndarray, side: int) -> bool:
    """Tell whether `crop` and `crop_mirror_shift` can be used: compiled, and uint8 (N, 3, S, S) in one piece."""
    square = images.ndim == 4 and images.shape[1] == 3 and images.shape[2] == images.shape[3] >= side
    return _library() is not None and square and images.dtype == np.uint8 and images.flags.c_contiguous


def crop(images: np.ndarray, offsets: np.ndarray, mirrored: np.ndarray, side: int) -> np.ndarray:
    """Cut a square from each picture, and mirror some; only where `supports`.

    Args:
        images: uint8, (N, 3, S, S).
        offsets: int32, (N, 2): the row and the column that each square begins at, 0 to S - side.
        mirrored: bool, (N,).
        side: height and width of the squares, in pixels.
    Returns:
        uint8, (N, 3, side, side).
    """
    crops = np.empty((len(images), 3, side, side), np.uint8)
    offsets, mirrored = _checked(images, offsets, mirrored, side)

    def work(rows: slice) -> None:
        library, part = _library(), images[rows]
        assert library is not None
        library.alexnet_crop(
            *_crop_arguments(part, offsets[rows], mirrored[rows], side), _address(crops[rows])
        )

    _divided(work, len(images))
    return crops


def crop_mirror_shift(
    images: np.ndarray,
    offsets: np.ndarray,
    mirrored: np.ndarray,
    shifts: np.ndarray,
    divisor: float,
    varied: np.ndarray,
) -> None:
    """Cut and mirror as `crop`, add a colour to each picture and divide, in one pass; only where `supports`.

    Args:
        images, offsets, mirrored: as in `crop`.
        shifts: float32, (N, 3).
        divisor: of the sum; 1 divides nothing.
        varied: float32, (N, 3, side, side), in one piece: the result.
    """
    side = varied.shape[-1]
    offsets, mirrored = _checked(images, offsets, mirrored, side)
    shifts = np.ascontiguousarray(shifts, np.float32)
    right = varied.dtype == np.float32 and varied.flags.c_contiguous
    if not right or varied.shape != (len(images), 3, side, side) or shifts.shape != (len(images), 3):
        raise ValueError(
            f"{len(images)} pictures need (N, 3) shifts and a float32 (N, 3, S, S) result in one piece, not "
            f"{shifts.shape} and {varied.dtype} {varied.shape}"
        )

    def work(rows: slice) -> None:
        library, part = _library(), images[rows]
        assert library is not None
        head = _crop_arguments(part, offsets[rows], mirrored[rows], side)
        library.alexnet_vary(*head, _address(shifts[rows]), ctypes.c_float(divisor), _address(varied[rows]))

    _divided(work, len(images))


def _crop_arguments(
    images: np.ndarray, offsets: np.ndarray, mirrored: np.ndarray, side: int
) -> tuple[object, ...]:
    """Return the arguments that crops begin with."""
    return _address(images), len(images), images.shape[-1], side, _address(offsets), _address(mirrored)


def _checked(
    images: np.ndarray, offsets: np.ndarray, mirrored: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets and mirrorings as the compiled functions read them, which believe every one."""
    count = len(images)
    if offsets.shape != (count, 2) or mirrored.shape != (count,):
        raise ValueError(
            f"offsets {offsets.shape} and mirrorings {mirrored.shape} are not for {count} pictures"
        )
    if offsets.min(initial=0) < 0 or offsets.max(initial=0) > images.shape[-1] - side:
        raise ValueError(f"offsets of {count} crops do not lie within pictures of {images.shape[-1]} pixels")
    return np.ascontiguousarray(offsets, np.int32), np.ascontiguousarray(mirrored, np.bool_)


def _divided(work: Callable[[slice], None], count: int) -> None:
    """Do work on parts of a batch of `count` pictures by several threads."""
    parts = min(cpu.cores(), -(-count // _PART))
    if parts < 2:
        work(slice(0, count))
        return
    edges = [count * part // parts for part in range(parts + 1)]
    list(cpu.thread_pool().map(work, [slice(a, b) for a, b in pairwise(edges)]))


def _by_pillow(pixels: np.ndarray, side: int) -> np.ndarray:
    """Do it in two steps: left to itself, Pillow chooses by the shape which way to go first."""
    height, width, _ = pixels.shape
    shorter = min(height, width)
    left, top = (width - shorter) / 2, (height - shorter) / 2
    bilinear = Image.Resampling.BILINEAR
    across = Image.fromarray(pixels).resize((side, height), bilinear, box=(left, 0, left + shorter, height))
    down = across.resize((side, side), bilinear, box=(0, top, side, top + shorter))
    return np.ascontiguousarray(np.asarray(down).transpose(2, 0, 1))


def _address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _library() -> ctypes.CDLL | None:
    """Return the compiled functions, where they were built and the processor has AVX2."""
    found = compiled("_pixels")
    return found if isinstance(found, ctypes.CDLL) else None
