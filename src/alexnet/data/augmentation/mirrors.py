"""Mirrors that alternate: each picture is seen as it is in one epoch, and mirrored in the next."""

from typing import Final

import numpy as np

from alexnet import randomness

_FIRST: Final = randomness.key("alternating mirrors")


def mirrored_in(epoch: int, indices: np.ndarray) -> np.ndarray:
    """Return which pictures are mirrored in an epoch: half of them, the others in the next, whatever the seed.

    Args:
        epoch: from 0.
        indices: integers, (N,), the pictures' numbers in the data set.
    Returns:
        bool, (N,).
    Source: Jordan 2024, arXiv:2404.00498, section 3.6: two epochs show each picture both ways, where chance
        shows half of them one way twice.
    """
    first = randomness.uniform(_FIRST, indices, 1)[:, 0] < 0.5
    mirrored: np.ndarray = first ^ (epoch % 2 == 1)
    return mirrored
