"""Local response normalisation (section 3.3): brightness normalisation across neighbouring maps.

Shapes: N images, C channels, H rows, W columns.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.errors import RecipeError
from alexnet.kernels import maps, response
from alexnet.kernels.response import Response
from alexnet.networks.layers.layer import Layer, Shape, widened, window_sums


class ResponseNormalization(Layer):
    """Divide each activity by the activities of `size` neighbouring maps at the same position.

        b_c = a_c / (k + alpha / size * sum of a_c'^2 over the window)^beta

    The window is c - size // 2 ... c - size // 2 + size - 1, clipped to the maps there are.

    Paper: section 3.3 prints alpha without the division by the window's size; the program divided, and so do
    we (convention of the trained networks and of `nn.LocalResponseNorm`).

    Args:
        size, alpha, beta, k: the constants n, alpha, beta and k of section 3.3.
        groups: 2 normalises each of the two columns by itself: the window does not cross their border.
    """

    def __init__(
        self, size: int = 5, *, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0, groups: int = 1
    ) -> None:
        super().__init__()
        if size < 1:
            raise RecipeError(f"response normalisation needs a window of at least one map, not {size}")
        self.size, self.alpha, self.beta, self.k, self.groups = size, alpha, beta, k, groups

    def extra_repr(self) -> str:
        columns = f", {self.groups} groups" if self.groups > 1 else ""
        return f"{self.size} maps, alpha {self.alpha:g}, beta {self.beta:g}, k {self.k:g}{columns}"

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def response(self) -> Response:
        """Return what the kernel is told of this layer."""
        return Response(
            normalize=True,
            reach=self.size // 2,
            alpha=self.alpha / self.size,
            beta=self.beta,
            k=self.k,
            groups=self.groups,
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.size % 2 == 1 and response.supports(x, self.response()):
            return response.respond(x, self.response(), self._normalized)
        return self._normalized(x)

    def _normalized(self, x: Tensor) -> Tensor:
        maps: Tensor = (
            widened(x).unflatten(1, (self.groups, -1)).flatten(0, 1)
        )  # (N * groups, C / groups, H, W)
        before = self.size // 2
        squares = F.pad(maps.square(), (0, 0, 0, 0, before, self.size - 1 - before))
        channels = maps.shape[1]
        total = torch.stack([squares[:, i : i + channels] for i in range(self.size)]).sum(0)
        scale = (self.k + self.alpha / self.size * total) ** -self.beta
        return (maps * scale).reshape(x.shape).to(x.dtype)


class MapNormalization(Layer):
    """Divide each activity by the activities around it in the same map.

        b = a * (1 + scale / size^2 * sum of a'^2 over the window)^-power

    The window is size x size, starts size // 2 before the activity and is clipped to the map. The paper does
    not mention this layer; the program calls it rnorm, the winning network has it after conv2, and the small
    CIFAR-10 networks have it after their pools.
    """

    def __init__(self, size: int = 5, *, scale: float = 1e-3, power: float = 0.75) -> None:
        super().__init__()
        self.size, self.scale, self.power = size, scale, power

    def extra_repr(self) -> str:
        return f"{self.size}x{self.size}, scale {self.scale:g}, power {self.power:g}"

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        if maps.supports(x):
            scale = self.scale / self.size**2
            return maps.map_norm(x, size=self.size, scale=scale, power=self.power, plain=self._normalized)
        return self._normalized(x)

    def _normalized(self, x: Tensor) -> Tensor:
        wide = widened(x)
        before, after = self.size // 2, self.size - 1 - self.size // 2
        total = window_sums(F.pad(wide.square(), (before, after, before, after)), self.size)
        return (wide * (1.0 + self.scale / self.size**2 * total) ** -self.power).to(x.dtype)
