"""An index and the network whose features it keeps: pictures go in, the pictures that are like them come out.

Shapes: n pictures asked about, k neighbours, D values of a vector.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, final

import numpy as np
import torch

from alexnet.errors import AlexNetError, SearchError
from alexnet.inference.classifier import Classifier
from alexnet.inference.pictures import Picture
from alexnet.search.index import Index, IndexCard
from alexnet.search.kinds import kind_of_folder
from alexnet.search.known import recall
from alexnet.weights.loading import load
from alexnet.weights.shipped import known as published

DUPLICATE: Final = 2e-2
"""Of the length of a picture's vector: what lies within is the same picture, saved once more it may be."""


@final
@dataclass(frozen=True)
class Match:
    """A picture of an index that is like the one asked about."""

    name: str
    """Its name in its source."""
    label: str
    """The name of its class; empty where it has none."""
    words: str
    """A readable name of that class."""
    distance: float
    """From the picture asked about, in the index's metric."""
    duplicate: bool
    """Whether it is the same picture, as far as its features tell."""
    row: int
    """Of the index."""
    origin: tuple[int, int]
    """Which of the card's sources it came from, and its number there."""


@final
class PictureIndex:
    """An open index of pictures.

    Args:
        index: of any kind.
        classifier: of the network whose features it keeps; left out, it is found when it is needed.
        run: where to find it; left out, where this machine last used it.
        device: where it computes.
    """

    def __init__(
        self,
        index: Index,
        classifier: Classifier | None = None,
        *,
        run: str | Path | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.index = index
        self._classifier, self._run, self._device = classifier, run, device

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        card = self.card
        of = f"{card.stage} of {card.run!r}, {card.dimension:,} values"
        return f"PictureIndex({len(self):,} pictures, {card.kind}, {of})"

    @property
    def card(self) -> IndexCard:
        """What the index holds."""
        return self.index.card

    @property
    def classifier(self) -> Classifier:
        """The network whose features the index keeps.

        Raises:
            SearchError: it is not known here, or the run that was given is of another network.
        """
        if self._classifier is None:
            self._classifier = _classifier(self.card, self._run, self._device)
        return self._classifier

    def query(self, images: Picture | Iterable[Picture], k: int = 12) -> list[list[Match]]:
        """Find the pictures of the index that are most like others.

        Args:
            images: one picture or several, as `Classifier.predict` takes them.
            k: how many of each, from 1; all of them where the index has fewer.
        Returns:
            for each picture its matches, the nearest first.
        Raises:
            DataError: a picture cannot be read.
            SearchError: the index cannot be read, or its network is not known here.
            ValueError: there is no picture, or k is below 1.
        """
        return self.query_vectors(self.vectors(images), k)

    def vectors(self, images: Picture | Iterable[Picture]) -> np.ndarray:
        """Compute the features of pictures that the index would keep: float32, (n, D); raises as `query` does."""
        card = self.card
        found = self.classifier.features(images, card.stage, views=card.views, pooled=card.pooled)
        array: np.ndarray = found.flatten(1).numpy()
        return array

    def query_vectors(self, vectors: np.ndarray, k: int = 12) -> list[list[Match]]:
        """Find the pictures of the index whose features are nearest to others, as `query` does.

        Args:
            vectors: floating, (n, D).
            k: how many of each.
        Raises:
            ValueError: vectors of another shape, or k below 1.
            SearchError: the index cannot be read.
        """
        found = self.index.query(vectors, k)
        entries = self.index.entries(found.rows.reshape(-1))
        card, width = self.card, found.rows.shape[1]
        euclidean = self.index.metric == "Euclidean"
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
        matches = []
        for position, (row, distance) in enumerate(
            zip(found.rows.reshape(-1).tolist(), found.distances.reshape(-1).tolist(), strict=True)
        ):
            label = int(entries.labels[position])
            near = distance <= (DUPLICATE * lengths[position // width] if euclidean else 0)
            matches.append(
                Match(
                    name=entries.names[position],
                    label=card.classes[label] if label >= 0 else "",
                    words=card.words[label] if label >= 0 else "",
                    distance=distance,
                    duplicate=bool(near),
                    row=row,
                    origin=(int(entries.origins[position, 0]), int(entries.origins[position, 1])),
                )
            )
        return [matches[number * width : (number + 1) * width] for number in range(len(vectors))]

    def remove(self, names: Collection[str]) -> int:
        """Remove every picture of these names, and return how many.

        Raises:
            SearchError: another process has changed the index, or its database is away.
        """
        return self.index.remove(names)

    def info(self) -> Mapping[str, Any]:
        """Check all that is on the disk, and return what there is to say, ready for JSON.

        Raises:
            SearchError: a file is damaged.
        """
        card = self.card
        return {
            "kind": card.kind,
            "pictures": len(self),
            "stage": card.stage,
            "dimension": card.dimension,
            "dtype": card.dtype,
            "pooled": card.pooled,
            "views": card.views,
            "metric": self.index.metric,
            "run": card.run,
            "network": card.network,
            "classes": len(card.classes),
            "sources": [f"{source.data} {source.split}" for source in card.sources],
            **self.index.info(),
        }

    def close(self) -> None:
        """Let go of files and connections."""
        self.index.close()


def open_index(
    index: str | Path, *, run: str | Path | None = None, device: str | torch.device = "cpu"
) -> PictureIndex:
    """Open an index of pictures.

    Args:
        index: its folder.
        run: of the network whose features it keeps; left out, where this machine last used it.
        device: where that network computes: cpu, cuda, cuda:1, or auto.
    Raises:
        SearchError: there is no index, it is damaged, or its database is away.
    """
    folder = Path(index)
    return PictureIndex(kind_of_folder(folder).open(folder), run=run, device=device)


def _classifier(card: IndexCard, run: str | Path | None, device: str | torch.device) -> Classifier:
    """Load the network of an index, and make sure that it is that one."""
    if run is not None:
        found = load(run, device=device)
        if found.network.digest() != card.network:
            raise SearchError(
                f"{found.source} is another network than the index was made with ({card.run}, {card.stage}): give that "
                "one, or build the index again"
            )
        return found
    names = [recall(card.network), *([card.run] if card.run in published() else [])]
    for name in filter(None, names):
        try:
            found = load(name, device=device)
        except AlexNetError:
            continue
        if found.network.digest() == card.network:
            return found
    raise SearchError(
        f"the index was made with {os.fspath(card.run)}, which is not known here or has changed: say --run RUN"
    )
