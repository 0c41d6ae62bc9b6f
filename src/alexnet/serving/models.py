"""Networks by their names, as the batcher takes them: probabilities, features, where an answer comes from.

All that a model computes is computed on the batcher's thread, one thing at a time.

Shapes: N pictures, S the side of a prepared picture, K classes, U features.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final, final

import numpy as np
import torch

from alexnet.data.views import center_view
from alexnet.errors import RecipeError
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import Views, not_finite, pictures_at_once, view_probabilities
from alexnet.inspection.attribution import enlarged, grad_cam, laid_over
from alexnet.inspection.maps import pixels_of
from alexnet.page.pictures import photograph
from alexnet.runs.checkpoints import best_checkpoint
from alexnet.serving.batcher import Batcher, Lane
from alexnet.serving.cost import Cost, probe
from alexnet.weights.loading import load

SLOWER: Final = 8.0
"""How many times as long as an answer the picture of where it comes from takes, for the queue: about."""


@final
@dataclass(frozen=True)
class Explanation:
    """Where in a picture an answer comes from."""

    label: int
    probability: float
    address: str
    """The picture with red where it speaks for the class, as an address of data."""


@final
class Model:
    """A network with its classes, and the lanes that lead to it.

    Args:
        name: under which it is asked for.
        source: what it was loaded from, as a person named it.
        classifier: the network.
        views: of each picture, averaged.
        cost: what batches take.
        latency_seconds: one batch takes at most half of it.
    """

    def __init__(
        self,
        name: str,
        source: str,
        classifier: Classifier,
        *,
        views: Views,
        cost: Cost,
        latency_seconds: float,
    ) -> None:
        self.name, self.source, self.classifier, self.views, self.cost = name, source, classifier, views, cost
        most = pictures_at_once(classifier.network, classifier.side, views)
        self.largest = cost.largest(latency_seconds / 2, most)
        self.probabilities = Lane(name, self._probabilities, cost, self.largest)
        slow = Cost(cost.each * SLOWER, cost.fixed)
        self.explanations = Lane(f"{name}, explanations", self._explanations, slow, 1)
        self._features = cache(self._features_lane)

    @property
    def parameters(self) -> int:
        """How many the network has."""
        return sum(value.numel() for value in self.classifier.network.parameters())

    @cached_property
    def digest(self) -> str:
        """Of the network: see `Network.digest`."""
        return self.classifier.network.digest()

    def features(self, stage: str) -> Lane:
        """Return the lane to what a stage gives for the centre of each picture: float32, (U,) or (C, H, W).

        Raises:
            RecipeError: the network has no such stage.
        """
        return self._features(self.classifier.network.stage(stage).name)

    def _features_lane(self, stage: str) -> Lane:
        def compute(squares: list[np.ndarray]) -> list[np.ndarray]:
            with torch.inference_mode():
                network = self.classifier.inference_network()
                view = center_view(_stacked(squares), network.architecture.side)[:, 0]
                return list(network.activations(view, stage)[stage].cpu().numpy())

        return Lane(f"{self.name}, {stage}", compute, self.cost, self.largest)

    def _probabilities(self, squares: list[np.ndarray]) -> list[np.ndarray | Exception]:
        """Return the class probabilities of prepared pictures, uint8 (3, S, S): float32, (K,) each."""
        pixels = _stacked(squares)
        found = view_probabilities(self.classifier.inference_network(), pixels, self.views).cpu().numpy()
        results: list[np.ndarray | Exception] = list(found)
        for row in np.flatnonzero(np.isnan(found).any(1)):
            name, picture = self.name, f"picture {row} of a batch"
            results[row] = not_finite(
                self.classifier.network, pixels[row : row + 1], self.views, name, picture
            )
        return results

    def _explanations(self, squares: list[np.ndarray]) -> list[Explanation]:
        """Return for prepared pictures, uint8 (3, S, S), where their best class comes from."""
        network, found = self.classifier.network, []
        for square in squares:
            image = center_view(_stacked([square]), network.architecture.side)[:, 0]
            probabilities = view_probabilities(self.classifier.inference_network(), image, 1)[0]
            label = int(probabilities.argmax())
            cam = enlarged(grad_cam(network, image, torch.tensor([label])), image.shape[-1])[0]
            shown = laid_over(cam, pixels_of(image[0]))
            found.append(Explanation(label, float(probabilities[label]), photograph(shown)))
        return found


def _stacked(squares: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(squares))


async def load_model(
    name: str, source: str, batcher: Batcher, *, device: str, views: Views, latency_seconds: float
) -> Model:
    """Load a network and measure what its batches take, on the thread that will run it.

    Raises:
        AlexNetError: it cannot be loaded, or cannot answer with such views.
    """
    classifier = await asyncio.to_thread(load, source, device=device)
    square = np.full((3, classifier.side, classifier.side), 128, np.uint8)
    rough = Model(
        name, source, classifier, views=views, cost=Cost(1.0), latency_seconds=latency_seconds
    )  # to be measured by
    most = pictures_at_once(classifier.network, classifier.side, views)

    def measured() -> Cost:
        results = rough._probabilities([square])
        if isinstance(results[0], Exception):
            raise results[0]
        return probe(rough._probabilities, square, most=most, seconds=latency_seconds / 4)

    cost = await batcher.on_thread(measured)
    return Model(name, source, classifier, views=views, cost=cost, latency_seconds=latency_seconds)


def named(runs: Sequence[str]) -> dict[str, str]:
    """Return what each RUN is called, and what it is: `NAME=RUN`, or the last part of its path.

    Raises:
        RecipeError: two are called the same, or a name does not fit into an address.
    """
    found: dict[str, str] = {}
    for text in runs:
        name, equals, run = text.partition("=")
        if not equals or os.path.exists(text):
            name, run = Path(os.path.abspath(text)).name if os.path.exists(text) else text, text
            name = name.removesuffix(".safetensors")
        fits = 0 < len(name) <= 128 and all(letter.isalnum() or letter in "._-" for letter in name)
        if not fits or not name.isascii():
            raise RecipeError(
                f"a network cannot be asked for as `{name}`: letters, digits, `.`, `_` and `-` make a name; "
                f"give it one, first={run}"
            )
        if name in found:
            raise RecipeError(
                f"two networks are called `{name}`, {found[name]} and {run}: "
                f"name them, first={found[name]} second={run}"
            )
        found[name] = run
    return found


def version_of(source: str) -> tuple[str, int, int, int] | None:
    """Return what changes when the file behind a run does; None where it is no file of the user's, or is away."""
    path = Path(source)
    try:
        if os.path.isdir(path):
            path = best_checkpoint(path)
        status = os.stat(path)
    except Exception:  # whatever it is, loading it says so better
        return None
    return str(path), status.st_ino, status.st_size, status.st_mtime_ns
