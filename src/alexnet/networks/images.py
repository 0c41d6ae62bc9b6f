"""What may be given to a network as images, and the batch that it becomes.

Shapes: N images, S pixels along a side.
"""

import numpy as np
import torch
from torch import Tensor

Images = Tensor | np.ndarray
"""RGB pixels in 0-255: (N, 3, S, S), or (N, S, S, 3) as NumPy's programs have them; one picture without N."""


def batch_of(images: Images, side: int, device: torch.device) -> Tensor:
    """Return images as a batch, of the numbers' own type.

    Args:
        images: uint8 or floating-point RGB pixels in 0-255, a tensor or an array: a batch (N, 3, S, S) or
            (N, S, S, 3), or one picture (3, S, S) or (S, S, 3).
        side: the S that is expected.
        device: to which an array goes; a tensor stays where it is.
    Returns:
        (N, 3, S, S).
    Raises:
        ValueError: anything else; the message says what is taken.
    """
    if isinstance(images, np.ndarray):
        if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
            raise _refused(f"an array of {images.dtype}", side)
        images = torch.tensor(images if images.dtype != np.longdouble else images.astype(np.float64))
        images = images.to(device)
    elif not isinstance(images, Tensor):
        raise _refused(f"a {type(images).__name__}", side)
    elif images.is_complex():
        raise _refused(f"a tensor of {images.dtype}", side)
    shape = tuple(images.shape)
    if len(shape) == 4 and shape[1:] == (3, side, side):
        return images
    if shape == (3, side, side):
        return images[None]
    if shape[-3:] == (side, side, 3) and len(shape) in (3, 4):
        return (images if len(shape) == 4 else images[None]).permute(0, 3, 1, 2)
    raise _refused(f"images of shape {shape}", side)


def _refused(given: str, side: int) -> ValueError:
    return ValueError(
        f"the network takes RGB pixels, uint8 or float in 0-255, of shape (N, 3, {side}, {side}) or "
        f"(N, {side}, {side}, 3), or one picture without N, not {given}"
    )
