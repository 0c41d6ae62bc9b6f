"""Features on the disk: an array that NumPy maps into memory, and a header that says what it is of.

    features.npy    (N, D), float16 or float32; maps are laid end to end
    labels.npy      int64, (N,): numbers of the header's classes, -1 of a picture without one
    names.jsonl     a name a line
    header.json     network, stage, shape, pictures, classes, and the SHA-256 of the other files

Without this package: `numpy.load("features.npy", mmap_mode="r")`.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from alexnet import files
from alexnet.errors import RecipeError, SearchError
from alexnet.search.index import DTYPES, PictureSource
from alexnet.search.storage.header import MAX_DIMENSION
from alexnet.search.storage.shard import mapped
from alexnet.settings.typed import from_plain, to_plain

HEADER: Final = "header.json"
FEATURES: Final = "features.npy"
LABELS: Final = "labels.npy"
NAMES: Final = "names.jsonl"
FORMAT: Final = "alexnet features 1"


@final
@dataclass(frozen=True)
class FeatureHeader:
    """What the header says."""

    network: str
    """Digest of the network: `Network.digest`."""
    run: str
    """How it was named."""
    stage: str
    """The stage that gave the features."""
    shape: tuple[int, ...]
    """Of what it gives for one picture: (U,), (C, H, W), or (C,) of pooled maps."""
    dtype: str
    """float16 or float32."""
    pooled: bool
    """Whether maps were averaged over rows and columns."""
    views: int
    """Over which the features were averaged."""
    count: int
    """N."""
    counts: tuple[int, ...]
    """Of these, those of each source."""
    sources: tuple[PictureSource, ...]
    """The splits that they are of, one after the other."""
    classes: tuple[str, ...]
    """Names of classes; none of pictures without."""
    words: tuple[str, ...]
    """A readable name of each."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """Of each file beside the header."""

    @property
    def dimension(self) -> int:
        """D."""
        return int(np.prod(self.shape))


@final
class FeatureFolder:
    """Features that are complete, opened; nothing is read that is not looked at.

    Args:
        folder: that `alexnet features` wrote.
    Raises:
        SearchError: there are none, or they are damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.header = read_header(self.folder)

    def __len__(self) -> int:
        return self.header.count

    def __repr__(self) -> str:
        header = self.header
        of = f"{header.stage} of {header.run!r}, {header.shape}, {header.dtype}"
        return f"FeatureFolder({header.count:,} pictures, {of})"

    @cached_property
    def vectors(self) -> np.ndarray:
        """The features, (N, D), of the header's type, memory-mapped."""
        header = self.header
        return mapped(self.folder / FEATURES, header.dtype, (header.count, header.dimension))

    @cached_property
    def labels(self) -> np.ndarray:
        """The label of each picture: int64, (N,), -1 of one without a class, memory-mapped."""
        return mapped(self.folder / LABELS, np.int64, (self.header.count,))

    def names(self) -> Iterator[str]:
        """Yield the name of each picture, in order.

        Raises:
            SearchError: they are not what was written.
        """
        path, count = self.folder / NAMES, 0
        try:
            with open(path, encoding="ascii") as file:
                for count, line in enumerate(file, 1):
                    name: object = json.loads(line)
                    if not isinstance(name, str):
                        raise damaged(path, f"line {count} is no name")
                    yield name
        except (OSError, ValueError, RecursionError) as error:
            raise damaged(path, str(error)[:120]) from None
        if count != self.header.count:
            raise damaged(path, f"it has {count} names, not {self.header.count}")

    def check(self) -> None:
        """Compare every file with its digest; SearchError names one that differs."""
        for name, digest in self.header.sha256.items():
            try:
                same = files.sha256(self.folder / name) == digest
            except OSError as error:
                raise damaged(self.folder / name, error.strerror or str(error)) from None
            if not same:
                raise damaged(self.folder / name, "its SHA-256 is another than when it was written")


def is_feature_folder(path: str | Path) -> bool:
    """Tell whether features lie in a folder."""
    return os.path.isfile(os.path.join(path, HEADER)) and os.path.isfile(os.path.join(path, FEATURES))


def read_header(folder: Path) -> FeatureHeader:
    """Read the header of features.

    Raises:
        SearchError: there is none, or it is damaged.
    """
    path = folder / HEADER
    try:
        values = json.loads(files.read_bounded(path).decode("ascii"))
    except FileNotFoundError:
        raise SearchError(
            f"{os.fspath(folder)!r} holds no features (no {HEADER}): run `alexnet features`"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, str(getattr(error, "strerror", None) or error)[:120]) from None
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise damaged(path, f"it is not of format {FORMAT!r}")
    if values.pop("header_sha256", None) != _seal(values):
        raise damaged(path, "it is not what was written")
    try:
        header = from_plain(FeatureHeader, values)
    except RecipeError as error:
        raise damaged(path, str(error)) from None
    if not (
        header.dtype in DTYPES
        and header.shape
        and all(0 < size <= MAX_DIMENSION for size in header.shape)
        and 0 < header.dimension <= MAX_DIMENSION
        and header.count == sum(header.counts) > 0
        and len(header.counts) == len(header.sources)
        and len(header.words) == len(header.classes)
        and header.sha256.keys() == {FEATURES, LABELS, NAMES}
    ):
        raise damaged(path, "its values do not agree")
    return header


def write_header(folder: Path, header: FeatureHeader) -> None:
    """Write the header of features, which are complete from then on."""
    values = to_plain(header)
    plain = {"format": FORMAT, **values, "header_sha256": _seal(values)}
    files.write_text(folder / HEADER, json.dumps(plain, indent=1) + "\n")


def damaged(path: Path, reason: str) -> SearchError:
    """Return the error for a file of features that is not what was written."""
    return SearchError(
        f"{os.fspath(path)!r} is damaged ({reason}): remove the folder and run `alexnet features` again"
    )


def _seal(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("ascii")).hexdigest()
