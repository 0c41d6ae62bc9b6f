"""The kind `codes`: the paper's proposal, short binary codes of all pictures and a search through them.

The codes that differ from the query's in the fewest bits are found among all, however many there are; where `rerank`
says so, as many of them as it says are then compared by their vectors.

Shapes: N pictures in the index, n queries, D values of a vector, B bits and W words of a code, k neighbours.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from alexnet.errors import RecipeError, choices
from alexnet.kernels.hamming import hamming_nearest
from alexnet.search.codes.autoencoder import AutoencoderRecipe, train_autoencoder
from alexnet.search.codes.encoder import Encoder, load_encoder
from alexnet.search.codes.projections import pca_sign, random_projection
from alexnet.search.exact import as_queries, compared
from alexnet.search.index import IndexCard, Neighbours, Rows
from alexnet.search.sampling import sampled_vectors
from alexnet.search.storage.change import Change, add, changing, remove
from alexnet.search.storage.header import damaged
from alexnet.search.storage.store import Store
from alexnet.search.stored import StoredIndex
from alexnet.settings.typed import from_plain

ENCODERS: Final = ("autoencoder", "pca", "random")
_ROWS: Final = 1 << 14  # vectors that are encoded at a time


@final
@dataclass(frozen=True)
class CodeOptions:
    """Settings of an index of codes."""

    bits: int = 64
    """B."""
    encoder: str = "autoencoder"
    """autoencoder; or, to compare it with: pca, signs of principal components, or random, signs of projections."""
    rerank: int = 1000
    """How many of the nearest codes are compared by their vectors; 0: none, and distances are in bits."""
    sample: int = 50_000
    """Vectors that the encoder learns from, at most, chosen by chance."""
    hidden: int = AutoencoderRecipe.hidden
    """Units between vector and code."""
    epochs: int = AutoencoderRecipe.epochs
    """Cycles through the sample."""
    seed: int = 0
    """Of everything random."""

    def __post_init__(self) -> None:
        if self.encoder not in ENCODERS:
            raise RecipeError(f"`{self.encoder[:80]}` is no encoder; {choices(self.encoder, ENCODERS)}")
        if self.rerank < 0 or self.sample < 2:
            raise RecipeError(
                f"rerank {self.rerank}, sample {self.sample}: expected rerank from 0, sample from 2"
            )
        self.recipe()  # checks the rest

    def recipe(self) -> AutoencoderRecipe:
        """Return how the auto-encoder is trained."""
        return AutoencoderRecipe(bits=self.bits, hidden=self.hidden, epochs=self.epochs, seed=self.seed)


def build(folder: Path, card: IndexCard, rows: Iterable[Rows], options: Mapping[str, str]) -> "Codes":
    """Make an index of codes, its encoder learned from a sample of the vectors; see `Kind.build`."""
    settings = from_plain(CodeOptions, options)
    with changing(folder, card) as change:
        for some in rows:
            change.append(some)
        stored = change.stored()
        change.settings = asdict(settings)
        encoder = make_encoder(sampled_vectors(stored, settings.sample, settings.seed), settings)
        encoder.save(change.part("encoder", "safetensors"))
        _write_codes(change, encoder, stored, np.zeros((0, encoder.words), np.uint64))
    return Codes(folder)


def open(folder: Path) -> "Codes":
    """Open an index of codes; see `Kind.open`."""
    return Codes(folder)


def make_encoder(vectors: np.ndarray, options: CodeOptions) -> Encoder:
    """Make the encoder that options ask for, of vectors: float32 or float16, (n, D)."""
    if options.encoder == "random":
        return random_projection(vectors, options.bits, options.seed)
    if options.encoder == "pca":
        return pca_sign(vectors, options.bits)
    return train_autoencoder(vectors, options.recipe())


@final
class Codes(StoredIndex):
    """An open index of codes; see `Index`."""

    def __init__(self, folder: Path) -> None:
        self._open(Store(folder))

    def _open(self, store: Store) -> None:
        self.store = store
        try:
            self.options = from_plain(CodeOptions, store.header.settings)
        except RecipeError as error:
            raise damaged(store.folder, str(error)) from None
        self.encoder = load_encoder(store.part("encoder"), store.card.dimension)
        self.codes = _stored_codes(store, self.encoder)

    @property
    def metric(self) -> str:
        """Euclidean where the nearest codes are compared by their vectors, else Hamming."""
        return "Euclidean" if self.options.rerank else "Hamming"

    def query(self, vectors: np.ndarray, k: int) -> Neighbours:
        """Find the pictures of the nearest codes; see `Index.query`."""
        queries = as_queries(vectors, k, self.card)
        k = min(k, len(self))
        if k == 0 or not len(queries):
            shape = (len(queries), k)
            return Neighbours(np.zeros(shape, np.float32), np.zeros(shape, np.int64))
        candidates = min(len(self), max(k, self.options.rerank))
        distances, rows = hamming_nearest(self.codes, self.encoder.encode(queries), candidates)
        if self.options.rerank:
            return compared(self.store, queries, rows, k)
        return Neighbours(distances.astype(np.float32), rows)

    def add(self, rows: Iterable[Rows], card: IndexCard) -> int:
        """Add pictures, encoded as those that are there; see `Index.add`."""
        before = len(self)
        self._open(add(self.store, rows, card, partial(_encode_again, kept=lambda store: slice(None))))
        return len(self) - before

    def remove(self, names: Collection[str]) -> int:
        """Remove pictures; see `Index.remove`."""
        before, gone = len(self), frozenset(names)

        def kept(store: Store) -> np.ndarray:
            return np.fromiter((name not in gone for name in store.names()), bool, len(store))

        self._open(remove(self.store, gone, partial(_encode_again, kept=kept)))
        return before - len(self)

    def info(self) -> Mapping[str, Any]:
        """Check every file, and return what there is to say; see `Index.info`."""
        self.store.check()
        return {
            "pictures": len(self),
            "bytes": self.store.size(),
            "bytes of codes": self.codes.nbytes,
            **asdict(self.options),
        }

    def close(self) -> None:
        """Let go of the files."""
        self.codes = self.codes[:0].copy()
        self.store.close()


def _encode_again(change: Change, kept: Callable[[Store], Any]) -> None:
    """Give a change the encoder of the index that it changes, its codes as far as kept, and those of new pictures."""
    before = Store(change.folder)  # nobody else can change it now
    encoder = load_encoder(before.part("encoder"), before.card.dimension)
    change.settings = before.header.settings
    change.keep_part(before, "encoder")
    _write_codes(change, encoder, change.stored(), _stored_codes(before, encoder)[kept(before)])


def _write_codes(change: Change, encoder: Encoder, stored: Store, known: np.ndarray) -> None:
    """Write the codes of all pictures, of which the first are known."""
    codes = np.lib.format.open_memmap(
        change.part("codes"), "w+", np.dtype("<u8"), (max(1, len(stored)), encoder.words)
    )
    codes[: len(known)] = known
    for first, vectors in stored.blocks(_ROWS):
        fresh = max(first, len(known))
        if fresh < first + len(vectors):
            codes[fresh : first + len(vectors)] = encoder.encode(vectors[fresh - first :])
    codes.flush()


def _stored_codes(store: Store, encoder: Encoder) -> np.ndarray:
    """Return the codes of an index: uint64, (N, W), memory-mapped; its file is never empty, which none can map."""
    return store.array("codes", "<u8", (max(1, len(store)), encoder.words))[: len(store)]
