"""A trained network with its classes, ready to answer about pictures."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from alexnet.checkpoint import Checkpoint
from alexnet.data.decoding.images import square, square_image, square_pixels
from alexnet.data.views import center_view
from alexnet.errors import DataError, RecipeError
from alexnet.inference.views import VIEWS_AT_ONCE, view_function, view_probabilities
from alexnet.networks.fusion import hooked
from alexnet.networks.inference import optimized_for_inference, weights_version
from alexnet.networks.network import Network

Picture = str | os.PathLike[str] | Image.Image | np.ndarray
"""What can be classified: a path, a PIL image, or RGB pixels, uint8, (H, W, 3) or grey (H, W)."""


@final
@dataclass(frozen=True)
class Prediction:
    """One class that a picture may be of."""

    name: str
    words: str
    """A readable name of the class."""
    probability: float
    """A fraction."""


@final
class Classifier:
    """A network, its classes, and the preparation that its pictures had.

    Args:
        found: a checkpoint, which holds all three.
        source: where it came from, for messages.
        device: where it answers.
    """

    def __init__(
        self,
        found: Checkpoint,
        source: str,
        *,
        device: torch.device = torch.device("cpu"),  # noqa: B008  # a value, and never changed
    ) -> None:
        self.network: Network = found.network().to(device)
        self.classes: tuple[str, ...] = found.classes
        self.words: tuple[str, ...] = found.words
        self.side: int = int(found.data.get("side", self.network.architecture.side))
        self.source = source
        self._ready: tuple[Network, object] | None = None

    def predict(
        self, images: Picture | Iterable[Picture], top: int = 5, *, views: int = 1
    ) -> list[list[Prediction]]:
        """Name the best classes of pictures.

        Args:
            images: one picture or several.
            top: how many classes, from 1; no more than there are.
            views: 1, the centre, or 10 averaged (section 4.1).
        Returns:
            for each picture its classes, the best first.
        Raises:
            DataError: a picture cannot be read; the message names it.
            RecipeError: so many views are not cut, or no class is asked for.
        """
        if top < 1:
            raise RecipeError(f"{top} classes a picture cannot be named: top is at least 1")
        view_function(views)
        network, parts = self._inference_network(), self._parts(images, views)
        found = torch.cat([view_probabilities(network, part, views) for part in parts])
        best = found.topk(min(top, len(self.classes)), dim=1)
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        return [
            [Prediction(self.classes[k], self.words[k], p) for p, k in zip(values, places, strict=True)]
            for values, places in pairs
        ]

    @torch.inference_mode()
    def features(self, images: Picture | Iterable[Picture], stage: str = "fc7") -> Tensor:
        """Compute what a stage gives for the centre of each picture.

        Args:
            images: one picture or several.
            stage: the name of a stage, fc7 for the 4096 features of section 6.
        Returns:
            float32, (N, U) for a fully-connected stage, (N, C, H, W) for a map stage.
        Raises:
            RecipeError: the network has no such stage.
            DataError: a picture cannot be read.
        """
        self.network.stage(stage)
        network, device = self._inference_network(), self.network.device
        found = []
        for part in self._parts(images, views=1):
            view = center_view(part, network.architecture.side)[:, 0].to(device)
            found.append(network.activations(view, stage)[stage].cpu())
        return torch.cat(found)

    def pixels(self, images: Picture | Iterable[Picture]) -> Tensor:
        """Prepare pictures as the training pictures were: shorter side scaled, central square; uint8 (N, 3, S, S)."""
        return torch.from_numpy(np.stack([self._square(picture) for picture in _listed(images)]))

    def _parts(self, images: Picture | Iterable[Picture], views: int) -> Iterator[Tensor]:
        """Yield prepared pictures, as many as go through the network together: any number takes the same memory."""
        given, size = _listed(images), VIEWS_AT_ONCE // views
        for start in range(0, len(given), size):
            yield self.pixels(given[start : start + size])

    def _inference_network(self) -> Network:
        """Return the network made ready to answer, anew where its weights have changed; itself where it has hooks."""
        if self.network.device.type != "cpu" or any(map(hooked, self.network.modules())):
            return self.network.eval()
        current = weights_version(self.network)
        if self._ready is None or self._ready[1] != current:
            self._ready = (optimized_for_inference(self.network), current)
        return self._ready[0]

    def _square(self, picture: Any) -> np.ndarray:
        if isinstance(picture, Image.Image):
            return square_image(picture, self.side)
        if isinstance(picture, np.ndarray):
            return square_pixels(_rgb(picture), self.side)
        path = os.fspath(picture)
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}; give the path of a picture") from error
        try:
            return square(content, self.side)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error


def _listed(images: Picture | Iterable[Picture]) -> list[Picture]:
    """Return one picture or several as a list, or raise ValueError where there is none."""
    given = [images] if isinstance(images, str | os.PathLike | Image.Image | np.ndarray) else list(images)
    if not given:
        raise ValueError("no pictures were given")
    return given


def _rgb(pixels: np.ndarray) -> np.ndarray:
    """Return pixels as (H, W, 3) uint8, or raise ValueError."""
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"a picture is uint8 of (H, W, 3) or (H, W), not {pixels.dtype} of {pixels.shape}")
    return pixels
