"""An index made of pictures: a network sees each of them once, and the kind of index keeps what it gives.

Shapes: n pictures at a time, D values of a vector.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from alexnet.data.dataset import Dataset
from alexnet.device import choose_device
from alexnet.errors import SearchError
from alexnet.inference.classifier import Classifier
from alexnet.inference.features import LAST_HIDDEN, FeatureSettings, feature_settings
from alexnet.search.features.extraction import (
    Pictures,
    check_dtype,
    dimension,
    extract,
    pictures_of,
    portion_size,
)
from alexnet.search.features.folder import FeatureFolder, is_feature_folder
from alexnet.search.index import UNLABELLED, IndexCard, Rows
from alexnet.search.kinds import kind_named, remember_database
from alexnet.search.known import remember
from alexnet.search.picture_index import PictureIndex
from alexnet.weights.loading import load

Progress = Callable[[int, int], None]
_ROWS: Final = 4096
"""Rows of finished features that are taken at a time."""


def build(
    run: str | Path | Classifier,
    data: str | Path | Dataset,
    output: str | Path,
    *,
    kind: str = "exact",
    stage: str = LAST_HIDDEN,
    views: int = 1,
    pooled: bool = False,
    dtype: str = "float16",
    split: str | None = None,
    labelled: bool = True,
    device: str | torch.device = "auto",
    options: Mapping[str, str] | None = None,
    progress: Progress = lambda done, total: None,
) -> PictureIndex:
    """Make an index of pictures, in the memory that some of them take; an index that is there is replaced at the end.

    Args:
        run: a run directory, a checkpoint file, a name of published weights, or a loaded classifier.
        data: a data set, its name, or where it lies; a folder of pictures without classes; or a folder that
            `alexnet.features` wrote, whose stage, views, pooling, type and pictures then count.
        output: the folder of the index.
        kind: exact, or another of `search/kinds.py`.
        stage, views, pooled, dtype: what is kept of each picture, as `alexnet.features` takes them.
        split: one split of the data; left out, all.
        labelled: take folders for classes where they may be; else no picture has one.
        device: where to compute: cpu, cuda, cuda:1, or auto.
        options: settings of the kind, by name.
        progress: called with the pictures done and all.
    Returns:
        the index, open.
    Raises:
        CheckpointError: the run cannot be loaded.
        DataError: there is no such data set or split, or a picture cannot be read.
        RecipeError: no such kind, option, stage, views or type.
        SearchError: features of another network, or a folder that holds something else.
    Source: Krizhevsky et al. 2012, section 6.1.
    """
    chosen = kind_named(kind)
    classifier = run if isinstance(run, Classifier) else load(run, device=choose_device(device))
    if isinstance(data, str | Path) and is_feature_folder(data):
        folder = FeatureFolder(data)
        _check_network(folder, classifier)
        header = folder.header
        card = IndexCard(
            kind=kind,
            network=header.network,
            run=header.run,
            stage=header.stage,
            dimension=header.dimension,
            dtype=header.dtype,
            pooled=header.pooled,
            views=header.views,
            classes=header.classes,
            words=header.words,
            sources=header.sources,
        )
        rows = rows_of_folder(folder, progress)
    else:
        pictures = pictures_of(data, classifier, split=split, labelled=labelled)
        settings = feature_settings(classifier.network, stage, views=views, pooled=pooled)
        card = IndexCard(
            kind=kind,
            network=classifier.network.digest(),
            run=classifier.source,
            stage=settings.stage,
            dimension=dimension(classifier, settings),
            dtype=check_dtype(dtype),
            pooled=pooled,
            views=settings.views,
            classes=pictures.classes,
            words=pictures.words,
            sources=pictures.sources(),
        )
        remember(pictures.dataset.fingerprint, pictures.dataset.directory)
        rows = rows_of_pictures(classifier, pictures, card, progress)
    remember(card.network, classifier.source)
    index = chosen.build(Path(output), card, rows, options or {})
    remember_database(index.card.kind)
    return PictureIndex(index, classifier)


def add(
    index: PictureIndex,
    data: str | Path | Dataset,
    *,
    split: str | None = None,
    labelled: bool = True,
    progress: Progress = lambda done, total: None,
) -> int:
    """Add the pictures of a data set to an index, all of them or none.

    Args:
        index: open.
        data, split, labelled, progress: as `build` takes them.
    Returns:
        how many were added.
    Raises:
        DataError: there is no such data set or split, or a picture cannot be read.
        SearchError: the index's network is not known here, or another process has changed the index.
    """
    card, classifier = index.card, index.classifier
    pictures = pictures_of(data, classifier, split=split, labelled=labelled)
    known = {name: number for number, name in enumerate(card.classes)}
    new = [number for number, name in enumerate(pictures.classes) if name not in known]
    numbers = {name: number for number, name in enumerate(pictures.classes)}
    grown = replace(
        card,
        classes=card.classes + tuple(pictures.classes[number] for number in new),
        words=card.words + tuple(pictures.words[number] for number in new),
        sources=card.sources + pictures.sources(),
    )
    table = np.array(
        [grown.classes.index(name) for name in numbers] + [UNLABELLED], np.int64
    )  # the last is that of -1
    rows = rows_of_pictures(classifier, pictures, card, progress)
    moved = (
        replace(
            some,
            labels=table[some.labels],
            origins=some.origins + np.array([len(card.sources), 0], np.int64),
        )
        for some in rows
    )
    added = index.index.add(moved, grown)
    remember(pictures.dataset.fingerprint, pictures.dataset.directory)
    return added


def rows_of_pictures(
    classifier: Classifier, pictures: Pictures, card: IndexCard, progress: Progress
) -> Iterator[Rows]:
    """Yield pictures as an index of such a card takes them: sources and classes are numbered from 0."""
    settings = FeatureSettings(card.stage, card.views, card.pooled)
    portions, done = pictures.portions(portion_size(classifier, settings)), 0
    for portion, vectors in extract(classifier, pictures, settings, card.dtype, portions):
        numbers = np.arange(portion.start, portion.stop)
        origins = np.stack([np.full(len(numbers), portion.split), numbers], axis=1)
        yield Rows(vectors, pictures.names(portion), pictures.labels(portion), origins)
        done += len(numbers)
        progress(done, len(pictures))


def rows_of_folder(folder: FeatureFolder, progress: Progress) -> Iterator[Rows]:
    """Yield finished features as an index takes them, once their digests are compared."""
    folder.check()
    header, names, first = folder.header, folder.names(), 0
    for source, count in enumerate(header.counts):
        for start in range(0, count, _ROWS):
            stop = min(start + _ROWS, count)
            rows, numbers = slice(first + start, first + stop), np.arange(start, stop)
            yield Rows(
                folder.vectors[rows],
                [next(names) for _ in numbers],
                np.array(folder.labels[rows]),
                np.stack([np.full(len(numbers), source), numbers], axis=1),
            )
            progress(first + stop, header.count)
        first += count


def _check_network(folder: FeatureFolder, classifier: Classifier) -> None:
    if folder.header.network != classifier.network.digest():
        raise SearchError(
            f"{str(folder.folder)!r} holds features of {folder.header.run}, and {classifier.source} is another "
            "network: give the run that they are of, or pictures"
        )
