"""Training on two pictures at once: mixup and CutMix.

Neighbours of a batch are mixed: rows 0 and 1, 2 and 3 ... The order of an epoch is random, so neighbours are
strangers; and shares of a batch that begin at even rows are mixed alike on any number of processes.

Shapes: N pictures, K classes, S side.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet import randomness
from alexnet.errors import RecipeError


@dataclass(frozen=True)
class Mixing:
    """How pictures of a batch are mixed with one another; not in the paper."""

    mixup: float = 0.0
    """Alpha of the beta distribution that shares are drawn from; 0 blends nothing. Zhang et al. 2018."""
    cutmix: float = 0.0
    """The same for pasting a rectangle of another picture. Yun et al. 2019. With both, each batch takes one."""

    def __post_init__(self) -> None:
        if not (0 <= self.mixup < math.inf and 0 <= self.cutmix < math.inf):
            raise RecipeError(f"mixing is mixup={self.mixup}, cutmix={self.cutmix}: expected 0 or more")

    @property
    def mixes(self) -> bool:
        """Whether anything is mixed."""
        return self.mixup > 0 or self.cutmix > 0


def mix(
    images: Tensor,
    labels: Tensor,
    classes: int,
    settings: Mixing,
    stream: int,
    exclude: Collection[int] = (),
) -> tuple[Tensor, Tensor]:
    """Mix each picture of a batch with its neighbour, and their labels alike.

    Args:
        images: float32, (N, 3, S, S).
        labels: int64, (N,), 0 to K - 1.
        classes: K.
        settings: what to do; where nothing, labels alone change their form.
        stream: a key for the seed and the step; one share is drawn for a batch.
        exclude: rows that nothing is mixed with, for instance because they could not be read; a last row without
            a neighbour stays as it is too.
    Returns:
        the pictures, and targets, float32 (N, K), rows that sum to 1.
    """
    targets = F.one_hot(labels, classes).to(images.dtype)
    random = np.random.Generator(np.random.PCG64(stream))
    chosen = [name for name in ("mixup", "cutmix") if getattr(settings, name)]
    if not chosen:
        return images, targets
    name = chosen[int(random.integers(len(chosen)))]
    alpha = getattr(settings, name)
    share = float(random.beta(alpha, alpha))
    others = _neighbours(len(images), exclude).to(images.device)
    if name == "mixup":
        images = torch.lerp(images[others], images, share)
    else:
        images, share = _pasted(images, others, share, random)
    return images, torch.lerp(targets[others], targets, share)


def smoothed(targets: Tensor, classes: int, part: float) -> Tensor:
    """Share a part of each label out among all classes, its own among them.

    Args:
        targets: int64 classes, (N,), or float32 shares of classes, (N, K).
        classes: K.
        part: of a label, 0 to less than 1.
    Returns:
        float32, (N, K), rows that sum to 1.
    Source: Szegedy et al. 2016, section 7; `nn.CrossEntropyLoss(label_smoothing=part)` computes the same.
    """
    shares = F.one_hot(targets, classes).float() if targets.dim() == 1 else targets
    return shares * (1.0 - part) + part / classes


def _neighbours(count: int, exclude: Collection[int]) -> Tensor:
    """Return the row that each row is mixed with, int64 (count,): its own where it is to stay as it is."""
    lonely = {row ^ 1 for row in exclude} | set(exclude)
    others = [row if row in lonely or row ^ 1 >= count else row ^ 1 for row in range(count)]
    return torch.tensor(others, dtype=torch.int64)


def _pasted(
    images: Tensor, others: Tensor, share: float, random: np.random.Generator
) -> tuple[Tensor, float]:
    """Paste a square of the other picture; the share is then what is truly left, as it may reach over the edge."""
    side = images.shape[-1]
    half = math.sqrt(1 - share) * side / 2
    y, x = random.uniform(0, side, size=2)
    top, bottom = (min(max(round(edge), 0), side) for edge in (y - half, y + half))
    left, right = (min(max(round(edge), 0), side) for edge in (x - half, x + half))
    mixed = images.clone()
    mixed[:, :, top:bottom, left:right] = images[:, :, top:bottom, left:right][others]
    return mixed, 1 - (bottom - top) * (right - left) / side**2


def mixing_key(seed: int, step: int) -> int:
    """Return the stream of one step."""
    return randomness.key(seed, "mixing", step)
