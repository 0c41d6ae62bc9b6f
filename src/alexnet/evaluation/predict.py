"""Class probabilities of every picture of a split: views averaged, then networks (section 4.1).

Shapes: N pictures, K classes.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from alexnet.data.batches import batches
from alexnet.data.split import Split
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.distributed.micro_batches import BatchDivision
from alexnet.inference.views import VIEWS_AT_ONCE, view_function, view_probabilities
from alexnet.networks.network import Network


def probabilities(
    networks: Sequence[Network],
    split: Split,
    *,
    views: int = 10,
    batch_size: int = VIEWS_AT_ONCE,
    group: ProcessGroup = ALONE,
    skip_unreadable: bool = False,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield class probabilities and labels of a split, a batch at a time, every picture once.

    Of several processes each yields its share of every batch, which may be empty: as many batches as the others.

    Args:
        networks: at least one; all for the same classes, on one device.
        split: the pictures, uint8, and their labels.
        views: of each picture: 1, the centre, or 10.
        batch_size: views that go through a network at once, at most (one picture's at the least).
        group: who share the split; its scheme is that of the networks.
        skip_unreadable: leave out a picture that cannot be read.
    Returns:
        pairs of float32 (N, K), averaged over views and then networks, and int64 labels (N,); on the CPU.
    Raises:
        DataError: a picture cannot be read, and `skip_unreadable` is not set.
        RecipeError: so many views are not cut.
    """
    view_function(views)  # refuses what is not cut before anything is read
    size = max(1, batch_size // views) * (1 if group.scheme == "columns" else group.size)
    feed = batches(
        split,
        np.arange(len(split)),
        size,
        pinned=networks[0].device.type == "cuda",
        division=BatchDivision(group),
        skip_unreadable=skip_unreadable,
    )
    for batch in feed:
        for part in batch.micro_batches:
            found = torch.stack([view_probabilities(network, part.images, views) for network in networks])
            yield found.mean(0).cpu()[part.valid_rows], part.labels[part.valid_rows]
