"""Encoders that nothing is trained for: what the auto-encoder has to be better than.

Shapes: n vectors, D values of a vector, B bits of a code.
"""

import numpy as np
import torch
from torch import Tensor

from alexnet import randomness
from alexnet.errors import RecipeError
from alexnet.search.codes.encoder import Encoder

_ROWS = 4096  # that are looked at in float64 at a time


def random_projection(vectors: np.ndarray, bits: int, seed: int) -> Encoder:
    """Say on which side of random planes through the mean a vector lies.

    Args:
        vectors: float32 or float16, (n, D): for their mean.
        bits: B.
        seed: of the planes.
    Source: Charikar, Similarity Estimation Techniques from Rounding Algorithms, 2002; about the mean, because what
        is rectified has no other side of the origin.
    """
    mean = torch.from_numpy(vectors.mean(0, dtype=np.float64))
    rng = randomness.generator(seed, "random projection")
    return _about(mean, torch.randn(bits, len(mean), generator=rng, dtype=torch.float64))


def pca_sign(vectors: np.ndarray, bits: int) -> Encoder:
    """Take the signs of the first principal components.

    Args:
        vectors: float32 or float16, (n, D).
        bits: B, at most D.
    Raises:
        RecipeError: more bits than components.
    Source: the baseline of Gong and Lazebnik, Iterative Quantization, 2011.
    """
    if bits > vectors.shape[1]:
        raise RecipeError(
            f"{bits} bits: vectors of {vectors.shape[1]} values have no more than {vectors.shape[1]} principal "
            f"components; ask for fewer bits, or for encoder=random"
        )
    mean = torch.from_numpy(vectors.mean(0, dtype=np.float64))
    covariance = torch.zeros(len(mean), len(mean), dtype=torch.float64)
    for some in torch.from_numpy(vectors).split(_ROWS):
        values = some.double() - mean
        covariance.addmm_(values.T, values)
    _, components = torch.linalg.eigh(covariance)  # eigenvalues rise
    components = components.T.flip(0)[:bits]
    largest = components.abs().argmax(1, keepdim=True)
    return _about(
        mean, components * components.gather(1, largest).sign()
    )  # else a sign is a matter of chance


def _about(mean: Tensor, planes: Tensor) -> Encoder:
    """Return the encoder whose planes go through a point."""
    return Encoder((planes.float(),), ((-planes @ mean).float(),))
