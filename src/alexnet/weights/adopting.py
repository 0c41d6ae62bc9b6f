"""Published weights made ours: fetched on request or given as a file, checked by digest, converted once."""

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from alexnet import checkpoint, downloads, files
from alexnet.checkpoint import Checkpoint
from alexnet.errors import AbsentWeightsError, CheckpointError, DamagedError
from alexnet.interchange import conversion
from alexnet.weights.catalogue import PublishedWeights
from alexnet.weights.finding import candidates, converted, download_folder, own_folder, publishers_file


def checkpoint_of(weights: PublishedWeights) -> Checkpoint:
    """Read weights that lie on this machine; nothing is fetched.

    The publisher's file is converted once: the checkpoint is kept, if the cache folder can be written.

    Args:
        weights: what is read.
    Raises:
        AbsentWeightsError: they are not on this machine; the message says how to get them.
        CheckpointError: what is there cannot be read.
    """
    if weights.shipped is not None and weights.shipped.is_file():
        return checkpoint.load(weights.shipped)
    if (kept := _kept(weights)) is not None:
        return kept
    path = publishers_file(weights)
    if path is None:
        raise absent(weights)
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # a cache that cannot be written: it is converted each time
            own_folder(weights).mkdir(parents=True, exist_ok=True)
            held.enter_context(files.locked(own_folder(weights)))
        kept = _kept(weights)  # by another process, meanwhile
        found = kept or _converted(weights, path)
        if kept is None:
            with contextlib.suppress(CheckpointError):
                checkpoint.save(found, converted(weights))
    return found


def fetch(
    weights: PublishedWeights,
    say: Callable[[str], None],
    *,
    mirror: str | None = None,
    on_progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Path:
    """Fetch weights from their publisher, unless they are on this machine, and convert them.

    Args:
        weights: what to fetch.
        say: is told what is fetched, from where, under which terms.
        mirror: an address of the same file, asked before the publisher's.
        on_progress: is told the bytes that are there, and all, as far as that is known.
    Returns:
        where the checkpoint is.
    Raises:
        CheckpointError: the network is forbidden or fails, what comes is not what was published, or it cannot be kept.
    """
    if weights.shipped is not None:
        if not weights.shipped.is_file():
            raise absent(weights)
        return weights.shipped
    with _own_folder_locked(weights):
        if _kept(weights) is None:
            path = publishers_file(weights)
            if path is None:
                if downloads.offline():
                    raise absent(weights)
                say(f"{weights.name}: {weights.licence}")
                remote = dataclasses.replace(weights.file, mirrors=(mirror,) if mirror else ())
                folder = download_folder(weights)
                path = downloads.fetch(remote, folder, say, error=CheckpointError, on_progress=on_progress)
            checkpoint.save(_converted(weights, path), converted(weights))
        shutil.rmtree(download_folder(weights), ignore_errors=True)  # the conversion has all that it had
    return converted(weights)


def add(path: Path, among: Mapping[str, PublishedWeights]) -> PublishedWeights:
    """Take a file that somebody got elsewhere: it is known by its digest, whatever its name, and converted.

    Args:
        path: of the publisher's file.
        among: the weights that it may be, by name.
    Returns:
        which weights it is.
    Raises:
        CheckpointError: it is none of them, cannot be read, or its conversion cannot be kept.
    """
    try:
        matching = [one for one in among.values() if one.shipped is None and one.file.matches(path)]
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    if not matching:
        there = "has the digest of none of them" if os.path.isfile(path) else "is no file"
        names = ", ".join(name for name, one in among.items() if one.shipped is None)
        raise CheckpointError(
            f"{path} {there}: the files of {names} are taken as their publishers offer them; of another file "
            "alexnet convert makes a checkpoint"
        )
    with _own_folder_locked(matching[0]):
        checkpoint.save(_converted(matching[0], path), converted(matching[0]))
    return matching[0]


def absent(weights: PublishedWeights) -> AbsentWeightsError:
    """Return the error for weights that are not on this machine: how to get them, in a line.

    Args:
        weights: what is absent.
    """
    name, file = weights.name, weights.file
    if weights.shipped is not None:
        return AbsentWeightsError(f"{weights.shipped} is missing: install alexnet again", name)
    other = next(candidates(weights), None)
    wrong = f"{other} is not its publisher's file ({file.digest} is expected); " if other is not None else ""
    if downloads.offline():
        how = f"ALEXNET_OFFLINE is set: fetch {file.url} elsewhere, then alexnet weights --add {file.name}"
    else:
        size = f"{file.size / 1e6:,.0f} MB " if file.size is not None else ""
        host = urlsplit(file.url).hostname
        how = (
            f"alexnet weights --fetch {name} gets them ({size}from {host}), or alexnet weights --add FILE where "
            f"you have {file.name}"
        )
    return AbsentWeightsError(f"{wrong}the weights `{name}` are not on this machine: {how}", name)


def _kept(weights: PublishedWeights) -> Checkpoint | None:
    """Read the conversion that was kept, if it is there and whole."""
    with contextlib.suppress(DamagedError):  # it is made again
        if converted(weights).is_file():
            return checkpoint.load(converted(weights))
    return None


def _converted(weights: PublishedWeights, path: Path) -> Checkpoint:
    """Convert the publisher's file."""
    found = conversion.read(path, network=weights.network)
    return dataclasses.replace(
        found, data={**found.data, "published as": f"{weights.name}, {weights.file.digest}"}
    )


@contextlib.contextmanager
def _own_folder_locked(weights: PublishedWeights) -> Iterator[None]:
    folder = own_folder(weights)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"{folder} cannot be made: {error.strerror}; ALEXNET_HOME names another folder"
        ) from error
    with files.locked(folder):
        yield
