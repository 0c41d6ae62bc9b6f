"""Randomness as a pure function: of one seed, a purpose and a position, never of what was drawn before.

A run can therefore stop anywhere, go on with any number of processes and draw the same numbers again.

Two kinds are offered. `generator` seeds an ordinary torch generator, for draws that are made once for all
(weights, an epoch's order, a step's dropout). `uniform` and `normal` are counter-based: picture i draws the
same numbers whatever batch or process it is in (augmentation).
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import torch

_GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio: the increment of splitmix64


def key(*parts: int | str) -> int:
    """Hash a seed, a purpose and a position to 63 bits; equal parts give equal keys on every machine."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(*parts: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a torch generator seeded by `key(*parts)`.

    Args:
        parts: a seed, a purpose and a position.
        device: where it is to draw.
    """
    return torch.Generator(device=device).manual_seed(key(*parts))


def order(seed: int, epoch: int, count: int) -> np.ndarray:
    """Return the order in which an epoch shows its pictures.

    Args:
        seed: of the run.
        epoch: from 0.
        count: pictures.
    Returns:
        a permutation of 0 to count - 1, int64, (count,).
    """
    return np.random.Generator(np.random.PCG64(key(seed, "order", epoch))).permutation(count)


def uniform(stream: int, positions: np.ndarray, draws: int) -> np.ndarray:
    """Draw `draws` numbers uniform in [0, 1) for each position.

    Args:
        stream: a key, one for each seed, purpose and epoch.
        positions: integers, (N,), for instance the pictures' numbers in the data set.
        draws: how many numbers each position gets.
    Returns:
        float64, (N, draws); row n depends on `stream` and `positions[n]` alone.
    Source: splitmix64 (Steele, Lea and Flood 2014) as a counter-based generator.
    """
    with np.errstate(over="ignore"):
        counters: np.ndarray = positions.astype(np.uint64)[:, None] * np.uint64(draws) + np.arange(
            draws, dtype=np.uint64
        )
        mixed: np.ndarray = (counters + np.uint64(1)) * np.uint64(_GOLDEN) + np.uint64(stream)
        for _ in range(
            2
        ):  # the second round separates streams whose keys are a multiple of the increment apart
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed = mixed ^ (mixed >> np.uint64(31)) ^ np.uint64(stream)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def normal(stream: int, positions: np.ndarray, draws: int) -> np.ndarray:
    """Draw `draws` standard normal numbers for each position, as `uniform` does uniform ones.

    Args:
        stream: a key, one for each seed, purpose and epoch.
        positions: integers, (N,).
        draws: how many numbers each position gets.
    Returns:
        float64, (N, draws).
    Source: Box and Muller 1958.
    """
    pairs = uniform(stream, positions, 2 * draws)
    radius = np.sqrt(-2.0 * np.log1p(-pairs[:, :draws]))
    return np.asarray(radius * np.cos(2.0 * np.pi * pairs[:, draws:]))


@dataclass(frozen=True)
class StepRandomness:
    """At which step training is: enough for every stage of a network to draw its own numbers.

    Rows `start` to `stop` of a global batch of `total` are on this process; a stage draws for the whole global
    batch and keeps its rows, so that two processes draw what one would.
    """

    seed: int
    """Of the run."""
    step: int
    """From 0."""
    start: int
    """First of this process's rows of the global batch."""
    stop: int
    """One past the last of them."""
    total: int
    """Rows of the global batch."""

    def generator(self, stage: str, device: torch.device) -> torch.Generator:
        """Return the generator of one stage at this step.

        Args:
            stage: its name.
            device: where it is to draw.
        """
        return generator(self.seed, "stage", stage, self.step, device=device)
