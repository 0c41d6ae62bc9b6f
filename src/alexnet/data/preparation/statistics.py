"""The statistics of the training pictures: their mean and the principal components of their colours.

Everything is summed in integers, so that the result does not depend on how the work was divided.

Shapes: N pictures, S side in pixels.
"""

from dataclasses import dataclass

import numpy as np

_CHUNK = 64  # pictures whose colours are multiplied at once: their float64 copy stays small


@dataclass
class Sums:
    """Exact sums over pictures."""

    pictures: int
    pixels: np.ndarray
    """int64, (3, S, S): the sum at each position."""
    products: np.ndarray
    """int64, (3, 3): the sum over all pixels of red times red, red times green, ..."""

    @classmethod
    def zero(cls, side: int) -> "Sums":
        """Return the sums over no pictures."""
        return cls(0, np.zeros((3, side, side), np.int64), np.zeros((3, 3), np.int64))

    def add(self, images: np.ndarray) -> None:
        """Add pictures: uint8, (N, 3, S, S)."""
        for start in range(0, len(images), _CHUNK):
            chunk = images[start : start + _CHUNK]
            self.pictures += len(chunk)
            self.pixels += chunk.sum(axis=0, dtype=np.int64)
            colours = chunk.transpose(1, 0, 2, 3).reshape(3, -1).astype(np.float64)
            self.products += (colours @ colours.T).astype(np.int64)  # exact: far below 2^53

    def merge(self, other: "Sums") -> None:
        """Add what others have summed."""
        self.pictures += other.pictures
        self.pixels += other.pixels
        self.products += other.products

    def mean(self) -> np.ndarray:
        """Return the mean picture: float32, (3, S, S), 0 to 255."""
        return np.asarray(self.pixels / self.pictures, dtype=np.float32)

    def colour_components(self) -> np.ndarray:
        """Return the principal components of colour, each times its standard deviation.

        Returns:
            float32, (3, 3), on the scale of 0 to 255: row i is sqrt(eigenvalue i) times eigenvector i of the
            covariance of all training pixels, eigenvalues rising as in the released program's meta file. An
            eigenvector's sign is free; here its largest entry is positive.
        Source: Krizhevsky et al. 2012, section 4.1.
        """
        count = self.pictures * self.pixels[0].size
        colours = [int(channel.sum()) for channel in self.pixels]
        covariance = np.array(  # in Python's integers: the numerator may pass 2^63
            [
                [(int(self.products[i, j]) * count - colours[i] * colours[j]) / count**2 for j in range(3)]
                for i in range(3)
            ]
        )
        values, vectors = np.linalg.eigh(covariance)
        vectors = vectors * np.sign(vectors[abs(vectors).argmax(axis=0), range(3)])
        rows = np.sqrt(values.clip(min=0))[:, None] * vectors.T
        return np.asarray(rows + 0.0, dtype=np.float32)  # + 0.0: no minus zeros
