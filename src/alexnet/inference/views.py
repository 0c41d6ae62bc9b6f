"""Class probabilities of pictures, averaged over views (section 4.1).

Shapes: N pictures, V views, K classes, S the pictures' side.
"""

import math
import operator
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from alexnet.data.views import center_view, five_views, ten_views
from alexnet.errors import DataError, DivergedError, RecipeError
from alexnet.networks.dense import dense_activations, dense_logits, dense_positions
from alexnet.networks.network import Network

DENSE: Final = "dense"
"""Stands for every view that the network sees when it runs over the whole picture: see `networks/dense.py`."""
Views = int | str
"""1, the centre; 5, corners and centre; 10, these and their mirrors; or `DENSE`."""
VIEWS_AT_ONCE: Final = 128  # that go through a network at a time
_CUT: Final[dict[int, Callable[[Tensor, int], Tensor]]] = {1: center_view, 5: five_views, 10: ten_views}
_WHOLE: Final[dict[int, int]] = {1: 1, 5: 1, 10: 2}
"""Of pictures as large as the network's input, how many views differ: the picture, five times, and its mirror."""


def check_views(views: Views) -> Views:
    """Return which views are meant.

    Args:
        views: 1, 5, 10 or dense.
    Raises:
        RecipeError: another number.
        TypeError: no whole number, and not the word.
    """
    if views == DENSE:
        return DENSE
    if isinstance(views, bool | str):
        raise TypeError(f"views is {views!r}: expected 1, 5, 10 or {DENSE!r}")
    if (number := operator.index(views)) not in _CUT:
        raise RecipeError(
            f"{number} views are not cut here; choices: 1 (centre), 5 (corners and centre), 10 (and their mirrors, "
            f"section 4.1) or {DENSE}"
        )
    return number


def pictures_at_once(network: Network, side: int, views: Views, count: int = VIEWS_AT_ONCE) -> int:
    """Return how many pictures go through a network at a time.

    Args:
        network: to which they are shown.
        side: S.
        views: as `check_views` takes them.
        count: views that go through it at once, at most; one picture's at the least.
    Raises:
        RecipeError: such views are not cut, or the network cannot run over a whole picture.
    """
    views = check_views(views)
    if isinstance(views, int):
        return max(1, count // (views if side > network.architecture.side else _WHOLE[views]))
    dense_positions(network, side)
    return max(1, count // math.ceil((side / network.architecture.side) ** 2))


@torch.inference_mode()
def view_probabilities(network: Network, images: Tensor, views: Views) -> Tensor:
    """Return the class probabilities of pictures, averaged over their views.

    Args:
        network: in any mode; it is put into evaluation mode.
        images: uint8 RGB, (N, 3, S, S), S at least the network's side.
        views: 1, 5, 10 or dense.
    Returns:
        float32, (N, K), on the network's device; rows sum to 1, or are NaN where a logit is not finite.
    Raises:
        DataError: the pictures are smaller than the network's input.
        RecipeError: such views are not cut, or the network cannot run over a whole picture.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    views = check_views(views)
    if isinstance(views, int):
        cut = cut_views(network, images, views)
        logits = network.eval()(cut.flatten(0, 1)).float().unflatten(0, cut.shape[:2])
    else:
        logits = dense_logits(network.eval(), _moved(network, images)).float()  # (N, V, K)
    logits = logits.masked_fill(~logits.isfinite().all(2, keepdim=True), torch.nan)
    return torch.softmax(logits, dim=2).mean(1)


@torch.inference_mode()
def not_finite(network: Network, image: Tensor, views: Views, source: str, picture: str) -> DivergedError:
    """Return the error for a picture whose logits are not all finite: it names the first stage that is to blame.

    Args:
        network: that gave them.
        image: uint8 RGB, (1, 3, S, S).
        views: 1, 5, 10 or dense.
        source: the network's name in the message.
        picture: the picture's.
    """
    names = [stage.name for stage in network.stages]
    views = check_views(views)
    if isinstance(views, int):
        values = network.eval().activations(cut_views(network, image, views).flatten(0, 1), *names)
    else:
        values = dense_activations(network.eval(), _moved(network, image), *names)
    wrong = [name for name in names if not bool(values[name].isfinite().all())]
    where = "its logits are not finite"
    if wrong:
        kind = "NaN" if bool(values[wrong[0]].isnan().any()) else "infinite"
        where = f"{wrong[0]} is {kind}, all before it is finite"
    return DivergedError(
        f"{source} gives no probabilities for {picture} ({where}): take an earlier checkpoint, or train anew at a "
        "lower rate"
    )


def cut_views(network: Network, images: Tensor, views: int) -> Tensor:
    """Cut the views of pictures; of pictures as large as the network's input, those that differ, once.

    Args:
        network: to which they are shown.
        images: uint8 RGB, (N, 3, S, S), S at least the network's side.
        views: 1, 5 or 10.
    Returns:
        uint8, (N, V, 3, side, side), on the network's device.
    Raises:
        DataError: the pictures are smaller than the network's input.
    """
    moved, side = _moved(network, images), network.architecture.side
    if images.shape[-1] > side:
        return _CUT[views](moved, side)
    return torch.stack([moved, moved.flip(-1)][: _WHOLE[views]], 1)


def _moved(network: Network, images: Tensor) -> Tensor:
    """Return pictures on the network's device; DataError where they are smaller than its input."""
    side = network.architecture.side
    if images.shape[-1] < side:
        raise DataError(
            f"pictures of {images.shape[-1]} pixels are smaller than the network's input of {side}: "
            f"prepare them again with --side {max(side, 256)}"
        )
    return images.to(network.device, non_blocking=True)
