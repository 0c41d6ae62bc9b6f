"""Augmentation that came after the paper: other scales and shapes, other light, and patches taken out.

Shapes: N pictures, S their side, `side` that of the result.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet import randomness
from alexnet.data.augmentation.mirrors import mirrored_in
from alexnet.data.augmentation.mixing import Mixing
from alexnet.errors import RecipeError

_GREY = (0.299, 0.587, 0.114)  # of red, green and blue in brightness: ITU-R BT.601


@dataclass(frozen=True)
class ModernAugmentation:
    """How a training picture is varied, after Szegedy et al. 2015 and Zhong et al. 2017; not in the paper."""

    side: int = 224
    """Height and width of what the network sees, in pixels."""
    area: tuple[float, float] = (0.35, 1.0)
    """The part of the picture's area that is shown, least and most: uniform between them."""
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    """Width over height of that part, least and most: uniform in its logarithm."""
    mirror: bool = True
    """Swap left and right of half the pictures."""
    alternating: bool = False
    """Mirror each picture in every second epoch rather than by chance (Jordan 2024)."""
    brightness: float = 0.4
    """Multiply all pixels by 1 plus or minus at most this."""
    contrast: float = 0.4
    """Spread pixels from the picture's mean brightness by 1 plus or minus at most this."""
    saturation: float = 0.4
    """Spread colours from their own grey by 1 plus or minus at most this."""
    erasing: float = 0.0
    """The part of the pictures that lose a patch, of 2% to a third of them, to grey."""
    mixing: Mixing = field(default_factory=Mixing)
    """How neighbours of a batch are then mixed with one another."""

    def __post_init__(self) -> None:
        if self.side < 1:
            raise RecipeError(f"augmentation.side is {self.side}: expected at least 1 pixel")
        for name in ("area", "aspect"):
            if len(getattr(self, name)) != 2:
                raise RecipeError(f"augmentation.{name} is {getattr(self, name)}: expected two, least,most")
        if not 0 < self.area[0] <= self.area[1] <= 1:
            raise RecipeError(f"augmentation.area is {self.area}: expected 0 < least <= most <= 1")
        if not 0 < self.aspect[0] <= self.aspect[1]:
            raise RecipeError(f"augmentation.aspect is {self.aspect}: expected 0 < least <= most")
        for name in ("brightness", "contrast", "saturation", "erasing"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"augmentation.{name} is {getattr(self, name)}: expected 0 to 1")

    @property
    def group_size(self) -> int:
        """How many pictures in a row of a batch have something in common."""
        return 2 if self.mixing.mixes else 1


def augment_modern(
    images: Tensor, settings: ModernAugmentation, stream: int, indices: Tensor, *, epoch: int = 0
) -> Tensor:
    """Vary a batch of training pictures.

    Args:
        images: uint8, (N, 3, S, S).
        settings: what to vary.
        stream: a key for the seed and the epoch.
        indices: int64, (N,), the pictures' numbers: picture i of an epoch is varied alike in any batch.
        epoch: from 0, for mirrors that alternate.
    Returns:
        float32, (N, 3, side, side), on the device of `images`, 0 to 255.
    """
    if not len(images):  # a process's share of the last batch, which grid_sample would not take
        return images.new_empty((0, 3, settings.side, settings.side), dtype=torch.float32)
    numbers = indices.cpu().numpy()
    draws = randomness.uniform(stream, numbers, 12)
    mirrored = mirrored_in(epoch, numbers) if settings.alternating else draws[:, 4] < 0.5
    pixels = _resized(images.float(), settings, draws, mirrored & settings.mirror)
    factors = torch.from_numpy(
        1 + (2 * draws[:, 5:8] - 1) * [settings.brightness, settings.contrast, settings.saturation]
    )
    pixels = _relit(pixels, factors.float().to(images.device))
    return _erased(pixels, settings.erasing, draws[:, 8:]).clamp_(0, 255)


def _resized(images: Tensor, settings: ModernAugmentation, draws: np.ndarray, mirrored: np.ndarray) -> Tensor:
    """Cut a part of random area and shape, mirror it perhaps, and scale it bilinearly: (N, 3, side, side)."""
    area = settings.area[0] + draws[:, 0] * (settings.area[1] - settings.area[0])
    aspect = np.exp(
        np.log(settings.aspect[0]) + draws[:, 1] * np.log(settings.aspect[1] / settings.aspect[0])
    )
    width, height = np.minimum(np.sqrt(area * aspect), 1), np.minimum(np.sqrt(area / aspect), 1)
    turn = np.where(mirrored, -1.0, 1.0)
    affine = np.zeros((len(draws), 2, 3), np.float32)  # from the result's -1..1 to the picture's
    affine[:, 0, 0], affine[:, 1, 1] = width * turn, height
    affine[:, 0, 2], affine[:, 1, 2] = (
        (2 * draws[:, 2] - 1) * (1 - width),
        (2 * draws[:, 3] - 1) * (1 - height),
    )
    size = (len(images), 3, settings.side, settings.side)
    grid = F.affine_grid(torch.from_numpy(affine).to(images.device), list(size), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _relit(pixels: Tensor, factors: Tensor) -> Tensor:
    """Change brightness, contrast and saturation, in this order, by `factors`: (N, 3)."""
    brightness, contrast, saturation = factors[:, :, None, None, None].unbind(1)
    weights = torch.tensor(_GREY, dtype=torch.float32, device=pixels.device)[None, :, None, None]
    pixels = (pixels * brightness).clamp_(0, 255)
    mean = (pixels * weights).sum(dim=1, keepdim=True).mean(dim=(2, 3), keepdim=True)
    pixels = (mean + (pixels - mean) * contrast).clamp_(0, 255)
    grey = (pixels * weights).sum(dim=1, keepdim=True)
    return grey + (pixels - grey) * saturation


def _erased(pixels: Tensor, part: float, draws: np.ndarray) -> Tensor:
    """Take a patch out of a part of the pictures; `draws` is (N, 4)."""
    side = pixels.shape[-1]
    lengths = np.sqrt(0.02 + draws[:, 1] * (1 / 3 - 0.02))
    tops, lefts = draws[:, 2] * (1 - lengths), draws[:, 3] * (1 - lengths)
    edges = (np.stack([tops, tops + lengths, lefts, lefts + lengths]) * side).round()
    edges[:, draws[:, 0] >= part] = 0
    top, bottom, left, right = torch.from_numpy(edges).to(pixels.device)[:, :, None, None, None]
    down, across = (
        torch.arange(side, device=pixels.device)[:, None],
        torch.arange(side, device=pixels.device)[None],
    )
    return pixels.masked_fill((down >= top) & (down < bottom) & (across >= left) & (across < right), 127.5)
