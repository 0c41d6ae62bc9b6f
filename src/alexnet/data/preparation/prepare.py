"""From a source to a prepared data set on the disk.

Pictures are decoded once, squared and stored in shards; labels are numbers by the source's order of classes; the
mean and the colour components of the training pictures are computed on the way. The card comes last: a directory
that has one is finished.

Under torchrun or srun each process writes its part of the shards, on one machine or several that share the directory,
and the first of them the card.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from alexnet import files
from alexnet.data.dataset import Dataset
from alexnet.data.decoding.images import decoder
from alexnet.data.preparation.card import check, write_card
from alexnet.data.preparation.shards import Plan, Shard, disk_error, read_record
from alexnet.data.quarantine import quarantine_of, read_quarantine
from alexnet.data.sources.naming import default_side, source_named
from alexnet.data.sources.source import Source
from alexnet.data.storage.card import CARD, FORMAT, MAX_SIDE, read_values
from alexnet.data.storage.encoding import ENCODINGS, QUALITY
from alexnet.data.workers.dispatch import results
from alexnet.distributed.rank import process_rank
from alexnet.errors import AlexNetError, DataError, choices

TOLERANCE = 0.05
_PLAN = "plan.json"
_POLL_SECONDS = 0.2  # between looks at what other machines have finished

Progress = Callable[[int, int], None]
"""Called with the pictures done and the pictures in all."""


def prepare(
    source: str | Path | Source,
    directory: str | Path,
    *,
    side: int | None = None,
    encoding: str = "raw",
    quality: int = QUALITY,
    tolerance: float = TOLERANCE,
    quarantine: str | Path | None = None,
    workers: int | None = None,
    order: str = "sorted",
    progress: Progress = lambda done, total: None,
) -> Dataset:
    """Prepare a data set: decode, square, store, and compute the statistics.

    A preparation that was interrupted goes on where it stopped; one that is finished is opened. What is written
    does not depend on the number of workers.

    Args:
        source: a name (`digits`, `cifar10`, ...), a path that `open_source` understands, or a source.
        directory: where to write; made if it is not there, otherwise empty or a preparation of the same source.
        side: height and width of the stored pictures, in pixels; left out, 256 (section 2 of the paper), or the
            pictures' own where they are small, such as CIFAR's 32.
        encoding: "raw" pixels, the fastest to read, or "jpeg", about an eighth of the size.
        quality: of the JPEGs, 1 to 100.
        tolerance: the largest part of a split that may be unreadable and left out, 0 to 1.
        quarantine: a list of pictures to leave out, as `alexnet check` writes it; left out, the one that lies
            with the pictures as quarantine.jsonl, if there is one.
        workers: other processes to decode in, 0 for this one alone; left out, one for each core, or this one for
            a few thousand pictures. A picture that brings a decoder down ends the process that decodes it: one
            of the others is replaced, and the picture left out.
        order: of ImageNet's classes: "sorted" by synset, or by the numbers of the development kit, "devkit".
        progress: called now and then.
    Returns:
        the prepared data set, opened.
    Raises:
        DataError: the source cannot be used, too many of its pictures cannot be read, a class has none left, or the
            directory holds something else.
        AlexNetError: the disk is full, or cannot be written; shards that are finished stay.
    """
    if (side is not None and side < 1) or not 1 <= quality <= 100 or (workers is not None and workers < 0):
        raise ValueError(
            f"side {side}, quality {quality}, workers {workers}: expected side from 1, quality 1 to 100, workers from 0"
        )
    if encoding not in ENCODINGS:
        raise DataError(f"`{encoding}` is not an encoding; {choices(encoding, ENCODINGS)}")
    opened = source_named(source, order=order) if isinstance(source, str | Path) else source
    side = default_side(opened) if side is None else side
    if side > MAX_SIDE:
        raise DataError(
            f"a side of {side:,} pixels is more than the {MAX_SIDE:,} that are prepared: give less"
        )
    quarantine = quarantine or quarantine_of(opened)
    listed = read_quarantine(quarantine) if quarantine else {}
    plan = Plan(opened, Path(directory), side, encoding, quality, listed)
    own = process_rank(os.environ)
    rank, world = own.rank, own.world_size
    try:
        plan.directory.mkdir(parents=True, exist_ok=True)
        with files.locked(plan.directory, shared=world > 1):
            key = preparation_key(opened, side, encoding, quality, listed)
            if rank:  # the first process begins; a small set may be finished before this one looks again
                _wait(lambda: _begun(plan.directory, key) or _finished(plan.directory, key))
            if not _finished(plan.directory, key):
                if not rank:
                    _begin(plan.directory, key, world)
                _write(plan, key, tolerance, workers, progress, rank, world)
            return Dataset.open(plan.directory)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise disk_error(full, error.strerror or str(error), plan.directory) from None


def _write(
    plan: Plan, key: str, tolerance: float, workers: int | None, progress: Progress, rank: int, world: int
) -> None:
    """Write this process's shards, then, as the first process, the card; or wait for it."""
    shards = plan.shards()
    total = sum(shard.stop - shard.start for shard in shards)
    mine = [shard for number, shard in enumerate(shards) if number % world == rank]
    missing = [shard for shard in mine if read_record(shard, plan.directory) is None]
    finished = sum(shard.stop - shard.start for shard in set(mine) - set(missing))
    _check_room(plan, missing)
    try:
        for _ in results(plan, missing, workers, lambda done: progress(finished + done, total)):
            pass
        if rank:
            _wait(lambda: (plan.directory / CARD).exists())
            return
        records = {shard: _record(shard, plan.directory) for shard in shards}
        check(plan, records, tolerance)
    except DataError:
        if world == 1:
            _clear(plan.directory, shards)
        raise
    write_card(plan, records, key)
    progress(total, total)
    for leftover in _leftovers(plan.directory):
        leftover.unlink(missing_ok=True)  # others that find it finished tidy too


def _check_room(plan: Plan, missing: list[Shard]) -> None:
    """Refuse before hours are spent, where raw pixels cannot fit on the disk."""
    need = sum(shard.stop - shard.start for shard in missing) * 3 * plan.side**2
    free = shutil.disk_usage(plan.directory).free
    if plan.encoding == "raw" and need > free:
        raise AlexNetError(
            f"{os.fspath(plan.directory)!r} needs {need / 1e9:,.1f} GB more, its disk has {free / 1e9:,.1f} GB: "
            "make room, or prepare with --encoding jpeg, an eighth of the size"
        )


def preparation_key(
    source: Source,
    side: int,
    encoding: str = "raw",
    quality: int = QUALITY,
    quarantine: Mapping[str, str] | None = None,
) -> str:
    """Hash all that decides what `prepare` writes."""
    parts: list[object] = [FORMAT, source.fingerprint(), side, decoder()]
    if encoding != "raw":
        parts += [encoding, quality]
    if quarantine:
        parts.append(sorted(quarantine.items()))
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


def _finished(directory: Path, key: str) -> bool:
    """Tell whether the directory holds this preparation, finished; refuse another one."""
    if not (directory / CARD).exists():
        return False
    try:
        found = read_values(directory).get("key")
    except DataError:
        found = None
    if found != key:
        raise DataError(
            f"{os.fspath(directory)!r} holds another prepared data set (its source, side, encoding or decoder "
            "differ): choose another directory or remove it"
        )
    for leftover in _leftovers(directory):
        leftover.unlink(missing_ok=True)
    return True


def _begun(directory: Path, key: str) -> bool:
    """Tell whether this preparation has been begun in the directory; refuse another one."""
    try:
        found = files.read_bounded(directory / _PLAN)
    except FileNotFoundError:
        return False
    if found != key.encode("ascii"):
        raise DataError(
            f"{os.fspath(directory)!r} holds an unfinished preparation of something else: "
            "choose another directory or remove it"
        )
    return True


def _begin(directory: Path, key: str, world: int) -> None:
    """Mark the directory as being prepared; refuse one that holds anything else."""
    if not _begun(directory, key):
        if any(path for path in directory.iterdir() if not path.name.startswith(f".{_PLAN}.")):
            raise DataError(f"{os.fspath(directory)!r} is not empty: choose another directory")
        files.write_text(directory / _PLAN, key)
    if world == 1:
        for leftover in directory.glob(".*.tmp"):
            leftover.unlink()


def _record(shard: Shard, directory: Path) -> dict[str, Any]:
    """Wait for a shard, and return its record."""
    while (record := read_record(shard, directory)) is None:
        time.sleep(_POLL_SECONDS)
    return record


def _wait(ready: Callable[[], bool]) -> None:
    """Wait for other processes; torchrun ends this one if one of them fails."""
    while not ready():
        time.sleep(_POLL_SECONDS)


def _leftovers(directory: Path) -> list[Path]:
    """List what only an unfinished preparation needs."""
    patterns = (_PLAN, "*-*.sums.npy", "*-*[0-9].json", ".*.tmp")
    return [path for pattern in patterns for path in directory.glob(pattern)]


def _clear(directory: Path, shards: list[Shard]) -> None:
    """Remove everything that a refused preparation wrote, and the directory if nothing else is in it."""
    for shard in shards:
        for path in directory.glob(f"{shard.split}-{shard.number:05d}.*"):
            path.unlink()
    for leftover in _leftovers(directory):
        leftover.unlink()
    with contextlib.suppress(OSError):
        directory.rmdir()
