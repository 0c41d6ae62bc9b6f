"""Pictures of one size side by side."""

from collections.abc import Sequence

import numpy as np


def grid(pictures: Sequence[np.ndarray], columns: int, gap: int = 1, paper: int = 255) -> np.ndarray:
    """Lay pictures of one size side by side and below each other, as the paper's figure 3 does.

    Args:
        pictures: uint8 (H, W, 3), at least one.
        columns: how many stand in a row.
        gap: pixels between two of them.
        paper: grey level of what lies between, 0-255.
    Returns:
        uint8, (rows (H + gap) - gap, columns (W + gap) - gap, 3); the last row may be short.
    """
    height, width, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    columns = min(columns, len(pictures))
    result = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), paper, np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        result[top : top + height, left : left + width] = picture
    return result
