"""Features of every picture written to the disk: in constant memory, by any number of processes, the same bytes.

A process that is killed costs what it had not yet marked as done; the same command goes on from there.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from alexnet import files
from alexnet.data.dataset import Dataset
from alexnet.data.storage.arrays import write_array
from alexnet.device import choose_device
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import AlexNetError
from alexnet.inference.classifier import Classifier
from alexnet.inference.features import LAST_HIDDEN, FeatureSettings, feature_settings
from alexnet.search.features.extraction import (
    Pictures,
    Portion,
    check_dtype,
    extract,
    pictures_of,
    portion_size,
)
from alexnet.search.features.folder import (
    FEATURES,
    HEADER,
    LABELS,
    NAMES,
    FeatureFolder,
    FeatureHeader,
    read_header,
    write_header,
)
from alexnet.search.known import remember
from alexnet.settings.typed import to_plain
from alexnet.weights.loading import load

PLAN: Final = "unfinished.json"
"""What the folder is to hold, while it does not yet."""
PARTIAL: Final = "unfinished.npy"
DONE: Final = "unfinished.done"
"""A byte for each portion: 1 once its features are on the disk."""
_SYNC: Final = 8
"""Portions between two times that what was written is forced to the disk."""

Progress = Callable[[int, int], None]


def features(
    run: str | Path | Classifier,
    data: str | Path | Dataset,
    output: str | Path = "features",
    *,
    stage: str = LAST_HIDDEN,
    views: int = 1,
    pooled: bool = False,
    dtype: str = "float16",
    split: str | None = None,
    labelled: bool = True,
    device: str | torch.device = "auto",
    processes: ProcessGroup = ALONE,
    progress: Progress = lambda done, total: None,
) -> FeatureFolder:
    """Write what a stage of a network gives for every picture, as an array that NumPy maps into memory.

    What was interrupted goes on; what is there already is opened. The bytes do not depend on interruptions, or on how
    many processes share the work.

    Args:
        run: a run directory, a checkpoint file, a name of published weights, or a loaded classifier.
        data: a data set, its name, or where it lies; or a folder of pictures without classes.
        output: the folder to write, made if it is not there: `search/features/folder.py` says what lies in it.
        stage: the name of a stage; left out, the last hidden layer, fc7 of the paper's network.
        views: 1, the centre; 5 or 10, over which the stage's values are averaged.
        pooled: average each map over its rows and columns.
        dtype: of the features: float16 or float32.
        split: one split of the data; left out, all, one after the other.
        labelled: take folders for classes where they may be; else every picture below a folder has none.
        device: where to compute: cpu, cuda, cuda:1, or auto.
        processes: who share the work.
        progress: called with the pictures done by this process and those of it in all.
    Returns:
        the features, opened.
    Raises:
        CheckpointError: the run cannot be loaded.
        DataError: there is no such data set or split, or a picture cannot be read.
        RecipeError: no such stage, views or type, or values that the type does not hold.
        DivergedError: a value is not finite.
        AlexNetError: the folder holds something else, or cannot be written.
    Source: Krizhevsky et al. 2012, section 6.1.
    """
    classifier = run if isinstance(run, Classifier) else load(run, device=choose_device(device))
    settings = feature_settings(classifier.network, stage, views=views, pooled=pooled)
    pictures = pictures_of(data, classifier, split=split, labelled=labelled)
    header = _planned(classifier, pictures, settings, check_dtype(dtype))
    folder, portions = Path(output), pictures.portions(portion_size(classifier, settings))
    try:
        with _held(folder, processes):
            missing = processes.from_first(lambda: _begun(folder, header, len(portions)))
            if missing is not None:
                own = [portions[number] for number in missing[processes.rank :: processes.size]]
                rounds = -(-len(missing) // processes.size)
                found = extract(classifier, pictures, settings, dtype, own)
                _write(folder, header, portions, found, rounds, processes, progress, sum(map(_count, own)))
                processes.from_first(lambda: _finish(folder, header, pictures))
    except OSError as error:
        raise AlexNetError(
            f"{os.fspath(folder)!r} cannot be written ({error.strerror or error}): make room, or choose another folder"
        ) from error
    remember(header.network, classifier.source)
    remember(pictures.dataset.fingerprint, pictures.dataset.directory)
    return FeatureFolder(folder)


def _planned(
    classifier: Classifier, pictures: Pictures, settings: FeatureSettings, dtype: str
) -> FeatureHeader:
    """Return what the header will say, but for the digests of files."""
    return FeatureHeader(
        network=classifier.network.digest(),
        run=classifier.source,
        stage=settings.stage,
        shape=settings.shape(classifier.network),
        dtype=dtype,
        pooled=settings.pooled,
        views=settings.views,
        count=len(pictures),
        counts=pictures.counts,
        sources=pictures.sources(),
        classes=pictures.classes,
        words=pictures.words,
    )


@contextlib.contextmanager
def _held(folder: Path, processes: ProcessGroup) -> Iterator[None]:
    """Make the folder and keep other commands away from it; the first process does it for all."""
    if processes.is_first:
        folder.mkdir(parents=True, exist_ok=True)
    with files.locked(folder) if processes.is_first else contextlib.nullcontext():
        yield


def _begun(folder: Path, header: FeatureHeader, portions: int) -> list[int] | None:
    """Return the numbers of the portions that are missing; None where all is there."""
    if os.path.exists(folder / HEADER):
        if replace(read_header(folder), sha256={}) != header:
            raise _other(folder)
        for name in (DONE, PLAN):  # where the end came between the header and their removal
            (folder / name).unlink(missing_ok=True)
        return None
    plan = json.dumps(to_plain(header), sort_keys=True)
    if os.path.exists(folder / PLAN):
        if files.read_bounded(folder / PLAN).decode("ascii", "replace") != plan:
            raise _other(folder)
        if not os.path.exists(folder / PARTIAL):  # where it came before the header
            os.replace(folder / FEATURES, folder / PARTIAL)
    elif strange := [name for name in os.listdir(folder) if not name.startswith((".", "unfinished."))]:
        raise AlexNetError(
            f"{os.fspath(folder)!r} is not empty ({sorted(strange)[0]!r}): choose another folder"
        )
    else:
        _start(folder, header, portions)
        files.write_text(folder / PLAN, plan)
    done = np.fromfile(folder / DONE, np.uint8)
    return np.flatnonzero(done != 1).tolist()


def _start(folder: Path, header: FeatureHeader, portions: int) -> None:
    """Write the array's header, and make both files as long as they will be."""
    with open(folder / PARTIAL, "wb") as file:
        values: dict[str, Any] = {
            "descr": np.lib.format.dtype_to_descr(np.dtype(header.dtype)),
            "fortran_order": False,
            "shape": (header.count, header.dimension),
        }
        np.lib.format.write_array_header_1_0(file, values)
        file.truncate(file.tell() + header.count * _row_bytes(header))
    with open(folder / DONE, "wb") as file:
        file.truncate(portions)


def _write(
    folder: Path,
    header: FeatureHeader,
    portions: list[Portion],
    found: Iterator[tuple[Portion, np.ndarray]],
    rounds: int,
    processes: ProcessGroup,
    progress: Progress,
    total: int,
) -> None:
    """Write this process's portions, marking each as done once it is on the disk; no process runs ahead of others."""
    numbers = {portion.first: number for number, portion in enumerate(portions)}
    with open(folder / PARTIAL, "r+b") as array, open(folder / DONE, "r+b") as marks:
        start = os.fstat(array.fileno()).st_size - header.count * _row_bytes(header)
        unmarked, done = list[int](), 0

        def mark() -> None:
            os.fdatasync(array.fileno())
            for number in unmarked:
                os.pwrite(marks.fileno(), b"\1", number)
            unmarked.clear()

        for _ in range(rounds):
            pair = next(found, None)
            if pair is not None:
                portion, vectors = pair
                _write_at(array.fileno(), vectors, start + portion.first * _row_bytes(header))
                unmarked.append(numbers[portion.first])
                done += _count(portion)
                progress(done, total)
            if len(unmarked) >= _SYNC:
                mark()
            processes.largest(0.0)
        mark()
    processes.largest(0.0)  # all have written


def _finish(folder: Path, header: FeatureHeader, pictures: Pictures) -> None:
    """Write labels and names, name the array, and last the header."""
    portions = pictures.portions(65_536)
    write_array(folder / LABELS, np.concatenate([pictures.labels(portion) for portion in portions]))
    with files.written_whole(folder / NAMES) as temporary, open(temporary, "w", encoding="ascii") as file:
        for portion in portions:
            file.writelines(f"{json.dumps(name)}\n" for name in pictures.names(portion))
    files.flush(folder / PARTIAL)
    os.replace(folder / PARTIAL, folder / FEATURES)
    digests = {name: files.sha256(folder / name) for name in (FEATURES, LABELS, NAMES)}
    write_header(folder, replace(header, sha256=digests))
    for name in (DONE, PLAN):
        (folder / name).unlink()


def _write_at(descriptor: int, vectors: np.ndarray, offset: int) -> None:
    """Write an array's bytes at an offset, all of them."""
    content = memoryview(np.ascontiguousarray(vectors).tobytes())
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written


def _row_bytes(header: FeatureHeader) -> int:
    return header.dimension * np.dtype(header.dtype).itemsize


def _count(portion: Portion) -> int:
    return portion.stop - portion.start


def _other(folder: Path) -> AlexNetError:
    return AlexNetError(
        f"{os.fspath(folder)!r} holds features of another network, stage, type or other pictures: choose another "
        "folder, or remove it"
    )
