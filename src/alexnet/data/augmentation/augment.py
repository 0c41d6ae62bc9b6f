"""The training picture: a random crop, mirrored half the time, its colours shifted.

It works on the whole batch, after loading, wherever the batch is.

Shapes: N pictures, S their side, `side` that of the crop.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alexnet import randomness
from alexnet.data.augmentation.mirrors import mirrored_in
from alexnet.data.augmentation.mixing import Mixing
from alexnet.data.augmentation.modern import ModernAugmentation, augment_modern
from alexnet.errors import RecipeError
from alexnet.kernels import pixels


@dataclass(frozen=True)
class Augmentation:
    """How a training picture is varied; the defaults are section 4.1 of the paper."""

    side: int = 224
    """Height and width of what the network sees, in pixels."""
    crop: bool = True
    """Cut at a random offset, every offset equally likely; otherwise at the centre."""
    mirror: bool = True
    """Swap left and right of half the pictures."""
    alternating: bool = False
    """Mirror each picture in every second epoch rather than by chance; not in the paper (Jordan 2024)."""
    colour: float = 0.1
    """Standard deviation of the factors on the colour components; 0 shifts no colours. Section 4.1. The
    released program multiplies by the square root of the eigenvalue where the text says eigenvalue; so do
    we."""
    rescaled: bool = False
    """Divide by 1 + colour after the shift, as the released program does in training and the text does not
    say."""
    crop_group: int = 1
    """How many pictures in a row of a batch share one crop and one mirroring: 32 in the released program."""

    def __post_init__(self) -> None:
        if self.side < 1:
            raise RecipeError(f"augmentation.side is {self.side}: expected at least 1 pixel")
        if not 0 <= self.colour < float("inf"):
            raise RecipeError(f"augmentation.colour is {self.colour}: expected 0 or more")
        if self.crop_group < 1:
            raise RecipeError(f"augmentation.crop_group is {self.crop_group}: expected at least 1 picture")

    @property
    def mixing(self) -> Mixing:
        """How neighbours of a batch are mixed with one another: not at all."""
        return Mixing()

    @property
    def group_size(self) -> int:
        """How many pictures in a row of a batch have something in common."""
        return self.crop_group


def augment(
    images: Tensor,
    settings: Augmentation | ModernAugmentation,
    components: Tensor,
    stream: int,
    indices: Tensor,
    *,
    epoch: int = 0,
) -> Tensor:
    """Vary a batch of training pictures.

    Args:
        images: uint8, (N, 3, S, S), S at least `settings.side`.
        settings: what to vary.
        components: float32, (3, 3), a data set's `colour_components`.
        stream: a key for the seed and the epoch, `randomness.key(seed, "augmentation", epoch)`.
        indices: int64, (N,), the pictures' numbers in the data set: picture i of an epoch is varied alike in
            any batch, on any process. (Where pictures share a crop, by the first index of each group.)
        epoch: from 0, for mirrors that alternate.
    Returns:
        float32, (N, 3, side, side), on the device of `images`, pixels on the scale of 0 to 255; the mean is
        not subtracted.
    Raises:
        ValueError: the images are smaller than the crop.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    if isinstance(settings, ModernAugmentation):
        return augment_modern(images, settings, stream, indices, epoch=epoch)
    room = images.shape[-1] - settings.side
    if room < 0:
        raise ValueError(f"images are {images.shape[-1]} pixels wide: expected at least {settings.side}")
    offsets, mirrored, shifts = _drawn(settings, room, components, stream, indices, epoch)
    divisor = 1 + settings.colour if settings.rescaled else 1.0
    if images.device.type == "cpu" and pixels.supports(images.numpy(), settings.side):
        size = (len(images), 3, settings.side, settings.side)
        found = torch.empty(size, dtype=torch.float32, device="cpu")  # whatever torch's defaults are
        pixels.crop_mirror_shift(images.numpy(), offsets, mirrored, shifts, divisor, found.numpy())
        return found
    crops = _cut(images, torch.from_numpy(offsets).long().to(images.device), settings.side)
    turned = torch.from_numpy(mirrored).to(images.device)
    crops[turned] = crops[turned].flip(-1)
    varied = crops.float().add_(torch.from_numpy(shifts).to(images.device)[:, :, None, None])
    return varied.div_(divisor) if settings.rescaled else varied


def _drawn(
    settings: Augmentation, room: int, components: Tensor, stream: int, indices: Tensor, epoch: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw what happens to each picture.

    Returns:
        where its crop begins, int32 (N, 2); whether it is mirrored, bool (N,); its shift of colour, float32 (N, 3).
    """
    numbers = indices.cpu().numpy()
    leaders = numbers[np.arange(len(numbers)) // settings.crop_group * settings.crop_group]
    chances = randomness.uniform(stream, leaders, 3)
    offsets = (chances[:, :2] * (room + 1)).astype(np.int32)
    if not settings.crop:
        offsets[:] = room // 2
    mirrored = np.zeros(len(numbers), dtype=bool)
    if settings.mirror:
        mirrored = mirrored_in(epoch, leaders) if settings.alternating else chances[:, 2] < 0.5
    shifts = np.zeros((len(numbers), 3), np.float32)
    if settings.colour:
        factors = randomness.normal(randomness.key(stream, "colour"), numbers, 3) * settings.colour
        shifts = (torch.from_numpy(factors).float() @ components.cpu()).numpy()
    return offsets, mirrored, shifts


def _cut(images: Tensor, offsets: Tensor, side: int) -> Tensor:
    """Copy the square of each image that begins at its offset (row, column)."""
    windows = images.unfold(2, side, 1).unfold(3, side, 1)  # (N, 3, S-side+1, S-side+1, side, side), a view
    rows = torch.arange(len(images), device=images.device)
    return windows[rows, :, offsets[:, 0], offsets[:, 1]]
