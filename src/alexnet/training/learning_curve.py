"""What more pictures would give: the error at parts of the pictures, and a power law through it.

Source: Hestness et al. 2017, "Deep learning scaling is predictable, empirically": errors fall as a power of the
number of pictures.
"""

from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from alexnet.training.logistic_regression import fit

PARTS: Final = (0.25, 0.5, 1.0)
"""Of the pictures that a fit may see, whose errors the law goes through."""
_DRAWS: Final = 6  # divisions into seen and unseen pictures
_UNSEEN: Final = 0.2  # of the pictures


@final
@dataclass(frozen=True)
class Expected:
    """An error that is expected of more pictures than there are."""

    pictures: int
    """How many these are."""
    error: float
    """A fraction."""
    low: float
    """The lower end of an 80% interval."""
    high: float
    """Its upper end."""


def expected_with_twice(
    features: Tensor, labels: Tensor, classes: int, penalty: float, *, seed: int = 0
) -> Expected | None:
    """Estimate what error twice the pictures would give.

    Pictures are divided into seen and unseen ones several times; each time a last layer is fitted to a quarter, half
    and all of the seen ones, and a line through the logarithms goes on to twice as many. The interval is that of the
    lines, and holds no more than the law does.

    Args:
        features: float32, (N, V, D).
        labels: int64, (N,).
        classes: K.
        penalty: of the fits.
        seed: of the divisions.
    Returns:
        what is expected; None where there are too few pictures to say, or no errors to learn from.
    """
    count = len(labels)
    if count < 10 * classes or count < 40:
        return None
    found = []
    for draw in range(_DRAWS):
        order = torch.from_numpy(np.random.default_rng([seed, draw]).permutation(count))
        unseen, seen = order[: int(_UNSEEN * count)], order[int(_UNSEEN * count) :]
        errors = []
        for part in PARTS:
            rows = seen[: max(classes, int(part * len(seen)))]
            probabilities = fit(features[rows], labels[rows], classes, penalty).probabilities(
                features[unseen]
            )
            wrong = int((probabilities.argmax(1) != labels[unseen]).sum())
            errors.append((wrong + 0.5) / (len(unseen) + 1))  # never 0, whose logarithm is none
        slope, height = np.polyfit(np.log(PARTS), np.log(errors), 1)
        found.append(float(np.exp(height + min(slope, 0.0) * np.log(2 / (1 - _UNSEEN)))))
    low, middle, high = (float(value) for value in np.quantile(found, (0.1, 0.5, 0.9)))
    return Expected(2 * count, middle, low, high) if high > 0 else None
