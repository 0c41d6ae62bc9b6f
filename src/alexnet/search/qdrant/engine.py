"""A collection within this process: Qdrant's own engine, a folder for each collection.

One process at a time has it open.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from alexnet.errors import SearchError, missing
from alexnet.search.qdrant.points import NAME, ROW, QdrantOptions


@final
class EnginePoints:
    """A collection in a folder; see `Points`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._edge = folder, _edge()
        self._shard: Any = None

    def create(self, dimension: int, dtype: str, options: QdrantOptions) -> None:
        """Make it, empty."""
        edge = self._edge
        kept = edge.VectorStorageDatatype
        vectors = edge.EdgeVectorParams(
            size=dimension,
            distance=edge.Distance.Euclid,
            datatype=kept.Float16 if dtype == "float16" else kept.Float32,
        )
        graph = edge.HnswIndexConfig(
            m=options.links,
            ef_construct=options.construction,
            full_scan_threshold=10_000,  # kB, Qdrant's own
            max_indexing_threads=1,  # so that two builds are the same
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        config = edge.EdgeConfig(vectors=vectors, hnsw_config=graph)
        self._shard = edge.EdgeShard.create(str(self._folder), config)

    def insert(self, first: int, vectors: np.ndarray, known: Sequence[Mapping[str, Any]]) -> None:
        """Put points into it."""
        values = vectors.astype(np.float32).tolist()
        points = [
            self._edge.Point(first + number, values[number], dict(each)) for number, each in enumerate(known)
        ]
        self._opened().update(self._edge.UpdateOperation.upsert_points(points))

    def settle(self) -> None:
        """Make the graph."""
        self._opened().optimize()
        self._opened().flush()

    def search(
        self, query: Sequence[float], k: int, *, sight: int, exact: bool, before: int
    ) -> list[tuple[float, int]]:
        """Return distances and rows."""
        edge = self._edge
        request = edge.QueryRequest(
            query=edge.Query.Nearest(list(query)),
            limit=k,
            filter=self._rows(lt=float(before)),
            params=edge.SearchParams(hnsw_ef=sight, exact=exact),
        )
        return [(point.score, point.id) for point in self._opened().query(request)]

    def known(self, rows: Sequence[int], *, vectors: bool) -> dict[int, tuple[Mapping[str, Any], Any]]:
        """Return what is known of points."""
        return {
            point.id: (point.payload, point.vector)
            for point in self._opened().retrieve(list(rows), True, vectors)
        }

    def count(self, names: Sequence[str], before: int) -> int:
        """Return how many points have these names."""
        condition = self._edge.Filter(must=[self._named(names), *self._rows(lt=float(before)).must])
        return int(self._opened().count(self._edge.CountRequest(exact=True, filter=condition)))

    def remove(self, names: Sequence[str]) -> None:
        """Remove points by their names."""
        chosen = self._edge.Filter(must=[self._named(names)])
        self._opened().update(self._edge.UpdateOperation.delete_points_by_filter(chosen))
        self._opened().flush()

    def cut(self, first: int) -> None:
        """Remove points from this row on."""
        self._opened().update(
            self._edge.UpdateOperation.delete_points_by_filter(self._rows(gte=float(first)))
        )

    def drop(self) -> None:
        """Remove the folder."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Close the folder."""
        if self._shard is not None:
            self._shard.close()
            self._shard = None

    def _opened(self) -> Any:
        if self._shard is None:
            try:
                self._shard = self._edge.EdgeShard.load(str(self._folder))
            except Exception as error:  # the engine has no class of its own for what it says
                raise SearchError(
                    f"{str(self._folder)!r}: Qdrant's engine does not open it ({str(error)[:160]}): close other "
                    "processes that have it open, or build the index again"
                ) from None
        return self._shard

    def _rows(self, **limits: float) -> Any:
        return self._edge.Filter(must=[self._edge.FieldCondition(ROW, range=self._edge.RangeFloat(**limits))])

    def _named(self, names: Sequence[str]) -> Any:
        return self._edge.FieldCondition(NAME, match=self._edge.MatchAny(list(names)))


def _edge() -> Any:
    try:
        import qdrant_edge
    except ImportError:
        raise missing("qdrant-edge-py", "search", "an index of Qdrant's engine") from None
    return qdrant_edge
