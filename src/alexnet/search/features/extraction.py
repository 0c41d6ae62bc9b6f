"""Features of every picture of a data set, some at a time, always the same ones together: so are their last bits.

Shapes: N pictures, n of them at a time, D values of one, maps end to end.
"""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor

from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset, open_unlabelled
from alexnet.data.sources.folders import Folders
from alexnet.data.sources.naming import NAMED, default_side, source_named
from alexnet.data.sources.unlabelled import CLASS, is_flat
from alexnet.data.storage.card import CARD
from alexnet.errors import DataError, DivergedError, RecipeError, choices
from alexnet.inference.classifier import Classifier
from alexnet.inference.features import FeatureSettings, stage_features
from alexnet.inference.views import pictures_at_once
from alexnet.search.index import DTYPES, UNLABELLED, PictureSource


@final
@dataclass(frozen=True)
class Portion:
    """Some pictures of a split that go through a network together."""

    split: int
    """Number of the split."""
    start: int
    """Their first, in the split."""
    stop: int
    """After their last."""
    first: int
    """The row of the first, over all splits."""


@final
@dataclass(frozen=True)
class Pictures:
    """The pictures of a data set, or of some splits of it, one after the other."""

    dataset: Dataset
    splits: tuple[str, ...]

    def __len__(self) -> int:
        return sum(self.counts)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Pictures of each split."""
        return tuple(len(self.dataset.split(name)) for name in self.splits)

    @property
    def is_labelled(self) -> bool:
        """Whether somebody has said what they are of."""
        return self.dataset.classes != (CLASS,)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of their classes; none of pictures without."""
        return self.dataset.classes if self.is_labelled else ()

    @property
    def words(self) -> tuple[str, ...]:
        """A readable name of each."""
        return self.dataset.words if self.is_labelled else ()

    def sources(self) -> tuple[PictureSource, ...]:
        """Return what an index says of where they came from: one for each split."""
        return tuple(PictureSource(self.dataset.name, name, self.dataset.fingerprint) for name in self.splits)

    def portions(self, size: int) -> list[Portion]:
        """Return how they are cut: `size` together, those of a split's end fewer."""
        found, first = [], 0
        for number, count in enumerate(self.counts):
            found += [
                Portion(number, start, min(start + size, count), first + start)
                for start in range(0, count, size)
            ]
            first += count
        return found

    def names(self, portion: Portion) -> list[str]:
        """Return the names of some."""
        split = self.dataset.split(self.splits[portion.split])
        return [split.name_of(number) for number in range(portion.start, portion.stop)]

    def labels(self, portion: Portion) -> np.ndarray:
        """Return the labels of some: int64, (n,)."""
        count = portion.stop - portion.start
        if not self.is_labelled:
            return np.full(count, UNLABELLED, np.int64)
        return self.dataset.split(self.splits[portion.split]).labels[portion.start : portion.stop]


def pictures_of(
    data: str | Path | Dataset, classifier: Classifier, *, split: str | None = None, labelled: bool = True
) -> Pictures:
    """Open pictures as a network is to see them: prepared once, at the side of its training pictures or larger.

    Args:
        data: a data set, its name, or where it lies; or a folder of pictures without classes.
        classifier: of the network.
        split: one split of it; left out, all.
        labelled: take folders for classes where they may be; else every picture below a folder has none.
    Raises:
        DataError: there is no such data set or split, it holds no picture, or it is prepared at a smaller side.
    """
    dataset = data if isinstance(data, Dataset) else opened_at(data, classifier.side, labelled)
    if dataset.side < classifier.side:
        raise DataError(
            f"{dataset.name} is prepared at a side of {dataset.side}, and {classifier.source} was trained on pictures "
            f"of {classifier.side}: prepare its source again with --side {classifier.side}"
        )
    seen = dataset if dataset.side == classifier.side else dataset.resized(classifier.side)
    if split is not None and split not in seen.splits:
        raise DataError(f"`{split}` is not a split of {seen.name}; {choices(split, seen.splits)}")
    found = Pictures(seen, seen.splits if split is None else (split,))
    if not len(found):
        raise DataError(f"{seen.name} holds no picture")
    return found


def extract(
    classifier: Classifier,
    pictures: Pictures,
    settings: FeatureSettings,
    dtype: str,
    portions: Sequence[Portion],
) -> Iterator[tuple[Portion, np.ndarray]]:
    """Yield the features of portions of pictures, read ahead while the network computes.

    Args:
        classifier: whose network gives them, on its device.
        pictures: at the classifier's side.
        settings: what is taken of each.
        dtype: of what is yielded, one of `DTYPES`.
        portions: in order, of `portions(size)` for one size.
    Returns:
        each portion, and its vectors: of the type, (n, D), finite.
    Raises:
        DivergedError: a value is not finite; the message names the picture.
        RecipeError: a value is beyond what the type holds.
        DataError: a picture cannot be read.
    """
    network = classifier.inference_network()
    for number, name in enumerate(pictures.splits):
        own = [portion for portion in portions if portion.split == number]
        if not own:
            continue
        order = np.concatenate([np.arange(portion.start, portion.stop) for portion in own])
        size = max(portion.stop - portion.start for portion in own)
        split = pictures.dataset.split(name)
        feed = batches(split, order, size, pinned=network.device.type == "cuda")
        for portion, batch in zip(own, feed, strict=True):
            (part,) = batch.micro_batches
            values = stage_features(network, part.images.to(network.device, non_blocking=True), settings)
            yield portion, _kept(values.flatten(1).cpu(), dtype, classifier, settings, pictures, portion)


def portion_size(classifier: Classifier, settings: FeatureSettings) -> int:
    """Return how many pictures go through a classifier's network together."""
    return pictures_at_once(classifier.network, classifier.side, settings.views)


def dimension(classifier: Classifier, settings: FeatureSettings) -> int:
    """Return D: maps are laid end to end."""
    return math.prod(settings.shape(classifier.network))


def check_dtype(dtype: str) -> str:
    """Return a type of vectors, or raise RecipeError with those there are."""
    if dtype not in DTYPES:
        raise RecipeError(f"`{dtype}` is no type of features; {choices(dtype, DTYPES)}")
    return dtype


def _kept(
    values: Tensor,
    dtype: str,
    classifier: Classifier,
    settings: FeatureSettings,
    pictures: Pictures,
    portion: Portion,
) -> np.ndarray:
    """Return values as they are kept, or raise the error that names the picture."""
    found = values.to(getattr(torch, dtype))
    if bool(found.isfinite().all()):
        return found.numpy()
    row = int((~found.isfinite()).any(1).nonzero()[0])
    name = pictures.names(portion)[row]
    if bool(values[row].isfinite().all()):
        most = float(values[row].abs().max())
        raise RecipeError(
            f"{settings.stage} of {classifier.source} gives {most:g} for {name}, more than {dtype} holds: take float32"
        )
    raise DivergedError(
        f"{settings.stage} of {classifier.source} is not finite for {name}: take an earlier checkpoint, or an earlier "
        "stage"
    )


def opened_at(data: str | Path, side: int | None, labelled: bool) -> Dataset:
    """Open a data set; a folder in which pictures lie themselves, beside other folders or not, is one without classes.

    Args:
        data: its name, or where it lies.
        side: to prepare it at, in pixels, where it is not prepared; None for the one that suits its pictures.
        labelled: take folders for classes where they may be.
    Raises:
        DataError: there is no such data set, or it cannot be used.
    """
    chosen = default_side if side is None else lambda source: side
    prepared = os.path.exists(os.path.join(data, CARD))
    if not prepared and (not labelled or _is_plain(data)):
        return open_unlabelled(data, side=chosen)
    return open_dataset(data, side=chosen)


def _is_plain(data: str | Path) -> bool:
    """Tell whether pictures lie in a folder itself, and nothing beside them or in their names says what they are of."""
    if not os.path.isdir(data) or os.fspath(data) in NAMED or not is_flat(data):
        return False
    try:
        return isinstance(source_named(data), Folders)
    except DataError:  # there is no folder in it that could be a class
        return True
