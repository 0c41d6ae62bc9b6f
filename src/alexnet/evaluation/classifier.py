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

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.data.images import square, square_image, square_pixels
from alexnet.data.views import center_view
from alexnet.errors import CheckpointError, DataError, RecipeError
from alexnet.evaluation.predict import VIEWS_TOGETHER, view_maker, view_probabilities
from alexnet.networks.fusion import hooked
from alexnet.networks.inference import edition, prepared
from alexnet.networks.network import Network

Picture = str | os.PathLike[str] | Image.Image | np.ndarray
"""What can be classified: a path, a PIL image, or RGB pixels, uint8, (H, W, 3) or grey (H, W)."""


@final
@dataclass(frozen=True)
class Guess:
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
    """

    def __init__(self, found: Checkpoint, source: str) -> None:
        self.network: Network = found.network()
        self.classes: tuple[str, ...] = found.classes
        self.words: tuple[str, ...] = found.words
        self.side: int = int(found.data.get("side", self.network.architecture.side))
        self.source = source
        self._ready: tuple[Network, object] | None = None

    def predict(
        self, images: Picture | Iterable[Picture], top: int = 5, *, views: int = 1
    ) -> list[list[Guess]]:
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
        view_maker(views)
        network, parts = self._answering(), self._parts(images, views)
        found = torch.cat([view_probabilities(network, part, views) for part in parts])
        best = found.topk(min(top, len(self.classes)), dim=1)
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        return [
            [Guess(self.classes[k], self.words[k], p) for p, k in zip(values, places, strict=True)]
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
        network, device = self._answering(), self.network.mean.device
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
        given, size = _listed(images), VIEWS_TOGETHER // views
        for start in range(0, len(given), size):
            yield self.pixels(given[start : start + size])

    def _answering(self) -> Network:
        """Return the network made ready to answer, anew where its weights have changed; itself where it has hooks."""
        if self.network.mean.device.type != "cpu" or any(map(hooked, self.network.modules())):
            return self.network.eval()
        current = edition(self.network)
        if self._ready is None or self._ready[1] != current:
            self._ready = (prepared(self.network), current)
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


def load(run: str | Path) -> Classifier:
    """Load what a run, or a checkpoint file, has learned.

    Args:
        run: a run directory, whose best network is taken, or else its last; or a checkpoint file.
    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    path = Path(run)
    if path.is_dir():
        path = checkpoint_of(path)
    return Classifier(checkpoint.load(path), str(run))


def checkpoint_of(run: Path) -> Path:
    """Return the file of a run directory's best network, or else of its last.

    Raises:
        CheckpointError: there is none.
    """
    best = run / "best.safetensors"
    if best.exists():
        return best
    last = sorted(run.glob("checkpoints/step-*.safetensors"))
    if not last:
        raise CheckpointError(
            f"{run} holds no trained network: give a run directory that alexnet train has made"
        )
    return last[-1]


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
