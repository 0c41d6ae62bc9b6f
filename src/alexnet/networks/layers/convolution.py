"""Convolution, the layer that shares its filters over positions (section 3.5).

Shapes: N images, C channels, H rows, W columns, F filters.
"""

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor

from alexnet.kernels import winograd
from alexnet.kernels.folding import fold, fold_kernels
from alexnet.networks.layers.layer import ACTIVATIONS, Shape, Weighted, described_windows, map_shape, overhang


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    *,
    stride: int,
    padding: int,
    groups: int,
    whole: bool = False,
) -> Tensor:
    """Cross-correlate maps with plain PyTorch, the last windows over zeros beyond the border.

    Args:
        x: (N, C, H, W).
        weight: (F, C / groups, size, size).
        bias: (F,), or None for none.
        stride, padding, groups, whole: as of `Convolution`.
    Returns:
        (N, F, positions, positions).
    """
    below, right = (0, 0) if whole else overhang(x, weight.shape[-1], stride, padding)
    if below or right:
        x = F.pad(x, (padding, padding + right, padding, padding + below))
        padding = 0
    return F.conv2d(x, weight, bias, stride, padding, groups=groups)


class Convolution(Weighted):
    """Cross-correlate with F filters, shared over positions: (N, C, H, W) to (N, F, positions, positions).

    Args:
        channels, filters: C and F; both divisible by `groups`.
        size, stride, padding: of the square window, in pixels.
        groups: 2 splits channels and filters into the paper's two columns, which do not see each other.
        whole: leave out windows that hang over the border, as Caffe and torchvision do.
        deviation, constant: of the initial weights and biases.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        whole: bool = False,
        deviation: float = 0.01,
        constant: float = 0.0,
        activation: str = "relu",
    ) -> None:
        weight = (filters, channels // groups, size, size)
        super().__init__(weight, (filters,), deviation=deviation, constant=constant, activation=activation)
        self.size, self.stride, self.padding, self.groups, self.whole = size, stride, padding, groups, whole
        self._kernels: winograd.Kernels | None = None

    def extra_repr(self) -> str:
        channels = self.weight.shape[1] * self.groups
        window = described_windows(self.size, self.stride, self.padding, self.groups)
        return f"{channels} -> {self.weight.shape[0]}, {window}, {self.activation}"

    def shape(self, *inputs: Shape) -> Shape:
        filters = self.weight.shape[0]
        return map_shape(inputs[0], filters, self.size, self.stride, self.padding, whole=self.whole)

    def multiply_adds(self, *inputs: Shape) -> int:
        _, height, width = self.shape(*inputs)
        return self.weight.numel() * height * width

    def linear(self, x: Tensor) -> Tensor:
        """Convolve and add the biases, before the activation function."""
        return self._convolve(x, rectified=False)

    def rectified(self, x: Tensor) -> Tensor:
        """Convolve, add the biases and rectify, in one."""
        return self._convolve(x, rectified=True)

    def prepare(self, *, half: bool = False) -> None:
        """Transform the kernels once, for answering only: the weights must not change any more.

        In half precision there is half as much to read, which is what one picture waits for.
        """
        weight = self.weight.detach()
        pixel = weight.new_empty((1, self.groups * weight.shape[1], 1, 1))  # stands for every input
        if winograd.supports(pixel, weight, self.bias, self.stride, self.groups):
            if self.stride > 1:
                weight = fold_kernels(weight, self.stride)
            kernels = winograd.transformed(weight.contiguous(), self.groups)
            self._kernels = replace(kernels, values=kernels.values.half()) if half else kernels

    def activate(self, x: Tensor) -> Tensor:
        """Apply the activation function."""
        return ACTIVATIONS[self.activation](x)

    def forward(self, x: Tensor) -> Tensor:
        return self.rectified(x) if self.activation == "relu" else self.activate(self.linear(x))

    def _convolve(self, x: Tensor, *, rectified: bool) -> Tensor:
        stride, padding, groups = self.stride, self.padding, self.groups
        if not winograd.supports(x, self.weight, self.bias, stride, groups):
            y = convolve(
                x, self.weight, self.bias, stride=stride, padding=padding, groups=groups, whole=self.whole
            )
            return F.relu(y) if rectified else y
        over = (0, 0) if self.whole else overhang(x, self.size, stride, padding)
        if self._kernels is None:
            return winograd.convolve(
                x,
                self.weight,
                self.bias,
                stride=stride,
                padding=padding,
                overhang=over,
                groups=groups,
                rectified=rectified,
            )
        if stride > 1:
            x, padding = fold(x, self.size, stride, padding, over), 0
        return winograd.convolve_prepared(x, self._kernels, self.bias, padding=padding, rectified=rectified)
