"""The mean picture that a network subtracts: the centre of the pictures' mean."""

from torch import Tensor


def central_crop(mean: Tensor, side: int) -> Tensor:
    """Return the centre of a mean picture, as a network of this input subtracts it.

    The 2012 program subtracts it whatever the offset of a picture's own crop.

    Args:
        mean: (3, H, W), H and W at least `side`.
        side: height and width of the network's input, in pixels.
    Returns:
        a view of it, (3, side, side).
    Raises:
        ValueError: it is of another shape, or smaller.
    """
    top, left = (mean.shape[-2] - side) // 2, (mean.shape[-1] - side) // 2
    if mean.dim() != 3 or mean.shape[0] != 3 or top < 0 or left < 0:
        raise ValueError(
            f"a mean picture of shape {tuple(mean.shape)} does not cover 3 x {side} x {side} pixels"
        )
    return mean[:, top : top + side, left : left + side]
