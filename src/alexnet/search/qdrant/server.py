"""A collection on a Qdrant server, by its own client."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, final

import numpy as np

from alexnet.errors import SearchError, missing
from alexnet.search.qdrant.points import NAME, ROW, QdrantOptions
from alexnet.text import visible

SECONDS = 60
"""How long the server may take to answer."""


@final
class ServerPoints:
    """A collection of a server; see `Points`. Its key is read from QDRANT_API_KEY.

    Args:
        url: of the server.
        collection: its name.
        client: of the server, where there is one already.
    """

    def __init__(self, url: str, collection: str, client: Any = None) -> None:
        try:
            import qdrant_client
        except ImportError:
            raise missing("qdrant-client", "search", "an index on a Qdrant server") from None
        library: Any = qdrant_client  # where it is absent, it has no types
        self._url, self._name, self._models = url, collection, library.models
        key = os.environ.get("QDRANT_API_KEY")
        self._client = client or library.QdrantClient(
            url=url, api_key=key, timeout=SECONDS, check_compatibility=False
        )

    def create(self, dimension: int, dtype: str, options: QdrantOptions) -> None:
        """Make it, empty."""
        models = self._models
        with self._answering():
            self._client.create_collection(
                self._name,
                vectors_config=models.VectorParams(
                    size=dimension, distance=models.Distance.EUCLID, datatype=models.Datatype(dtype)
                ),
                hnsw_config=models.HnswConfigDiff(m=options.links, ef_construct=options.construction),
            )
            for field, kind in ((ROW, "integer"), (NAME, "keyword")):
                self._client.create_payload_index(self._name, field, kind)

    def insert(self, first: int, vectors: np.ndarray, known: Sequence[Mapping[str, Any]]) -> None:
        """Put points into it, a few megabytes at a time."""
        values, at_once = vectors.astype(np.float32), max(1, 400_000 // vectors.shape[1])
        for start in range(0, len(values), at_once):
            points = [
                self._models.PointStruct(
                    id=first + number, vector=values[number].tolist(), payload=dict(known[number])
                )
                for number in range(start, min(start + at_once, len(values)))
            ]
            with self._answering():
                self._client.upsert(self._name, points, wait=True)

    def settle(self) -> None:
        """Wait until the server has made the graph."""
        while True:
            with self._answering():
                if self._client.get_collection(self._name).status != self._models.CollectionStatus.YELLOW:
                    return
            time.sleep(0.5)

    def search(
        self, query: Sequence[float], k: int, *, sight: int, exact: bool, before: int
    ) -> list[tuple[float, int]]:
        """Return distances and rows."""
        with self._answering():
            found = self._client.query_points(
                self._name,
                query=list(query),
                limit=k,
                query_filter=self._models.Filter(must=[self._rows(lt=before)]),
                search_params=self._models.SearchParams(hnsw_ef=sight, exact=exact),
                with_payload=False,
            )
        return [(point.score, point.id) for point in found.points]

    def known(self, rows: Sequence[int], *, vectors: bool) -> dict[int, tuple[Mapping[str, Any], Any]]:
        """Return what is known of points."""
        with self._answering():
            found = self._client.retrieve(self._name, list(rows), with_payload=True, with_vectors=vectors)
        return {point.id: (point.payload, point.vector) for point in found}

    def count(self, names: Sequence[str], before: int) -> int:
        """Return how many points have these names."""
        chosen = self._models.Filter(must=[self._named(names), self._rows(lt=before)])
        with self._answering():
            return int(self._client.count(self._name, chosen, exact=True).count)

    def remove(self, names: Sequence[str]) -> None:
        """Remove points by their names."""
        self._delete(self._named(names))

    def cut(self, first: int) -> None:
        """Remove points from this row on."""
        self._delete(self._rows(gte=first))

    def drop(self) -> None:
        """Remove the collection."""
        with self._answering():
            self._client.delete_collection(self._name)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _delete(self, condition: Any) -> None:
        chosen = self._models.FilterSelector(filter=self._models.Filter(must=[condition]))
        with self._answering():
            self._client.delete(self._name, chosen, wait=True)

    def _rows(self, **limits: int) -> Any:
        return self._models.FieldCondition(key=ROW, range=self._models.Range(**limits))

    def _named(self, names: Sequence[str]) -> Any:
        return self._models.FieldCondition(key=NAME, match=self._models.MatchAny(any=list(names)))

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Say in one line what the server, or the way to it, has against what is done here."""
        from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

        try:
            yield
        except UnexpectedResponse as error:
            said = visible((error.content or b"").decode("utf-8", "replace"))[:200]
            advice = "see its address and QDRANT_API_KEY"
            if error.status_code == 404:
                advice = "build the index again, or copy its folder again"
            raise SearchError(f"{self._url}: Qdrant answers {error.status_code}, {said}; {advice}") from None
        except ApiException as error:
            raise SearchError(
                f"{self._url}: the database is away ({visible(str(error))[:200]}): start it, or see its address"
            ) from None
