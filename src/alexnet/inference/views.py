"""Class probabilities of pictures, averaged over views (section 4.1).

Shapes: N pictures, V views, K classes, S the pictures' side.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from alexnet.data.views import center_view, ten_views
from alexnet.errors import DataError, RecipeError
from alexnet.networks.network import Network

Views = Callable[[Tensor, int], Tensor]
VIEWS_AT_ONCE: Final = 128  # that go through a network at a time


def view_function(views: int) -> Views:
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
    cut = view_function(views)(images.to(device, non_blocking=True), side)  # (N, V, 3, side, side)
    logits = network.eval()(cut.flatten(0, 1))
    each: Tensor = torch.softmax(logits.float(), dim=1).unflatten(0, (len(images), views))
    return each.mean(1)
