"""A network over a whole picture larger than its input: what each view within it gives, its maps computed once.

From the first on, stages that treat all positions alike run over the whole picture. The others, the fully-connected
ones of the paper's network, run on each window of the maps before them that is as large as those maps are for one
view: which is to apply a fully-connected layer as a convolution. So a picture of 256 pixels has 2 x 2 views of 224,
32 pixels apart: conv1, pool1, pool2 and pool5 move in steps of 4 x 2 x 2 x 2.

It is what a loop over these views gives, but for two things. A padded convolution sees at a view's border the picture
that goes on there, and zeros only at the picture's own. And the mean picture lies over the whole picture, its edges
repeated outwards, where a view has it over itself.

Shapes: N images, C channels, S their side, s that of the network's input, m that of a map for one view, p views along a
side, K classes.
"""

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.errors import RecipeError
from alexnet.networks.fusion import fused
from alexnet.networks.layers.batch_normalization import BatchNormalization
from alexnet.networks.layers.contrast import BlockNormalization, ContrastNormalization
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.joins import Column, Concatenation, Maximum, Sum
from alexnet.networks.layers.layer import Layer, Shape
from alexnet.networks.layers.multi_input import Filtered, MultiInputLayer
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.layers.pictures import Blur, Lab, Yuv
from alexnet.networks.layers.pooling import Pool, WindowPool
from alexnet.networks.layers.scale import Scale
from alexnet.networks.network import Network
from alexnet.networks.stage import IMAGES, Stage


def dense_positions(network: Network, side: int) -> int:
    """Return p, how many views lie along a side of pictures of `side` pixels.

    They lie as far apart as the positions of the maps, about the middle of the picture and within it; the last one
    may hang over the border by less than the first layer's stride, as that layer's windows may: so 256 pixels have two
    views of 227.

    Raises:
        RecipeError: there is no more than one, since the pictures are hardly larger than the network's input; or the
            first stage does not treat all positions alike.
    """
    return _Plan.of(network, side, {network.output}).positions


def dense_logits(network: Network, images: Tensor) -> Tensor:
    """Compute the logits of every view of whole pictures.

    Args:
        network: in evaluation mode, on the images' device.
        images: uint8 RGB pixels, (N, 3, S, S), S above the network's side.
    Returns:
        float32, (N, p * p, K), views row by row.
    Raises:
        RecipeError: as `dense_positions` raises it.
    """
    return dense_activations(network, images, network.output)[network.output].flatten(2)


def dense_activations(network: Network, images: Tensor, *wanted: str) -> dict[str, Tensor]:
    """Compute what stages give for every view of whole pictures.

    Args:
        network, images: as `dense_logits` takes them.
        wanted: names of stages, the last one among them.
    Returns:
        for each name, float32: (N, p * p, C, m, m) for a map stage, (N, p * p, U) for a fully-connected one.
    Raises:
        RecipeError: as `dense_positions` raises it.
    """
    side = images.shape[-1]
    plan = _Plan.of(network, side, wanted)
    seen = (..., plan.covered, plan.covered)
    centred = images[seen].to(network.mean.dtype) - _whole_mean(network.mean, side)[seen]
    whole = _run(fused(plan.over, plan.read), {IMAGES: centred}, plan.read)
    later = fused([stage for stage in network.stages_for(wanted) if stage not in plan.over], wanted)
    found: dict[str, list[Tensor]] = {name: [] for name in wanted}
    for row in range(plan.positions):  # a row of windows at a time, for pictures of any size
        cut = {
            name: _windows(whole[name], row, size, plan.steps[name], plan.positions)
            for name, size in plan.read.items()
        }
        for name, value in _run(later, cut, wanted).items():
            found[name].append(value.unflatten(0, (len(images), plan.positions)))
    return {name: torch.cat(parts, 1) for name, parts in found.items()}


@final
@dataclass(frozen=True)
class _Plan:
    """What runs where."""

    over: tuple[Stage, ...]
    """Stages that run over the whole picture, in order."""
    read: Mapping[str, int]
    """What later stages, or the one who asks, read of these, and the side m of its windows."""
    steps: Mapping[str, int]
    """Of what is read, how many positions of its maps neighbouring views lie apart."""
    positions: int
    """Views along a side."""
    covered: slice
    """Rows, and columns, of the picture that views reach: the middle ones, where they do not reach all."""

    @classmethod
    def of(cls, network: Network, side: int, wanted: Collection[str]) -> "_Plan":
        """Plan a run over pictures of a side, or raise RecipeError where there is none."""
        own, kind, shapes = network.architecture.side, network.architecture.kind, _shapes(network)
        over, strides = _over_the_whole(network, wanted)
        later = [stage for stage in network.stages_for(wanted) if stage not in over]
        read = {*wanted, *(name for stage in later for name in stage.inputs)} & strides.keys()
        if read == {IMAGES}:
            raise RecipeError(
                f"{kind} cannot run over a whole picture: {later[0].name} does not treat all positions alike; take 1, "
                "5 or 10 views"
            )
        distance = math.lcm(*(strides[name] for name in read))
        positions = max(0, side - own + max(_strides(over[0].operation)) - 1) // distance + 1
        if positions < 2:
            raise RecipeError(
                f"pictures of {side} pixels have room for one view of {own}, and the dense views of {kind} lie "
                f"{distance} pixels apart: take 1, 5 or 10 views"
            )
        reached = min(side, own + (positions - 1) * distance)
        start = (side - reached) // 2
        return cls(
            tuple(over),
            {name: shapes[name][1] for name in read},
            {name: distance // strides[name] for name in read},
            positions,
            slice(start, start + reached),
        )


def _run(stages: Sequence[Stage], values: dict[str, Tensor], kept: Collection[str]) -> dict[str, Tensor]:
    """Return what stages make of values, of the names that are to be kept; the others live while they are read."""
    last_reader = {name: stage.name for stage in stages for name in stage.inputs}
    for stage in stages:
        values[stage.name] = stage.operation(*(values[name] for name in stage.inputs))
        for name in stage.inputs:
            if last_reader[name] == stage.name and name not in kept:
                values.pop(name, None)
    return {name: values[name] for name in kept}


def _windows(maps: Tensor, row: int, size: int, step: int, count: int) -> Tensor:
    """Cut the windows of one row out of maps (N, C, H, W): (N * count, C, size, size)."""
    rows = maps[:, :, row * step : row * step + size]
    windows = rows.unfold(3, size, step)[:, :, :, :count]  # (N, C, size, count, size)
    return windows.permute(0, 3, 1, 2, 4).flatten(0, 1).contiguous()


def _whole_mean(mean: Tensor, side: int) -> Tensor:
    """Return the mean picture (3, s, s) in the middle of (3, side, side), its edges repeated outwards."""
    border = side - mean.shape[-1]
    before = border // 2
    return F.pad(mean[None], (before, border - before) * 2, mode="replicate")[0]


def _over_the_whole(network: Network, wanted: Collection[str]) -> tuple[list[Stage], dict[str, int]]:
    """Return the stages that run over the whole picture, in order, and how many pixels their positions lie apart.

    They treat all positions alike, and no other stage lies between them and the images.
    """
    shapes, found, strides = _shapes(network), list[Stage](), {IMAGES: 1}
    for stage in network.stages_for(wanted):
        if not strides.keys() >= set(stage.inputs):
            continue
        moves = itertools.cycle(_strides(stage.operation))
        apart = {strides[name] * stride for name, stride in zip(stage.inputs, moves, strict=False)}
        if len(apart) == 1 and _is_alike(stage.operation, [shapes[name] for name in stage.inputs]):
            found.append(stage)
            strides[stage.name] = apart.pop()
    return found, strides


def _shapes(network: Network) -> dict[str, Shape]:
    """Return the shape of each stage's output for one view, and that of the view."""
    side = network.architecture.side
    return {IMAGES: (3, side, side), **network.shapes()}


def _strides(operation: Layer) -> tuple[int, ...]:
    """Return by how many positions of each input the windows of a layer move; one number stands for all inputs."""
    match operation:
        case Convolution() | Pool() | WindowPool():
            return (operation.stride,)
        case MultiInputLayer():
            return tuple(getattr(connection, "stride", 1) for connection in operation.connections)
    return (1,)


def _is_alike(operation: Layer, inputs: Sequence[Shape]) -> bool:
    """Whether an operation on maps treats all positions alike."""
    if any(len(shape) != 3 for shape in inputs):
        return False
    match operation:
        case Convolution() | Pool() | WindowPool(count=0) | Neuron() | Dropout() | Scale() | Column():
            return True
        case ResponseNormalization() | MapNormalization() | BlockNormalization() | ContrastNormalization():
            return True
        case BatchNormalization() | Sum() | Maximum() | Blur() | Yuv() | Lab():
            return True
        case Concatenation():
            return len(operation.shape(*inputs)) == 3
        case MultiInputLayer():
            return operation.bias.numel() == operation.bias.shape[0] and all(
                isinstance(connection, Filtered) for connection in operation.connections
            )
    return False
