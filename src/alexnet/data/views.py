"""The views of a picture that a network is judged on.

Shapes: N pictures, S their side, `side` that of a view.
"""

import torch
from torch import Tensor


def center_view(images: Tensor, side: int = 224) -> Tensor:
    """Cut the centre of each image.

    Args:
        images: pixels, (N, 3, S, S), S at least `side`.
        side: height and width of the view, in pixels.
    Returns:
        the same dtype, (N, 1, 3, side, side).
    Raises:
        ValueError: the images are smaller than a view.
    """
    border = _border(images, side)
    return images[:, None, :, border : border + side, border : border + side]


def five_views(images: Tensor, side: int = 224) -> Tensor:
    """Cut the corners and the centre of each image.

    The order is the released program's: offsets (rows, columns) of (0,0), (0,2b), (b,b), (2b,0), (2b,2b),
    where b is half of S - side.

    Args:
        images: pixels, (N, 3, S, S), S at least `side`.
        side: height and width of a view, in pixels.
    Returns:
        the same dtype, (N, 5, 3, side, side).
    Raises:
        ValueError: the images are smaller than a view.
    Source: Krizhevsky et al. 2012, section 4.1, without the mirrors.
    """
    near, far = _border(images, side), images.shape[-1] - side
    offsets = ((0, 0), (0, far), (near, near), (far, 0), (far, far))
    return torch.stack([images[:, :, y : y + side, x : x + side] for y, x in offsets], dim=1)


def ten_views(images: Tensor, side: int = 224) -> Tensor:
    """Cut the ten test views of each image: corners and centre, then their mirrors.

    Args:
        images: pixels, (N, 3, S, S), S at least `side`.
        side: height and width of a view, in pixels.
    Returns:
        the same dtype, (N, 10, 3, side, side); views 5 to 9 mirror views 0 to 4, which are `five_views`.
    Raises:
        ValueError: the images are smaller than a view.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    views = five_views(images, side)
    return torch.cat([views, views.flip(-1)], dim=1)


def _border(images: Tensor, side: int) -> int:
    """Return the offset of the central view; where it is not whole, the smaller one."""
    height, width = images.shape[-2:]
    if height != width or side > height:
        raise ValueError(f"images are {height}x{width}: expected squares of at least {side}")
    return (height - side) // 2
