"""What a network says of every picture of a split, and which of them are worth a look.

Shapes: N pictures, K classes.
"""

from typing import final

import numpy as np

from alexnet.evaluation.predict import PredictedBatch


@final
class Outcomes:
    """Of every picture its class, the best class, and the probabilities of both: 24 bytes a picture.

    Args:
        count: pictures of the split, N.
    """

    def __init__(self, count: int) -> None:
        self.labels = np.zeros(count, np.int64)
        """The classes of the pictures, (N,)."""
        self.best = np.zeros(count, np.int64)
        """The best classes, (N,)."""
        self.confidence = np.zeros(count, np.float32)
        """Their probabilities, (N,)."""
        self.own = np.zeros(count, np.float32)
        """The probabilities of the pictures' own classes, (N,)."""
        self.seen = 0
        """Pictures that were added."""

    def add(self, batch: PredictedBatch) -> None:
        """Add what was predicted; pictures come in any order."""
        rows, found = batch.indices.numpy(), batch.probabilities
        confidence, best = found.max(1)
        self.labels[rows], self.best[rows] = batch.labels.numpy(), best.numpy()
        self.confidence[rows] = confidence.numpy()
        self.own[rows] = found.gather(1, batch.labels[:, None])[:, 0].numpy()
        self.seen += len(rows)

    @property
    def right(self) -> np.ndarray:
        """Whether the best class is the picture's, bool (N,)."""
        found: np.ndarray = self.labels == self.best
        return found

    def worst_mistakes(self, count: int) -> list[int]:
        """Return the numbers of the pictures that are named wrongly with the most confidence; of equals the first."""
        return self._first(np.lexsort((-self.confidence,)), ~self.right, count)

    def least_certain_hits(self, count: int) -> list[int]:
        """Return the numbers of the pictures that are named rightly with the least confidence; of equals the first."""
        return self._first(np.lexsort((self.confidence,)), self.right, count)

    def surest(self, label: int, best: int) -> int:
        """Return the number of the picture of a class that is taken for another with the most confidence."""
        rows = np.flatnonzero((self.labels == label) & (self.best == best))
        return int(rows[np.argmax(self.confidence[rows])])

    def _first(self, order: np.ndarray, wanted: np.ndarray, count: int) -> list[int]:
        found: list[int] = order[wanted[order]][:count].tolist()
        return found
