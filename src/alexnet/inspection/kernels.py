"""The filters of a layer as pictures: figure 3 of the paper, and the grids of the 2012 program's viewer.

Shapes: F filters, C channels that a filter sees, k x k their pixels.
"""

from typing import Final

import numpy as np
import torch

from alexnet.canvas import Canvas, Picture, grid
from alexnet.errors import RecipeError
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.locally_connected import LocallyConnected
from alexnet.networks.network import Network

PER_ROW: Final = 16
"""Filters in a row, as the program's viewer has them and figure 3 too."""
MOST: Final = 256
"""Filters or channels that are drawn at most."""


def filters(network: Network, stage: str = "conv1", *, position: int = 0) -> np.ndarray:
    """Return the filters of a stage as arrays of weights.

    Args:
        network: with such a stage.
        stage: of a convolution or of a locally-connected layer; or of a fully-connected one that reads maps, whose
            units' weights then are filters as large as the map.
        position: which position's filters, of a locally-connected layer.
    Returns:
        float32, (F, C, k, k).
    Raises:
        RecipeError: no such stage, or one without filters.
    """
    operation = network.stage(stage).operation
    if isinstance(operation, Convolution):
        return _array(operation.weight)
    if isinstance(operation, LocallyConnected):
        if not 0 <= position < len(operation.weight):
            raise RecipeError(f"{stage} has positions 0 to {len(operation.weight) - 1}, not {position}")
        size = operation.size
        return _array(operation.weight[position]).reshape(operation.weight.shape[1], -1, size, size)
    if isinstance(operation, FullyConnected):
        before = network.shapes() | {"images": (3, network.architecture.side, network.architecture.side)}
        shape = before[network.stage(stage).inputs[0]]
        if len(shape) == 3:
            return _array(operation.weight).reshape(-1, *shape)
    known = [
        each.name for each in network.stages if isinstance(each.operation, Convolution | LocallyConnected)
    ]
    raise RecipeError(f"{stage} has no filters that could be drawn; {', '.join(known)} have")


def first_filters(network: Network) -> str | None:
    """Return the first stage that has filters, conv1 of most networks; None where none has."""
    kinds = (Convolution, LocallyConnected)
    return next((stage.name for stage in network.stages if isinstance(stage.operation, kinds)), None)


def filter_pictures(
    weights: np.ndarray, *, normalized: bool = False, colour: bool | None = None
) -> list[np.ndarray]:
    """Turn filters into pictures, as the program's viewer does: all scaled alike from their least to their largest.

    Args:
        weights: (F, C, k, k).
        normalized: scale each filter by itself (--norm-filters): shapes show, and strengths no longer.
        colour: show three channels as red, green and blue; without, where there are three. Otherwise each channel of
            each filter is a grey picture of its own (--no-rgb).
    Returns:
        uint8 (k, k, 3) each: F of them in colour, else F x C, a filter's channels one after the other.
    Source: the viewer of the 2012 program, --show-filters.
    """
    in_colour = weights.shape[1] == 3 if colour is None else colour and weights.shape[1] == 3
    values = weights.astype(np.float64)
    axes = (1, 2, 3) if normalized else None
    least, most = values.min(axis=axes, keepdims=True), values.max(axis=axes, keepdims=True)
    scaled = (values - least) / np.maximum(most - least, 1e-30)
    pixels = np.rint(255 * scaled).astype(np.uint8)
    if in_colour:
        return [np.ascontiguousarray(each.transpose(1, 2, 0)) for each in pixels]
    return [np.repeat(channel[:, :, None], 3, axis=2) for each in pixels for channel in each]


def kernels(
    network: Network,
    stage: str = "conv1",
    *,
    normalized: bool = False,
    colour: bool | None = None,
    position: int = 0,
) -> Canvas:
    """Draw the filters of a stage; those of two columns one below the other, as in figure 3.

    Args:
        network, stage, position: as `filters` takes them.
        normalized, colour: as `filter_pictures` takes them.
    Returns:
        the figure: at most 256 filters, sixteen in a row; a filter of many channels shows them in a row of its own.
    Raises:
        RecipeError: no such stage, or one without filters.
    Source: Krizhevsky et al. 2012, figure 3.
    """
    weights = filters(network, stage, position=position)
    count, channels, side, _ = weights.shape
    in_colour = channels == 3 and colour is not False
    shown = weights[:MOST] if in_colour else weights[: max(1, MOST // channels), : min(channels, MOST)]
    pictures = filter_pictures(shown, normalized=normalized, colour=colour)
    columns = PER_ROW if in_colour else min(shown.shape[1], PER_ROW)
    parts = _by_column(network, pictures) if in_colour and len(shown) == count else [pictures]
    zoom = max(2, min(8, 40 // side))
    grids = [grid(part, columns) for part in parts]
    width = max(200, 24 + zoom * max(each.shape[1] for each in grids))
    canvas = Canvas(
        width,
        48 + sum(zoom * each.shape[0] + 12 for each in grids),
        f"{stage}: {count} filters of {channels} x {side} x {side}",
        _described(
            network, stage, len(shown), count, in_colour=in_colour, normalized=normalized, parts=len(parts)
        ),
    )
    canvas.add_title()
    top = 36.0
    for each in grids:
        canvas.add(Picture(12, top, zoom * each.shape[1], zoom * each.shape[0], each))
        top += zoom * each.shape[0] + 12
    return canvas


def _by_column(network: Network, pictures: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Part the filters of a first layer into the paper's columns: those that later layers' groups read."""
    groups = max(
        (stage.operation.groups for stage in network.stages if isinstance(stage.operation, Convolution)),
        default=1,
    )
    if len(pictures) % groups:
        return [pictures]
    size = len(pictures) // groups
    return [pictures[start : start + size] for start in range(0, len(pictures), size)]


def _described(
    network: Network, stage: str, shown: int, count: int, *, in_colour: bool, normalized: bool, parts: int
) -> str:
    what = "in colour" if in_colour else "each channel in grey"
    scale = "each filter scaled by itself" if normalized else "all scaled alike"
    some = f"the first {shown} of {count}, " if shown < count else ""
    columns = f"; the {parts} columns one below the other" if parts > 1 else ""
    return f"Filters of {stage} of {network.architecture.kind}, {some}{what}, {scale}{columns}."


def _array(weight: torch.Tensor) -> np.ndarray:
    found: np.ndarray = weight.detach().float().cpu().numpy()
    return found
