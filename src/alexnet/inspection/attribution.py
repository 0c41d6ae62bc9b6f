"""Where in a picture an answer comes from: gradient, integrated gradients, occlusion, Grad-CAM.

All take a class's logit as the answer, and run on plain, differentiable stages: no compiled kernel, nothing fused.

Shapes: N pictures, S the network's side, K classes; H rows and W columns of a stage's maps.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.canvas import Canvas, Picture, Text
from alexnet.errors import RecipeError
from alexnet.inspection.maps import pixels_of
from alexnet.kernels.library import plain
from alexnet.networks.network import Network

STEPS: Final = 50
"""Points of the path of integrated gradients."""


def gradient(network: Network, images: Tensor, classes: Tensor) -> Tensor:
    """Return the gradient of each picture's class at its pixels.

    Args:
        network: in any mode; it is put into evaluation mode.
        images: uint8 or float32 RGB, 0-255, (N, 3, S, S).
        classes: int64, (N,), 0 to K - 1.
    Returns:
        float32, (N, 3, S, S): logits a grey level.
    Source: Simonyan, Vedaldi and Zisserman 2013; the viewer of the 2012 program, --show-data-grad.
    """
    pixels = images.to(network.device, torch.float32).detach().clone().requires_grad_()
    logits = _logits(network, pixels, classes)
    (found,) = torch.autograd.grad(logits.sum(), pixels)
    return found


def integrated_gradients(
    network: Network,
    images: Tensor,
    classes: Tensor,
    *,
    baseline: Tensor | None = None,
    steps: int = STEPS,
) -> Tensor:
    """Return each pixel's share of how far a class's logit lies above that of a baseline.

    The shares sum to that difference, but for the error of the quadrature (Gauss and Legendre's).

    Args:
        network, images, classes: as `gradient` takes them.
        baseline: float32 (3, S, S), the picture that says nothing; without one the mean picture.
        steps: points of the path between the two, at least 1.
    Returns:
        float32, (N, 3, S, S), in logits.
    Source: Sundararajan, Taly and Yan 2017.
    """
    if steps < 1:
        raise ValueError(f"integrated gradients need at least one step, not {steps}")
    start = network.mean.detach() if baseline is None else baseline.to(network.device, torch.float32)
    pixels = images.to(network.device, torch.float32)
    points, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(pixels)
    for point, weight in zip((points + 1.0) / 2.0, weights / 2.0, strict=True):
        total += float(weight) * gradient(network, start + float(point) * (pixels - start), classes)
    return total * (pixels - start)


@torch.no_grad()
def occlusion(
    network: Network,
    images: Tensor,
    classes: Tensor,
    *,
    size: int = 15,
    stride: int = 8,
    baseline: Tensor | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Return how much a class's logit falls when a window of the picture is covered, averaged over windows.

    Args:
        network, images, classes: as `gradient` takes them.
        size, stride: of the square window, in pixels; the last one ends at the border.
        baseline: float32 (3, S, S), what a window is covered with; without one the mean picture.
        progress: called with the windows done and in all.
    Returns:
        float32, (N, S, S), in logits; 0 where no window lies.
    Source: Zeiler and Fergus 2014.
    """
    side = network.architecture.side
    if not 1 <= size <= side or stride < 1:
        raise ValueError(f"a window of {size} pixels in steps of {stride} does not fit a picture of {side}")
    cover = network.mean.detach() if baseline is None else baseline.to(network.device, torch.float32)
    pixels = images.to(network.device, torch.float32)
    before = _logits(network, pixels, classes)
    total, count = torch.zeros_like(pixels[:, 0]), torch.zeros_like(pixels[:1, 0])
    windows = list(_windows(side, size, stride))
    for done, (rows, columns) in enumerate(windows, 1):
        covered = pixels.clone()
        covered[..., rows, columns] = cover[..., rows, columns]
        total[:, rows, columns] += (before - _logits(network, covered, classes))[:, None, None]
        count[:, rows, columns] += 1.0
        progress(done, len(windows))
    return total / count.clamp(min=1.0)


def grad_cam(network: Network, images: Tensor, classes: Tensor, *, stage: str = "") -> Tensor:
    """Return where the maps of a stage speak for a class: their sum, each weighted by its mean gradient, rectified.

    Args:
        network, images, classes: as `gradient` takes them.
        stage: that gives maps; without one the last convolution.
    Returns:
        float32, (N, H, W), 0 or more; `enlarged` brings it to the picture's size.
    Raises:
        RecipeError: no such stage, or one without maps.
    Source: Selvaraju et al. 2017.
    """
    name = stage or last_maps(network)
    network.stage(name)
    if len(network.shapes()[name]) != 3:
        raise RecipeError(f"{name} gives no maps; the last stage that does is {last_maps(network)}")
    pixels = images.to(network.device, torch.float32).detach().clone().requires_grad_()
    with plain():
        values = network.eval().activations(pixels, name, network.output)
        logits = _chosen(values[network.output], classes)
        (slope,) = torch.autograd.grad(logits.sum(), values[name])
    weights = slope.mean((2, 3), keepdim=True)
    return F.relu((weights * values[name].detach()).sum(1))


def last_maps(network: Network) -> str:
    """Return the name of the last stage that gives maps and is followed by no other: conv5's pool aside, conv5."""
    shapes = network.shapes()
    named = [
        stage.name
        for stage in network.stages
        if len(shapes[stage.name]) == 3 and stage.name.startswith("conv")
    ]
    if not named:
        raise RecipeError(f"{network.architecture.kind} has no convolution to look at")
    return named[-1]


def enlarged(values: Tensor, side: int) -> Tensor:
    """Scale maps, (N, H, W), to pictures of `side` pixels, smoothly."""
    return F.interpolate(values[:, None], (side, side), mode="bilinear", align_corners=False)[:, 0]


METHODS: Final = ("gradient", "integrated", "occlusion", "grad-cam")


def attribution(network: Network, image: Tensor, label: int, method: str, *, words: str = "") -> Canvas:
    """Draw a picture beside where an answer about it comes from.

    Args:
        network: in any mode.
        image: uint8 RGB, (3, S, S).
        label: the class whose logit is explained, 0 to K - 1.
        method: gradient, integrated, occlusion or grad-cam.
        words: the class's name, for the title.
    Raises:
        RecipeError: there is no such method, or the network has no maps for it.
    """
    if method not in METHODS:
        raise RecipeError(f"`{method}` explains nothing; choices: {', '.join(METHODS)}")
    images, classes = image[None], torch.tensor([label])
    picture = pixels_of(image)
    if method == "gradient":
        panels = [("gradient, 3 deviations wide", clipped_gradient(gradient(network, images, classes)[0]))]
    elif method == "integrated":
        panels = [
            (
                "integrated gradients",
                laid_over(integrated_gradients(network, images, classes)[0].sum(0), picture),
            )
        ]
    elif method == "occlusion":
        size = max(3, image.shape[-1] // 8)
        found = occlusion(network, images, classes, size=size, stride=max(1, size // 2))
        panels = [(f"covered by {size} x {size} pixels", laid_over(found[0], picture))]
    else:
        cam = enlarged(grad_cam(network, images, classes), image.shape[-1])[0]
        panels = [(f"Grad-CAM of {last_maps(network)}", laid_over(cam, picture))]
    side = 224.0
    canvas = Canvas(
        24 + (len(panels) + 1) * (side + 12),
        64 + side,
        f"What speaks for {words or f'class {label}'}",
        "Left the picture as the network sees it; right, red speaks for the class and blue against it."
        if method != "gradient"
        else "Left the picture as the network sees it; right the gradient at its pixels, grey where it is 0.",
    )
    canvas.add_title()
    canvas.add(Picture(12, 32, side, side, picture, smooth=True))
    for number, (title, pixels) in enumerate(panels, 1):
        left = 12 + number * (side + 12)
        canvas.add(Picture(left, 32, side, side, pixels, smooth=method != "gradient"))
        canvas.add(Text(left, 48 + side, title, "quiet"))
    return canvas


def clipped_gradient(values: Tensor) -> np.ndarray:
    """Return a gradient at the pixels, (3, S, S), as the program's viewer shows it: grey where it is 0.

    Black and white stand 3 deviations to either side.

    Source: the viewer of the 2012 program, --show-data-grad.
    """
    spread = float(values.std()) * 3.0
    scaled = (values - values.mean()).clamp(-spread, spread) / max(spread, 1e-30) * 127.5 + 127.5
    return pixels_of(scaled)


def laid_over(values: Tensor, picture: np.ndarray) -> np.ndarray:
    """Lay values over a grey picture: red where they are above 0, blue where below, by strength.

    Args:
        values: floating, (S, S).
        picture: uint8 RGB, (S, S, 3).
    Returns:
        uint8 RGB, (S, S, 3).
    """
    found = values.detach().float().cpu().numpy()
    strength = np.clip(np.abs(found) / max(float(np.quantile(np.abs(found), 0.995)), 1e-30), 0.0, 1.0)[
        ..., None
    ]
    grey = np.repeat(picture.mean(2, keepdims=True), 3, axis=2) * 0.5 + 110.0
    tint = np.where(found[..., None] > 0, np.array([214.0, 39.0, 40.0]), np.array([31.0, 111.0, 180.0]))
    mixed: np.ndarray = grey * (1 - 0.8 * strength) + tint * 0.8 * strength
    return np.asarray(np.clip(np.rint(mixed), 0, 255).astype(np.uint8))


def _logits(network: Network, pixels: Tensor, classes: Tensor) -> Tensor:
    """Return each picture's logit of its class, (N,), by plain stages."""
    with plain():
        return _chosen(network.eval()(pixels), classes)


def _chosen(logits: Tensor, classes: Tensor) -> Tensor:
    return logits.flatten(1).gather(1, classes.to(logits.device)[:, None])[:, 0]


def _windows(side: int, size: int, stride: int) -> Iterator[tuple[slice, slice]]:
    """Yield the windows of a picture; those at the border are cut short by nothing, but moved back to it."""
    starts = sorted({min(start, side - size) for start in range(0, side - size + stride, stride)})
    for top in starts:
        for left in starts:
            yield slice(top, top + size), slice(left, left + size)
