"""The kinds `ivf` and `hnsw`: FAISS finds candidates without looking at all pictures, our store says how near they are.

ivf compares a query with the centres of lists, and looks through the nearest lists alone. hnsw walks along a graph of
near pictures. What either misses is said when an index is built.

FAISS brings an OpenMP of its own beside torch's. Torch is loaded first, and FAISS is never asked for more than the
calling thread, so that its runtime starts none; that also makes two builds of the same pictures the same.

Shapes: N pictures in the index, n queries, D values of a vector, k neighbours.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch  # noqa: F401  # before FAISS, whose OpenMP is another

from alexnet.errors import RecipeError, missing
from alexnet.search.exact import SPARE, as_queries, compared
from alexnet.search.exact import nearest as exact_nearest
from alexnet.search.index import IndexCard, Neighbours, Rows
from alexnet.search.sampling import sampled_vectors
from alexnet.search.storage.change import Change, add, changing, remove
from alexnet.search.storage.header import damaged
from alexnet.search.storage.shard import as_float32
from alexnet.search.storage.store import Store
from alexnet.search.stored import StoredIndex
from alexnet.settings.typed import from_plain

_ROWS: Final = 1 << 14  # vectors that are given to FAISS at a time
_LEAST: Final = 39  # vectors that FAISS wants for each list that it learns


@final
@dataclass(frozen=True)
class IvfOptions:
    """Settings of an index of lists."""

    lists: int = 0
    """How many; 0: four times the square root of the number of pictures, as far as there are enough to learn them."""
    probes: int = 16
    """How many lists a query looks through, from 1."""
    seed: int = 1234
    """Of the sample that the lists are learned from, and of FAISS's k-means."""

    def __post_init__(self) -> None:
        if self.lists < 0 or self.probes < 1 or not 0 <= self.seed < 2**31:
            raise RecipeError(f"{self}: expected lists and seed from 0, probes from 1")


@final
@dataclass(frozen=True)
class HnswOptions:
    """Settings of an index that is a graph."""

    links: int = 32
    """Neighbours that a picture is linked with, from 2: M of Malkov and Yashunin 2016."""
    construction: int = 100
    """Pictures that are kept in sight while a new one is linked, from 1."""
    search: int = 100
    """Pictures that are kept in sight while a query walks, from 1."""

    def __post_init__(self) -> None:
        if self.links < 2 or min(self.construction, self.search) < 1:
            raise RecipeError(f"{self}: expected links from 2, construction and search from 1")


Options = IvfOptions | HnswOptions


def build(folder: Path, card: IndexCard, rows: Iterable[Rows], options: Mapping[str, str]) -> "FaissIndex":
    """Make an index of lists, or of a graph, as the card's kind says; see `Kind.build`."""
    settings = _options(card.kind, options)
    faiss = _faiss()
    with changing(folder, card) as change:
        for some in rows:
            change.append(some)
        change.settings = asdict(settings)
        stored = change.stored()
        _write(faiss, change, _filled(faiss, _empty(faiss, stored, settings), stored))
    return FaissIndex(folder)


def open(folder: Path) -> "FaissIndex":
    """Open an index that FAISS searches; see `Kind.open`."""
    return FaissIndex(folder)


@final
class FaissIndex(StoredIndex):
    """An open index that FAISS searches; see `Index`."""

    metric = "Euclidean"

    def __init__(self, folder: Path) -> None:
        self._faiss = _faiss()
        self._open(Store(folder))

    def _open(self, store: Store) -> None:
        self.store = store
        try:
            self.options = _options(store.card.kind, store.header.settings)
        except RecipeError as error:
            raise damaged(store.folder, str(error)) from None
        self._index: Any = _read(self._faiss, store, shared=True)
        if isinstance(self.options, IvfOptions):
            self._index.nprobe = self.options.probes
        else:
            self._index.hnsw.efSearch = self.options.search

    def query(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find near pictures, the nearest of them as far as FAISS finds them; see `Index.query`.

        Where it finds fewer than k, as ivf does whose lists run out, every vector is compared for that query.
        """
        queries = as_queries(vectors, k, self.card)
        k = min(k, len(self))
        distances = np.zeros((len(queries), k), np.float32)
        rows = np.zeros((len(queries), k), np.int64)
        if k == 0 or not len(queries):
            return Neighbours(distances, rows)
        self._faiss.omp_set_num_threads(1)
        _, found = self._index.search(queries, min(k + SPARE, len(self)))
        for number, candidates in enumerate(found):
            candidates = candidates[candidates >= 0]
            if len(candidates) >= k:
                part = compared(self.store, queries[number : number + 1], candidates[None], k)
            else:
                part = exact_nearest(self.store, queries[number : number + 1], k)
            distances[number], rows[number] = part.distances, part.rows
        return Neighbours(distances, rows)

    def add(self, rows: Iterable[Rows], card: IndexCard) -> int:
        """Add pictures to the lists or the graph as they are; see `Index.add`."""
        before = len(self)
        self._open(add(self.store, rows, card, partial(_grown, self._faiss)))
        return len(self) - before

    def remove(self, names: Collection[str]) -> int:
        """Remove pictures: lists are filled anew, a graph is made anew; see `Index.remove`."""
        before = len(self)
        self._open(remove(self.store, names, partial(_made_anew, self._faiss)))
        return before - len(self)

    def info(self) -> Mapping[str, Any]:
        """Check every file, and return what there is to say; see `Index.info`."""
        self.store.check()
        lists = {"lists": int(self._index.nlist)} if isinstance(self.options, IvfOptions) else {}
        own = self.store.part("faiss").stat().st_size
        return {
            "pictures": len(self),
            "bytes": self.store.size(),
            "bytes that FAISS reads": own,
            **asdict(self.options),
            **lists,
        }

    def close(self) -> None:
        """Let go of the files."""
        self._index = None  # what it had mapped goes with it
        self.store.close()


def _faiss() -> Any:
    """Return FAISS, or say how to get it."""
    try:
        import faiss
    except ImportError:
        raise missing("faiss", "search", "an index of kind ivf or hnsw") from None
    faiss.omp_set_num_threads(1)
    return faiss


def _options(kind: str, options: Mapping[str, Any]) -> Options:
    return from_plain(IvfOptions, options) if kind == "ivf" else from_plain(HnswOptions, options)


def _empty(faiss: Any, stored: Store, options: Options) -> Any:
    """Return an index with nothing in it, its lists learned from a sample of the vectors that it will hold."""
    dimension = stored.card.dimension
    kept = faiss.ScalarQuantizer.QT_fp16 if stored.card.dtype == "float16" else None
    if isinstance(options, HnswOptions):
        if kept is None:
            index = faiss.IndexHNSWFlat(dimension, options.links)
        else:
            index = faiss.IndexHNSWSQ(dimension, kept, options.links)
            index.train(
                np.zeros((1, dimension), np.float32)
            )  # there is nothing to learn, but it wants to be asked
        index.hnsw.efConstruction = options.construction
        return index
    lists = options.lists or 4 * round(len(stored) ** 0.5)
    lists = max(1, min(lists, len(stored) // _LEAST))
    centres = faiss.IndexFlatL2(dimension)
    if kept is None:
        index = faiss.IndexIVFFlat(centres, dimension, lists)
    else:
        index = faiss.IndexIVFScalarQuantizer(centres, dimension, lists, kept, faiss.METRIC_L2, False)
    index.cp.seed = options.seed
    sample = sampled_vectors(stored, max(lists * 64, lists * _LEAST), options.seed)
    index.train(as_float32(sample))
    return index


def _filled(faiss: Any, index: Any, stored: Store, known: int = 0) -> Any:
    """Give an index the vectors that it does not know."""
    faiss.omp_set_num_threads(1)
    for first, vectors in stored.blocks(_ROWS):
        fresh = max(first, known)
        if fresh < first + len(vectors):
            index.add(as_float32(np.ascontiguousarray(vectors[fresh - first :])))
    return index


def _grown(faiss: Any, change: Change) -> None:
    """Give a change the index that FAISS had, with the new pictures in it."""
    before = Store(change.folder)  # nobody else can change it now
    change.settings = before.header.settings
    _write(faiss, change, _filled(faiss, _read(faiss, before), change.stored(), known=len(before)))


def _made_anew(faiss: Any, change: Change) -> None:
    """Give a change a new index; lists keep the centres that they had."""
    before = Store(change.folder)  # nobody else can change it now
    change.settings = before.header.settings
    options, stored = _options(before.card.kind, before.header.settings), change.stored()
    if isinstance(options, IvfOptions):
        index = _read(faiss, before)
        index.reset()
    else:
        index = _empty(faiss, stored, options)
    _write(faiss, change, _filled(faiss, index, stored))


def _write(faiss: Any, change: Change, index: Any) -> None:
    faiss.write_index(index, str(change.part("faiss", "faiss")))


def _read(faiss: Any, store: Store, *, shared: bool = False) -> Any:
    """Read what FAISS wrote: to be changed, or mapped, so that processes share it."""
    try:
        flags = faiss.IO_FLAG_MMAP_IFC if shared else 0
        index = faiss.read_index(str(store.part("faiss")), flags)
    except RuntimeError as error:
        raise damaged(store.part("faiss"), f"FAISS does not read it: {str(error)[:120]}") from None
    if index.ntotal != len(store) or index.d != store.card.dimension:
        raise damaged(store.part("faiss"), f"it holds {index.ntotal:,} vectors of {index.d} values")
    return index
