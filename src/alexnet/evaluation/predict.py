"""Class probabilities of every picture of a split: views averaged, then networks (section 4.1).

Shapes: N pictures, V views, K classes, S the pictures' side.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from alexnet.data.batches import batches
from alexnet.data.dataset import Split
from alexnet.data.views import center_view, ten_views
from alexnet.distributed.processes import ALONE, Processes
from alexnet.distributed.rows import pieces
from alexnet.errors import DataError, RecipeError
from alexnet.networks.network import Network

Views = Callable[[Tensor, int], Tensor]
VIEWS_TOGETHER: Final = 128  # that go through a network at a time


def view_maker(views: int) -> Views:
    """Return what cuts 1 view (the centre) or 10 (corners and centre, mirrored too) out of pictures."""
    if views not in (1, 10):
        raise RecipeError(f"{views} views are not cut here; choices: 1 (centre) or 10 (section 4.1)")
    return center_view if views == 1 else ten_views


@torch.inference_mode()
def view_probabilities(network: Network, images: Tensor, views: int) -> Tensor:
    """Return the class probabilities of pictures, averaged over their views.

    Args:
        network: in any mode; it is put into evaluation mode.
        images: uint8 RGB, (N, 3, S, S), S at least the network's side.
        views: 1 or 10.
    Returns:
        float32, (N, K), rows that sum to 1.
    Raises:
        DataError: the pictures are smaller than the network's input.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    side = network.architecture.side
    if images.shape[-1] < side:
        raise DataError(
            f"pictures of {images.shape[-1]} pixels are smaller than the network's input of {side}: "
            f"prepare them again with --side {max(side, 256)}"
        )
    device = network.mean.device
    cut = view_maker(views)(images.to(device, non_blocking=True), side)  # (N, V, 3, side, side)
    logits = network.eval()(cut.flatten(0, 1))
    each: Tensor = torch.softmax(logits.float(), dim=1).unflatten(0, (len(images), views))
    return each.mean(1)


def probabilities(
    networks: Sequence[Network],
    split: Split,
    *,
    views: int = 10,
    batch_size: int = VIEWS_TOGETHER,
    processes: Processes = ALONE,
    gaps: bool = False,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield class probabilities and labels of a split, a batch at a time, every picture once.

    Of several processes each yields its share of every batch, which may be empty: as many batches as the others.

    Args:
        networks: at least one; all for the same classes.
        split: the pictures, uint8, and their labels.
        views: of each picture: 1, the centre, or 10.
        batch_size: views that go through a network at a time, at most (one picture's at the least).
        processes: who share the split; its scheme is that of the networks.
        gaps: leave out a picture that cannot be read.
    Returns:
        pairs of float32 (n, K), averaged over views and then networks, and int64 labels (n,).
    Raises:
        DataError: a picture cannot be read, and gaps are not allowed.
        RecipeError: so many views are not cut.
    """
    view_maker(views)  # refuses what is not cut before anything is read
    size = max(1, batch_size // views) * (1 if processes.scheme == "columns" else processes.count)

    def reads(total: int) -> list[slice]:
        return [piece.reads for piece in pieces(processes, total)]

    for batch in batches(split, np.arange(len(split)), size, reads=reads, gaps=gaps):
        found = torch.stack([view_probabilities(network, batch.images, views) for network in networks])
        for piece in pieces(processes, batch.total):
            kept = batch.kept(piece.place, piece.judged)
            yield found.mean(0).cpu()[kept], batch.labels[kept]
