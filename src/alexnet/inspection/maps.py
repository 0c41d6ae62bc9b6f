"""What a stage gives for a picture: its maps as a grid, or its units as bars.

Shapes: C maps of H rows and W columns, or U units.
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from alexnet.canvas import Canvas, Picture, Rectangle, Text, grid
from alexnet.errors import RecipeError
from alexnet.networks.network import Network

MOST: Final = 256
PER_ROW: Final = 16


@torch.no_grad()
def activations_of(network: Network, image: Tensor, stage: str) -> np.ndarray:
    """Return what a stage gives for one picture.

    Args:
        network: in any mode; it is put into evaluation mode.
        image: uint8 or float32 RGB, 0-255, (3, S, S), S the network's side.
        stage: its name.
    Returns:
        float32, (C, H, W) of a map stage, (U,) of a fully-connected one.
    Raises:
        RecipeError: no such stage.
    """
    values = network.eval().activations(image[None].to(network.device), stage)[stage][0]
    found: np.ndarray = values.float().cpu().numpy()
    return found


def maps(network: Network, image: Tensor, stage: str, *, clipped: bool = True) -> Canvas:
    """Draw the maps of a stage for one picture, all scaled alike, the picture before them.

    Args:
        network, image, stage: as `activations_of` takes them.
        clipped: show values below 0 as 0, as the program's viewer meant to (--show-maps).
    Raises:
        RecipeError: no such stage, or one that gives no maps.
    Source: the viewer of the 2012 program, --show-maps, which did not work in its release.
    """
    values = activations_of(network, image, stage)
    if values.ndim != 3:
        named = [name for name, shape in network.shapes().items() if len(shape) == 3]
        raise RecipeError(f"{stage} gives {len(values)} numbers and no maps; {', '.join(named)} give maps")
    shown = np.maximum(values[:MOST], 0.0) if clipped else values[:MOST]
    least, most = float(shown.min()), float(shown.max())
    pixels = np.rint(255 * (shown - least) / max(most - least, 1e-30)).astype(np.uint8)
    whole = grid([np.repeat(each[:, :, None], 3, axis=2) for each in pixels], PER_ROW)
    zoom = max(1, min(4, 640 // whole.shape[1]))
    side = 96.0
    canvas = Canvas(
        36 + side + max(120, zoom * whole.shape[1]),
        48 + max(side, zoom * whole.shape[0]),
        f"{stage}: {len(values)} maps of {values.shape[1]} x {values.shape[2]}",
        f"What {stage} of {network.architecture.kind} gives for the picture on the left; white is {most:.3g}, "
        f"black {least:.3g}.",
    )
    canvas.add_title()
    canvas.add(Picture(12, 36, side, side, pixels_of(image), smooth=True))
    canvas.add(Picture(24 + side, 36, zoom * whole.shape[1], zoom * whole.shape[0], whole))
    return canvas


def units(network: Network, image: Tensor, stage: str, *, best: int = 20) -> Canvas:
    """Draw the largest values of a fully-connected stage for one picture as bars."""
    values = activations_of(network, image, stage).reshape(-1)
    order = np.argsort(-values, kind="stable")[:best]
    largest = max(float(np.abs(values[order]).max()), 1e-30)
    canvas = Canvas(
        420,
        48 + 18 * len(order),
        f"{stage}: the {len(order)} largest of {len(values)} values",
        "Bars to scale.",
    )
    canvas.add_title()
    for row, unit in enumerate(order):
        y = 36 + 18 * row
        canvas.add(Text(70, y + 11, f"unit {unit}", "quiet", anchor="end"))
        canvas.add(Rectangle(78, y + 1, 260 * max(0.0, float(values[unit])) / largest, 12, "blue"))
        canvas.add(Text(344, y + 11, f"{values[unit]:.3g}"))
    return canvas


def pixels_of(image: Tensor) -> np.ndarray:
    """Return a picture (3, H, W), 0-255, as pixels to draw: uint8 (H, W, 3)."""
    pixels: np.ndarray = (
        image.detach().float().round().clamp(0, 255).byte().cpu().permute(1, 2, 0).contiguous().numpy()
    )
    return pixels
