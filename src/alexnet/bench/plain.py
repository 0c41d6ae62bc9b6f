"""The network as it is usually written: the measure of what our own code gains."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alexnet.networks.network import Network


def plain_network() -> nn.Sequential:
    """Make the printed network of stock modules, with dropout that rescales in training.

    conv1 pads the right and bottom border by 3 pixels, so that 224 pixels give 55 positions.
    """
    return nn.Sequential(
        nn.ZeroPad2d((0, 3, 0, 3)),
        nn.Conv2d(3, 96, 11, stride=4),
        nn.ReLU(),
        nn.LocalResponseNorm(5, 1e-4, 0.75, 2.0),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2),
        nn.ReLU(),
        nn.LocalResponseNorm(5, 1e-4, 0.75, 2.0),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Linear(9216, 4096),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(4096, 1000),
    )


def copy_weights(network: Network, plain: nn.Sequential) -> None:
    """Give the plain network our weights; fc7's and fc8's are halved, as it does not halve at the test."""
    layers = [layer for layer in plain if isinstance(layer, nn.Conv2d | nn.Linear)]
    own = [stage.operation for stage in network.stages if hasattr(stage.operation, "weight")]
    with torch.no_grad():
        for number, (layer, operation) in enumerate(zip(layers, own, strict=True)):
            weight, bias = operation.weight, operation.bias
            assert isinstance(weight, Tensor)
            assert isinstance(bias, Tensor)
            layer.weight.copy_(weight * (0.5 if number >= 6 else 1.0))
            assert layer.bias is not None
            layer.bias.copy_(bias)


def channels_last(images: Tensor) -> NDArray[np.float32]:
    """Return images of (N, C, H, W) as (N, H, W, C), in memory of their own."""
    return np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())


def channels_last_weights(plain: nn.Sequential) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return weights and biases from conv1 to fc8 for programs whose maps are (N, H, W, C).

    Kernels are (H, W, C / groups, K), matrices (inputs, outputs); fc6 takes its map in the order (H, W, C).
    """
    found: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    for layer in plain:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight, bias = layer.weight.detach(), layer.bias
            assert bias is not None
            if isinstance(layer, nn.Conv2d):
                weight = weight.permute(2, 3, 1, 0)
            else:
                channels = 256 if layer.in_features == 9216 else layer.in_features
                weight = weight.unflatten(1, (channels, -1)).permute(2, 1, 0).flatten(0, 1)
            found.append((weight.contiguous().numpy(), bias.detach().numpy()))
    return found


def plain_cifar() -> nn.Sequential:
    """Make the network of `cifar-18pct` of stock modules; its map normalisation from pooled squares."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        PlainMapNormalization(),
        nn.Conv2d(32, 32, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(3, 2, ceil_mode=True),
        PlainMapNormalization(),
        nn.Conv2d(32, 64, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Flatten(),
        nn.Linear(1024, 10),
    )


class PlainMapNormalization(nn.Module):
    """x (1 + 5e-5 mean of x^2 over 3 x 3 pixels)^-0.75."""

    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + 5e-5 * nn.functional.avg_pool2d(x.square(), 3, 1, 1)) ** 0.75
