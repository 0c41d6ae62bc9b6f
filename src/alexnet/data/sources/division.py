"""Setting validation pictures aside where the source has none: stratified, seeded, and without copying."""

import hashlib

import numpy as np

from alexnet.errors import DataError

FRACTION = 0.1
SEED = 0


def held_out(name: str, count: int, *, fraction: float = FRACTION, seed: int = SEED) -> np.ndarray:
    """Choose which pictures of one class are set aside for validation.

    Args:
        name: the class; its name and the seed decide, so that other classes never change the choice.
        count: how many pictures it holds, at least 2.
        fraction: the part to set aside; at least one picture is, and at least one stays.
        seed: another seed gives another choice.
    Returns:
        bool, (count,): True where a picture is set aside.
    Raises:
        DataError: the class holds a single picture.
    """
    if count < 2:
        raise too_few(name)
    digest = hashlib.blake2b(
        repr((seed, "division", name)).encode("utf-8", "surrogateescape"), digest_size=8
    ).digest()
    ranks = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little"))).random(count).argsort()
    aside = np.zeros(count, dtype=bool)
    aside[ranks[: min(max(round(count * fraction), 1), count - 1)]] = True
    return aside


def too_few(name: str) -> DataError:
    """Return the error for a class of a single picture."""
    return DataError(
        f"class {name!r} holds 1 picture, and one of each class is set aside for validation: add more or remove it"
    )
