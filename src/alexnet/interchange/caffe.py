"""Caffe's bvlc_alexnet and CaffeNet, from .caffemodel files of each generation.

Caffe's pictures have their colours in the order blue, green, red; conv1's weights and the mean picture change
to red, green, blue here. Its scale is ours, 0-255. The numbers of the fields are those of Caffe's caffe.proto.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from alexnet.errors import CheckpointError
from alexnet.interchange.imported import ImportedWeights, one_colour
from alexnet.interchange.opening import Opened
from alexnet.interchange.protobuf import Message
from alexnet.networks.stage import Architecture
from alexnet.networks.variants import Caffe, CaffeNet

STAGES: Final = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
CHALLENGE_MEAN: Final = (122.6789143406786, 116.66876761696767, 104.0069879317889)
"""Red, green and blue of Caffe's ilsvrc_2012_mean, averaged over the picture, as its examples subtract it."""

_V1_LAYERS, _LAYERS = 2, 100
_V0_LAYER = 1
_SETTINGS: Final = {  # of the layers, where a file states them: stride, padding and groups; kind, size and stride
    "conv1": (4, 0, 1),
    "conv2": (1, 2, 2),
    "conv3": (1, 1, 1),
    "conv4": (1, 1, 2),
    "conv5": (1, 1, 2),
    **dict.fromkeys(("pool1", "pool2", "pool5"), (0, 3, 2)),
    **dict.fromkeys(("norm1", "norm2"), (5, 1e-4, 0.75, 1.0, 0)),
}


@dataclass(frozen=True)
class _Layer:
    name: str
    blobs: list[Message]
    settings: tuple[float, ...] | None = None
    """As in `_SETTINGS`; None where the file does not state them."""


def is_caffemodel(source: Opened) -> bool:
    """Tell whether a file begins like a network of Caffe: its name, or its first layer."""
    return bytes(source.content[:2])[:1] in (b"\x0a", b"\x12") or bytes(source.content[:2]) == b"\xa2\x06"


def from_caffemodel(source: Opened, network: str | None = None) -> ImportedWeights:
    """Take the weights of a .caffemodel.

    Args:
        source: the file.
        network: "caffe" or "caffenet"; left out, the order of the layers in the file says which.
    Raises:
        CheckpointError: it is damaged, or another network.
    """
    net = Message(source.content, source.name)
    layers = _layers(net)
    if not any(layer.blobs for layer in layers):
        raise CheckpointError(f"{source.name} holds no weights of Caffe: no layer in it has any")
    weights: dict[str, Tensor] = {}
    for layer in layers:
        _check_settings(layer, source.name)
        if not layer.blobs:
            continue
        stage = "fc8" if layer.name.startswith("fc8") else layer.name  # a fine-tuned network renames it
        if stage not in STAGES or len(layer.blobs) != 2 or f"{stage}.weight" in weights:
            raise CheckpointError(
                f"{source.name} is not an AlexNet of Caffe: it has a layer {layer.name[:60]!r}"
            )
        weights[f"{stage}.weight"] = _weight(_blob(layer.blobs[0]), stage, source.name)
        weights[f"{stage}.bias"] = _blob(layer.blobs[1]).flatten()
    if "conv1.weight" not in weights or "fc8.weight" not in weights:
        raise CheckpointError(
            f"{source.name} is not an AlexNet of Caffe: it has no {'conv1' if weights else 'layers'} or fc8"
        )
    weights["conv1.weight"] = weights["conv1.weight"].flip(1)
    architecture = _architecture(net, layers, network, len(weights["fc8.bias"]), source.name)
    return ImportedWeights(
        format=f"Caffe ({'bvlc_alexnet' if isinstance(architecture, Caffe) else 'CaffeNet'})",
        architecture=architecture,
        weights=weights,
        order="sorted",
        mean=one_colour(CHALLENGE_MEAN, architecture.side),
        notes=("Caffe warps a picture to 256 x 256 before it crops; here the central square is taken",),
    )


def mean_of(source: Opened) -> Tensor:
    """Take a .binaryproto mean picture: float32, RGB in 0-255, (3, H, W).

    Raises:
        CheckpointError: it is damaged, or not a picture of three colours.
    """
    picture = _blob(Message(source.content, source.name))
    if picture.dim() == 4 and picture.shape[0] == 1:
        picture = picture[0]
    if picture.dim() != 3 or picture.shape[0] != 3 or not picture.numel():
        raise CheckpointError(
            f"{source.name} is not a mean picture of Caffe: its shape is {tuple(picture.shape)}"
        )
    return picture.flip(0)


def _layers(net: Message) -> list[_Layer]:
    """Read the layers of any generation: LayerParameter, V1LayerParameter, and V0LayerParameter inside it."""
    layers = [
        _Layer(
            layer.text(1),
            layer.messages(7),
            _settings(layer, convolution=106, pooling=121, normalization=118),
        )
        for layer in net.messages(_LAYERS)
    ]
    for outer in net.messages(_V1_LAYERS):
        inner = outer.messages(_V0_LAYER)
        if inner:
            layers.append(_Layer(inner[0].text(1), inner[0].messages(50)))
        else:
            stated = _settings(outer, convolution=10, pooling=19, normalization=18)
            layers.append(_Layer(outer.text(4), outer.messages(6), stated))
    return layers


def _settings(
    layer: Message, *, convolution: int, pooling: int, normalization: int
) -> tuple[float, ...] | None:
    """Read what a layer states of itself; what it leaves out has Caffe's defaults."""

    def integer(message: Message, number: int, default: int) -> int:
        return ([default, *message.integers(number)])[-1]

    def decimal(message: Message, number: int, default: float) -> float:
        return float(([default, *message.floats(number)])[-1])

    for found in layer.messages(convolution):
        return integer(found, 6, 1), integer(found, 3, 0), integer(found, 5, 1)
    for found in layer.messages(pooling):
        return integer(found, 1, 0), integer(found, 2, 0), integer(found, 3, 1)
    for found in layer.messages(normalization):
        numbers = (decimal(found, number, default) for number, default in ((2, 1.0), (3, 0.75), (5, 1.0)))
        return integer(found, 1, 5), *numbers, integer(found, 4, 0)
    return None


def _check_settings(layer: _Layer, source: str) -> None:
    expected = _SETTINGS.get(layer.name)
    if expected is None or layer.settings is None:
        return
    alike = len(layer.settings) == len(expected) and np.allclose(layer.settings, expected, rtol=1e-5, atol=0)
    if not alike:
        stated = ", ".join(f"{value:g}" for value in layer.settings)
        wanted = ", ".join(f"{value:g}" for value in expected)
        raise CheckpointError(
            f"{source} is not bvlc_alexnet or CaffeNet: the settings of its {layer.name} are {stated}, "
            f"and {wanted} are expected"
        )


def _blob(blob: Message) -> Tensor:
    """Read a BlobProto: its shape, or its num, channels, height and width of old; its data, single or double."""
    shapes = blob.messages(7)
    if shapes:
        shape = tuple(shapes[-1].integers(1))
    else:
        shape = tuple((blob.integers(number) or [1])[-1] for number in (1, 2, 3, 4))
    data = blob.floats(5)
    if not len(data):
        data = blob.floats(8, "<f8")
    if len(shape) > 8 or math.prod(shape) != len(data):
        raise CheckpointError(
            f"{blob.source} is damaged: a shape of {shape[:8]} does not hold {len(data):,} numbers"
        )
    return torch.from_numpy(data.astype(np.float32, copy=False)).reshape(shape)


def _weight(blob: Tensor, stage: str, source: str) -> Tensor:
    """Return weights as they are here: fully-connected ones were (1, 1, units, inputs) of old."""
    if not stage.startswith("fc"):
        return blob
    if blob.dim() == 4 and blob.shape[:2] == (1, 1):
        blob = blob[0, 0]
    if blob.dim() != 2:
        raise CheckpointError(
            f"{source} is damaged: the weights of {stage} have the shape {tuple(blob.shape)}"
        )
    return blob


def _architecture(
    net: Message, layers: list[_Layer], network: str | None, classes: int, source: str
) -> Architecture:
    names = [layer.name for layer in layers]
    if network is None and "norm1" in names and "pool1" in names:
        network = "caffe" if names.index("norm1") < names.index("pool1") else "caffenet"
    if network is None:
        named = net.text(1).casefold()
        network = "caffenet" if "caffenet" in named else "caffe" if "alexnet" in named else None
    if network not in ("caffe", "caffenet"):
        raise CheckpointError(
            f"{source} does not say in which order it pools and normalises: pass --network caffe (bvlc_alexnet) "
            "or --network caffenet"
        )
    return Caffe(classes=classes) if network == "caffe" else CaffeNet(classes=classes)
