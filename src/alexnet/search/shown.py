"""The pictures of an index as a person sees them, and what of a neighbour is like the query.

Shapes: S the side of a picture; C maps of H rows and W columns.
"""

from pathlib import Path
from typing import final

import numpy as np
import torch
import torch.nn.functional as F

from alexnet.data.dataset import Dataset
from alexnet.data.views import center_view
from alexnet.errors import AlexNetError, DataError
from alexnet.inference.classifier import Classifier
from alexnet.search.features.extraction import opened_at
from alexnet.search.index import IndexCard
from alexnet.search.known import recall


@final
class PictureFinder:
    """Finds the pictures of an index where they lie, if they are still the same.

    Args:
        card: of the index.
        data: where they lie; left out, where this machine last used them.
    """

    def __init__(self, card: IndexCard, data: str | Path | None = None) -> None:
        self._card, self._data = card, data
        self._opened: dict[str, Dataset | None] = {}
        self.missing: list[str] = []
        """What could not be found, in sentences."""

    def pixels(self, origin: tuple[int, int]) -> np.ndarray | None:
        """Return a picture: uint8 RGB, (S, S, 3); None where it cannot be shown.

        Args:
            origin: number of the card's source, and of the picture there.
        """
        number, row = origin
        if not 0 <= number < len(self._card.sources):
            return None
        source = self._card.sources[number]
        if source.fingerprint not in self._opened:
            self._opened[source.fingerprint] = self._open(source.data, source.fingerprint)
        dataset = self._opened[source.fingerprint]
        try:
            if dataset is None or not 0 <= row < len(dataset.split(source.split)):
                return None
            return dataset.split(source.split).images(np.array([row]))[0].permute(1, 2, 0).numpy()
        except DataError as error:
            self.missing.append(str(error))
            return None

    def _open(self, name: str, fingerprint: str) -> Dataset | None:
        try:
            if (known := recall(fingerprint)) is not None:
                dataset = Dataset.open(known)
                if dataset.fingerprint == fingerprint:
                    return dataset
            if self._data is not None:
                for labelled in (True, False):
                    dataset = opened_at(self._data, None, labelled)
                    if dataset.fingerprint == fingerprint:
                        return dataset
        except AlexNetError as error:
            self.missing.append(str(error))
            return None
        self.missing.append(f"the pictures of {name} are not known here, or have changed: say --data DATA")
        return None


@torch.inference_mode()
def likeness(
    classifier: Classifier, query: np.ndarray, pictures: list[np.ndarray | None]
) -> list[np.ndarray | None]:
    """Return pictures with what of them is not like a query darker.

    Each position of the last maps before the fully-connected layers is compared, by the cosine between its values and
    the mean of the query's.

    Args:
        classifier: of the network that found them.
        query: uint8 RGB, (S, S, 3).
        pictures: uint8 RGB, (S, S, 3) of any S; None stays.
    Returns:
        the centres that the network sees, uint8 RGB, (side, side, 3), from a quarter of their brightness to all.
    """
    network = classifier.inference_network()
    stage = [name for name, shape in network.shapes().items() if len(shape) == 3 and min(shape[1:]) > 1]
    found: list[np.ndarray | None] = []
    if not stage:
        return pictures
    side = network.architecture.side

    def seen(pixels: np.ndarray) -> torch.Tensor:
        square = torch.from_numpy(classifier.pixels(pixels)[0].numpy())
        return center_view(square[None].to(network.device), side)[:, 0]

    def maps(view: torch.Tensor) -> torch.Tensor:
        return network.activations(view, stage[-1])[stage[-1]].float()

    wanted = maps(seen(query)).mean((2, 3))
    for pixels in pictures:
        if pixels is None:
            found.append(None)
            continue
        view = seen(pixels)
        heat = F.cosine_similarity(maps(view), wanted[:, :, None, None], dim=1)[:, None]
        heat = F.interpolate(heat, (side, side), mode="bilinear", align_corners=False)
        low, high = heat.min(), heat.max()
        weight = 0.25 + 0.75 * (heat - low) / (high - low).clamp(min=1e-6)
        shown = (view.float() * weight).round().clamp(0, 255).to(torch.uint8)
        found.append(shown[0].permute(1, 2, 0).cpu().numpy())
    return found
