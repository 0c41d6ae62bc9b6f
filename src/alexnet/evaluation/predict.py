"""Class probabilities of every picture of a split: views averaged, then networks (section 4.1).

Shapes: M networks, N pictures, K classes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
import torch
from torch import Tensor

from alexnet.data.batches import batches
from alexnet.data.split import Split
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.distributed.micro_batches import BatchDivision
from alexnet.inference.views import VIEWS_AT_ONCE, Views, pictures_at_once, view_probabilities
from alexnet.networks.network import Network


@final
@dataclass(frozen=True)
class Member:
    """A network of an average, the pictures as it is to see them, and which of its classes is which."""

    network: Network
    split: Split
    """The pictures at the side it was trained on: the same ones in the same order for every member."""
    columns: Tensor | slice = field(default_factory=lambda: slice(None))
    """Of each class of the average, its number in this network: int64, (K,); left out, they are in its order."""
    weight: float = 1.0
    """Its share of the average, in proportion to the others': 0 or more."""


@final
@dataclass(frozen=True)
class PredictedBatch:
    """What networks say of some pictures of a split; on the processor."""

    probabilities: Tensor
    """float32, (N, K), averaged over views and then networks; a row is NaN where a logit is not finite."""
    labels: Tensor
    """int64, (N,): numbers of the data set's classes."""
    indices: Tensor
    """int64, (N,): numbers of the pictures in the split."""
    by_member: Tensor
    """float32, (M, N, K): each network's own, averaged over views."""


def probabilities(
    members: Sequence[Member],
    *,
    views: Views = 10,
    batch_size: int = VIEWS_AT_ONCE,
    group: ProcessGroup = ALONE,
    skip_unreadable: bool = False,
) -> Iterator[PredictedBatch]:
    """Yield class probabilities and labels of a split, a batch at a time, every picture once.

    Of several processes each yields its share of every batch, which may be empty: as many batches as the others.
    A split that several members share is read once.

    Args:
        members: at least one; each network answers on the device where it is.
        views: of each picture: 1, 5, 10 or dense.
        batch_size: views that go through a network at once, at most (one picture's at the least).
        group: who share the split; its scheme is that of the networks.
        skip_unreadable: leave out a picture that cannot be read.
    Raises:
        DataError: a picture cannot be read, and `skip_unreadable` is not set; or it is smaller than a network's input.
        RecipeError: so many views are not cut, or a network cannot run over a whole picture.
    """
    at_once = (pictures_at_once(member.network, member.split.side, views, batch_size) for member in members)
    size = min(at_once) * (1 if group.scheme == "columns" else group.size)
    pinned = any(member.network.device.type == "cuda" for member in members)
    splits = {id(member.split): member.split for member in members}
    feeds = [
        batches(
            split,
            np.arange(len(split)),
            size,
            pinned=pinned,
            division=BatchDivision(group),
            skip_unreadable=skip_unreadable,
        )
        for split in splits.values()
    ]
    for batch in zip(*feeds, strict=True):
        for parts in zip(*(each.micro_batches for each in batch), strict=True):
            images = {key: part.images for key, part in zip(splits, parts, strict=True)}
            found = torch.stack(
                [
                    view_probabilities(member.network, images[id(member.split)], views)[
                        :, member.columns
                    ].cpu()
                    for member in members
                ]
            )
            first, rows = parts[0], parts[0].valid_rows
            average = averaged(found, [member.weight for member in members])
            yield PredictedBatch(average[rows], first.labels[rows], first.indices[rows], found[:, rows])


def averaged(by_member: Tensor, weights: Sequence[float]) -> Tensor:
    """Return the weighted mean of networks' probabilities.

    Args:
        by_member: float32, (M, N, K).
        weights: M, 0 or more, not all of them 0; equal ones give the plain mean, bit for bit.
    Returns:
        float32, (N, K).
    """
    if len(set(weights)) == 1:
        return by_member.mean(0)
    shares = torch.tensor(weights, dtype=torch.float64) / sum(weights)
    return torch.einsum("m,mnk->nk", shares.to(by_member.dtype), by_member)
