"""A network made ready to answer: kernels transformed once, and smaller weights where that is asked for.

One picture's time is the time to stream the weights of fc6 ... fc8 from memory (58.6 million, 96% of all)
plus that of the convolutions, half of which goes to reading transformed kernels. Quantised, the former shrinks
to a quarter and the latter to a half.

Shapes: N images, I inputs, U units.
"""

import copy
from dataclasses import replace
from typing import Final, final

from torch import Tensor, nn

from alexnet.kernels import connected
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import ACTIVATIONS, Layer, Shape
from alexnet.networks.network import Network

SMALLEST: Final = 1 << 16
"""Weights below which a fully-connected layer is not worth quantising."""


def optimized_for_inference(network: Network, *, quantize: bool = False) -> Network:
    """Make a network for answering only: in evaluation mode, without gradients.

    Args:
        network: on the processor; it is not changed. Its weights are shared, not copied, except those that are
            made ready: while its `weights_version` stays the same, so do the answers.
        quantize: keep the weights of large fully-connected layers as one byte each, with a scale for each
            unit, and transformed kernels in half precision; all that is computed with them is float32.
    Returns:
        a network with the same stages that gives the same logits, when quantised up to rounding of the
        weights. Its state is not for checkpoints.
    """
    shared: dict[int, object] = {
        id(weights): nn.Parameter(weights.detach(), requires_grad=False) for weights in network.parameters()
    }
    made = copy.deepcopy(network, shared).eval()
    for stage in made.stages:
        if isinstance(stage.operation, Convolution):
            stage.operation.prepare(half=quantize)
    if quantize:
        made.stages = tuple(replace(stage, operation=_quantized(stage.operation)) for stage in made.stages)
        for stage in made.stages:
            made.add_module(stage.name.replace(".", "_"), stage.operation)
    return made


def weights_version(network: Network) -> tuple[tuple[int, int], ...]:
    """Return what changes whenever a weight or the mean is written or replaced (but not through `.data`)."""
    numbers = (*network.parameters(), *network.buffers())
    return tuple((id(each), 0 if each.is_inference() else each._version) for each in numbers)


def _quantized(operation: Layer) -> Layer:
    if isinstance(operation, FullyConnected) and operation.weight.numel() >= SMALLEST:
        return QuantizedFullyConnected(operation)
    return operation


@final
class QuantizedFullyConnected(Layer):
    """A fully-connected layer with weights of one byte: (N, ...) flattened channel, row, column to (N, U)."""

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, layer: FullyConnected) -> None:
        super().__init__()
        weight, scale = connected.quantize(layer.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", layer.bias.detach().clone())
        self.activation = layer.activation

    def extra_repr(self) -> str:
        units, inputs = self.weight.shape
        return f"{inputs} -> {units}, one byte a weight, {self.activation}"

    def shape(self, *inputs: Shape) -> Shape:
        return (self.weight.shape[0],)

    def forward(self, x: Tensor) -> Tensor:
        rectified = self.activation == "relu"
        y = connected.linear(x.flatten(1), self.weight, self.bias, scale=self.scale, rectified=rectified)
        return y if rectified else ACTIVATIONS[self.activation](y)
