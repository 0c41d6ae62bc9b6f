"""Stages that change the picture before the first weights: blur, subsampling, resizing, mirror, colours.

Shapes: N images, C channels, S pixels along a side; pictures are square.
"""

import math
from typing import Final, final

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.errors import RecipeError
from alexnet.networks.layers.layer import Layer, Shape
from alexnet.randomness import StepRandomness


@final
class Blur(Layer):
    """Blur each channel with a Gaussian of `size` pixels, across and then down; zeros lie outside (blur)."""

    kernel: Tensor

    def __init__(self, size: int, deviation: float) -> None:
        super().__init__()
        centres = torch.arange(size, dtype=torch.float64, device="cpu") - size // 2
        kernel = torch.exp(-centres.square() / (2.0 * deviation**2))
        self.size = size
        self.register_buffer("kernel", (kernel / kernel.sum()).float(), persistent=False)

    def extra_repr(self) -> str:
        return f"{self.size} pixels"

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        channels, half = x.shape[1], self.size // 2
        kernel = self.kernel.to(x).expand(channels, 1, -1)
        x = F.conv2d(x, kernel[:, :, None, :], padding=(0, half), groups=channels)
        return F.conv2d(x, kernel[:, :, :, None], padding=(half, 0), groups=channels)


@final
class Nailbed(Layer):
    """Keep every `stride`-th pixel of a grid in the middle of the picture (nailbed)."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def extra_repr(self) -> str:
        return f"stride {self.stride}"

    def shape(self, *inputs: Shape) -> Shape:
        channels, height, width = inputs[0]
        return (channels, -(-height // self.stride), -(-width // self.stride))

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = (self._start(side) for side in x.shape[-2:])
        return x[..., rows :: self.stride, columns :: self.stride]

    def _start(self, side: int) -> int:
        return (side - self.stride * (-(-side // self.stride) - 1)) // 2


@final
class Resize(Layer):
    """Shrink or enlarge pictures by a factor, bilinearly about their centre (resize).

    Args:
        scale: S pixels become floor(S / scale).
    """

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def extra_repr(self) -> str:
        return f"to 1 / {self.scale:g}"

    def shape(self, *inputs: Shape) -> Shape:
        channels, height, width = inputs[0]
        return (channels, math.floor(height / self.scale), math.floor(width / self.scale))

    def forward(self, x: Tensor) -> Tensor:
        return resized(x, math.floor(x.shape[-1] / self.scale), self.scale)


def resized(x: Tensor, target: int, scale: float) -> Tensor:
    """Resize square pictures (N, C, S, S) to `target` pixels; one pixel there is `scale` pixels here."""
    side = x.shape[-1]
    centres = torch.arange(target, dtype=torch.float64) * scale + side / 2 - target / 2 * scale
    centres = centres.clamp(0.0, side - 1.01)
    first = centres.floor().long().to(x.device)
    share = (centres.to(x.device) - first).to(x.dtype)
    rows = x[..., first, :] * (1 - share)[:, None] + x[..., first + 1, :] * share[:, None]
    return rows[..., first] * (1 - share) + rows[..., first + 1] * share


@final
class RandomScale(Layer):
    """In training, show a random part of the picture at a random scale; at test its centre (rscale).

    One draw holds for the whole batch: the size `target + s`, s below S - int(S / most) + 1 and likely in
    proportion to (s + 1)^2; the factor within what rounds to that size; and the corner of the crop.

    Args:
        most: the largest scale, 1 to 2.
        target: height and width of what it gives, in pixels.
    """

    random = True

    def __init__(self, most: float, target: int) -> None:
        super().__init__()
        self.most, self.target = most, target

    def extra_repr(self) -> str:
        return f"up to {self.most:g}, to {self.target} pixels"

    def shape(self, *inputs: Shape) -> Shape:
        if self.target > inputs[0][1]:
            raise RecipeError(f"rscale cuts {self.target} pixels from pictures of {inputs[0][1]}")
        return (inputs[0][0], self.target, self.target)

    def forward(self, x: Tensor, *, rng: StepRandomness | None = None, stage: str = "") -> Tensor:
        side = x.shape[-1]
        if not self.training:
            return self._cut(x, (side - self.target) // 2, (side - self.target) // 2)
        generator = rng.generator(stage, torch.device("cpu")) if rng else None
        sizes = side - int(side / self.most) + 1
        likely = torch.arange(1, sizes + 1, dtype=torch.float64).square()
        s = int(torch.multinomial(likely, 1, generator=generator))
        rescaled = self.target + s
        drawn = torch.rand(3, generator=generator, dtype=torch.float64).tolist()
        least, largest = max(1.0, side / (rescaled + 1)), side / rescaled
        if rescaled != side:
            x = resized(x, rescaled, least + drawn[0] * (largest - least))
        top, left = (int(share * (s + 1)) for share in drawn[1:])
        return self._cut(x, top, left)

    def _cut(self, x: Tensor, top: int, left: int) -> Tensor:
        return x[..., top : top + self.target, left : left + self.target]


@final
class Mirror(Layer):
    """Mirror pictures left to right (href)."""

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        return x.flip(-1)


_YUV: Final = ((0.2126, 0.7152, 0.0722), (-0.09991, -0.33609, 0.436), (0.615, -0.55861, -0.05639))
_XYZ: Final = ((0.49, 0.31, 0.2), (0.17697, 0.8124, 0.01063), (0.0, 0.01, 0.99))


@final
class Yuv(Layer):
    """Turn red, green and blue into brightness and two differences of colour (rgb2yuv)."""

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("ij,njhw->nihw", torch.tensor(_YUV, dtype=x.dtype, device=x.device), x)


@final
class Lab(Layer):
    """Turn red, green and blue in 0-1, no mean subtracted, into lightness and two colours (rgb2lab).

    Args:
        centred: subtract 50 from the lightness.
    """

    def __init__(self, *, centred: bool = False) -> None:
        super().__init__()
        self.centred = centred

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        xyz = torch.einsum("ij,njhw->nihw", torch.tensor(_XYZ, dtype=x.dtype, device=x.device), x)
        root = xyz.clamp(min=0.0088564517) ** 0.3333
        h = torch.where(xyz > 0.0088564517, root, 7.787037 * xyz + 0.13793103)
        lightness = 116.0 * h[:, 1] - (66.0 if self.centred else 16.0)
        return torch.stack((lightness, 500.0 * (h[:, 0] - h[:, 1]), 200.0 * (h[:, 1] - h[:, 2])), 1)
