"""Class probabilities of pictures, averaged over views (section 4.1).

Shapes: N pictures, V views, K classes, S the pictures' side.
"""

import operator
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from alexnet.data.views import center_view, ten_views
from alexnet.errors import DataError, DivergedError, RecipeError
from alexnet.networks.network import Network

Views = Callable[[Tensor, int], Tensor]
VIEWS_AT_ONCE: Final = 128  # that go through a network at a time


def view_function(views: int) -> Views:
    """Return what cuts views out of pictures.

    Args:
        views: 1, the centre; or 10, corners and centre, mirrored too.
    Raises:
        RecipeError: another number.
        TypeError: no whole number.
    """
    if isinstance(views, bool | str):
        raise TypeError(f"views is {views!r}: expected 1 or 10")
    if operator.index(views) not in (1, 10):
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
        float32, (N, K), on the network's device; rows sum to 1, or are NaN where a logit is not finite.
    Raises:
        DataError: the pictures are smaller than the network's input.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    logits = network.eval()(_cut(network, images, views)).float()
    logits = logits.masked_fill(~logits.isfinite().all(1, keepdim=True), torch.nan)
    each: Tensor = torch.softmax(logits, dim=1).unflatten(0, (len(images), views))
    return each.mean(1)


@torch.inference_mode()
def not_finite(network: Network, image: Tensor, views: int, source: str, picture: str) -> DivergedError:
    """Return the error for a picture whose logits are not all finite: it names the first stage that is to blame.

    Args:
        network: that gave them.
        image: uint8 RGB, (1, 3, S, S).
        views: 1 or 10.
        source: the network's name in the message.
        picture: the picture's.
    """
    names = [stage.name for stage in network.stages]
    values = network.eval().activations(_cut(network, image, views), *names)
    wrong = [name for name in names if not bool(values[name].isfinite().all())]
    where = "its logits are not finite"
    if wrong:
        kind = "NaN" if bool(values[wrong[0]].isnan().any()) else "infinite"
        where = f"{wrong[0]} is {kind}, all before it is finite"
    return DivergedError(
        f"{source} gives no probabilities for {picture} ({where}): take an earlier checkpoint, or train anew at a "
        "lower rate"
    )


def _cut(network: Network, images: Tensor, views: int) -> Tensor:
    """Return the views of pictures on the network's device: uint8, (N V, 3, side, side)."""
    side = network.architecture.side
    if images.shape[-1] < side:
        raise DataError(
            f"pictures of {images.shape[-1]} pixels are smaller than the network's input of {side}: "
            f"prepare them again with --side {max(side, 256)}"
        )
    moved = images.to(network.device, non_blocking=True)
    return view_function(views)(moved, side).flatten(0, 1)
