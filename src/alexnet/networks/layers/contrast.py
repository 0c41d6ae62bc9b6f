"""Two normalisations that the paper does not mention: over blocks of maps, and of contrast within a map.

Both stand in definition files of the 2012 program. Shapes: N images, C channels, H rows, W columns.
"""

from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.networks.layers.layer import Layer, Shape, widened, window_sums


@final
class BlockNormalization(Layer):
    """Divide each activity by those of its block of `size` maps (cmrnorm with blocked=1).

        b_c = a_c / (k + alpha / size * sum of a_c'^2 over the block)^beta

    The blocks are maps 0 ... size-1, size ... 2 size - 1 and so on; the last may be short.
    """

    def __init__(self, size: int, *, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def extra_repr(self) -> str:
        return f"blocks of {self.size} maps, alpha {self.alpha:g}, beta {self.beta:g}, k {self.k:g}"

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        wide = widened(x)
        totals = torch.stack([part.square().sum(1) for part in wide.split(self.size, 1)], 1)
        totals = totals.repeat_interleave(self.size, 1)[:, : x.shape[1]]
        return (wide * (self.k + self.alpha / self.size * totals) ** -self.beta).to(x.dtype)


@final
class ContrastNormalization(Layer):
    """Divide each activity by the contrast around it in the same map (cnorm).

        b = a * (1 + scale / size^2 * sum of (a' - m')^2 over the window)^-power

    m' is the mean of the window around a' itself; windows are size x size, start size // 2 before their centre
    and are clipped to the map.

    Its gradient is the formula's own. The program's left out how m' changes with the activities.
    """

    def __init__(self, size: int, *, scale: float, power: float) -> None:
        super().__init__()
        self.size, self.scale, self.power = size, scale, power

    def extra_repr(self) -> str:
        return f"{self.size}x{self.size}, scale {self.scale:g}, power {self.power:g}"

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        wide = widened(x)
        pixels = self._sums(torch.ones_like(wide[:1, :1]))
        total = self._sums((wide - self._sums(wide) / pixels).square())
        return (wide * (1.0 + self.scale / self.size**2 * total) ** -self.power).to(x.dtype)

    def _sums(self, x: Tensor) -> Tensor:
        """Return the sum over the window around each pixel."""
        before, after = self.size // 2, self.size - 1 - self.size // 2
        return window_sums(F.pad(x, (before, after) * 2), self.size)
