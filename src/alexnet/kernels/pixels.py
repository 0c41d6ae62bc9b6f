"""Pixels on their way into a batch, compiled where possible; otherwise the same numbers from Pillow and NumPy.

Nothing here imports torch: the processes that decode pictures start without it.
"""

import ctypes
import platform
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

_PLAIN_CASE = 2  # the compiled function's word for a picture it has no tables for


def scaled_square(pixels: np.ndarray, side: int) -> np.ndarray:
    """Scale the central square of a picture, antialiased and bilinear; across first, then down.

    Args:
        pixels: uint8 RGB, (H, W, 3), contiguous.
        side: height and width of the result, in pixels.
    Returns:
        uint8 RGB, (3, side, side). Compiled or not, the same bits.
    """
    height, width, _ = pixels.shape
    if (height, width) == (side, side):
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))
    if library := _library():
        square = np.empty((3, side, side), np.uint8)
        status = library.alexnet_square(_address(pixels), height, width, side, _address(square))
        if status not in (0, _PLAIN_CASE):
            raise MemoryError
        if status == 0:
            return square
    return _by_pillow(pixels, side)


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


@cache
def _library() -> ctypes.CDLL | None:
    """Load the compiled functions, if they were built and the processor has AVX2."""
    paths = sorted(Path(__file__).parent.glob("_pixels*"))
    if not paths or platform.machine().lower() not in ("x86_64", "amd64") or not _avx2():
        return None
    try:
        return ctypes.CDLL(str(paths[0]))
    except OSError:
        return None


def _avx2() -> bool:
    """Ask Linux whether the processor has AVX2; elsewhere, believe that whoever built the file runs it."""
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
