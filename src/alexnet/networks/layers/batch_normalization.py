"""Batch normalisation (Ioffe and Szegedy 2015), which is three years younger than the paper.

Shapes: N images, C channels, H rows, W columns.
"""

import contextlib
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet.errors import RecipeError
from alexnet.networks.layers.layer import Layer, Shape, widened


class BatchNormalization(Layer):
    """Give each channel a mean of 0 and a variance of 1: over the batch in training, over training at test.

    Paper: no such layer; networks that have it say so. It has no weights of its own, unlike `nn.BatchNorm2d`
    with its default `affine=True`: it stands before a layer that has weights and biases. In training over several
    processes or micro-batches, each normalises the pictures that it has.

    Args:
        channels: C; or U, of a fully-connected layer.
        momentum: the weight of a batch in the running mean and variance, which count at test.
        epsilon: added to the variance.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, *, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        super().__init__()
        if channels < 1 or not 0.0 < momentum <= 1.0:
            raise RecipeError(
                f"batch normalisation of {channels} channels with momentum {momentum}: at least 1, and above 0 to 1"
            )
        self.momentum, self.epsilon = momentum, epsilon
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def extra_repr(self) -> str:
        return f"{len(self.running_mean)} channels over the batch"

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def initialize(self, generator: torch.Generator) -> None:
        """Begin with a running mean of 0 and a variance of 1."""
        self.running_mean.zero_()
        self.running_var.fill_(1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (N, C, H, W) or (N, U); a batch of a single value a channel, which has no variance, as at test."""
        averaging = self.training and x.numel() > x.shape[1]
        wide = widened(x)
        y = F.batch_norm(
            wide,
            self.running_mean,
            self.running_var,
            training=averaging,
            momentum=self.momentum,
            eps=self.epsilon,
        )
        return y.to(x.dtype)


@contextlib.contextmanager
def statistics_kept(network: nn.Module) -> Iterator[None]:
    """Put the running means and variances back where a step raises: nothing of it is kept."""
    layers = [module for module in network.modules() if isinstance(module, BatchNormalization)]
    before = [(layer.running_mean.clone(), layer.running_var.clone()) for layer in layers]
    try:
        yield
    except BaseException:
        for layer, (mean, variance) in zip(layers, before, strict=True):
            layer.running_mean.copy_(mean)
            layer.running_var.copy_(variance)
        raise
