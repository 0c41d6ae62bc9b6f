"""Which pictures of a prepared data set are shown, and how: a part of them, their pixels in another order."""

import hashlib
from dataclasses import dataclass
from typing import Final, final

import numpy as np


@final
@dataclass(frozen=True)
class Derivation:
    """How a data set differs from the one that was prepared; see `Dataset.subset` and `Dataset.permuted`."""

    part: float = 1.0
    """Of the training pictures of each class."""
    seed: int = 0
    """Of the choice of these pictures."""
    permutation: int | None = None
    """Seed of the order of the pixels; None for their own."""

    def fingerprint(self, original: str) -> str:
        """Return what tells these pictures from others: the original's fingerprint where all is shown as it is."""
        if self == WHOLE:
            return original
        said = f"{original} part {self.part!r} seed {self.seed} permutation {self.permutation}"
        return hashlib.sha256(said.encode()).hexdigest()

    def rows(self, labels: np.ndarray) -> np.ndarray:
        """Choose pictures, the same part of each class, at least one.

        Args:
            labels: int64, (N,).
        Returns:
            int64, (n,), rising; a smaller part of the same seed lies within a larger one.
        """
        drawn = np.random.default_rng(self.seed)
        chosen = []
        for label in np.unique(labels):
            rows = drawn.permutation(np.flatnonzero(labels == label))
            chosen.append(rows[: max(1, round(self.part * len(rows)))])
        return np.sort(np.concatenate([np.zeros(0, np.int64), *chosen]))

    def order(self, side: int) -> np.ndarray | None:
        """Return from which position each position of a picture is taken: int64, (side * side,), row by row.

        None where they stay.
        """
        if self.permutation is None:
            return None
        return np.random.default_rng(self.permutation).permutation(side * side)


WHOLE: Final = Derivation()
"""All pictures as they are."""
