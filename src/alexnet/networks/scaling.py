"""Pixels and initial weights of a size that keeps activities at about 1 from layer to layer, as younger networks do."""

import math
from typing import Final

PIXEL_DEVIATION: Final = 64.0
"""Of a pixel from the mean picture, on the scale of 0 to 255."""


def he_deviation(inputs: int) -> float:
    """Return the deviation of initial weights that keeps the size of activities through ReLU.

    Args:
        inputs: how many values a unit reads.
    Source: He et al. 2015.
    """
    return math.sqrt(2.0 / inputs)
