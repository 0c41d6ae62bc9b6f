"""Similar pictures behind a service: an index of the features of its first network."""

from pathlib import Path
from typing import final

import numpy as np

from alexnet.errors import SearchError
from alexnet.search.picture_index import PictureIndex, open_index


@final
class SimilarPictures:
    """An index that is asked with the features that a service has computed.

    Args:
        index: open; of one view, and of a stage's values as they are.
    Raises:
        SearchError: of several views, or of pooled maps, which a service does not compute.
    """

    def __init__(self, index: PictureIndex) -> None:
        card = index.card
        if card.views != 1 or card.pooled:
            kept = "pooled maps" if card.pooled else f"the average of {card.views} views"
            raise SearchError(
                f"the index keeps {kept}: one that is served is built of one view, without --pool"
            )
        self._index = index
        self.stage, self.network = card.stage, card.network

    @classmethod
    def open(cls, index: str | Path) -> "SimilarPictures":
        """Open an index by its folder.

        Raises:
            SearchError: there is none, it is damaged, its database is away, or it cannot be served.
        """
        return cls(open_index(index))

    def query(self, vectors: np.ndarray, k: int) -> list[list[tuple[str, float]]]:
        """Return for each vector, float32 (N, U), the names of the k nearest pictures and their distances."""
        found = self._index.query_vectors(vectors, k)
        return [[(match.name, match.distance) for match in near] for near in found]
