"""Where published weights lie on this machine: nothing is fetched, nothing written."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alexnet import files
from alexnet.weights.catalogue import PublishedWeights


def find(weights: PublishedWeights) -> Path | None:
    """Return where weights lie: a checkpoint of ours, or the publisher's file, checked; None where they do not.

    Args:
        weights: what is looked for; what was converted already is found first, then as `publishers_file`.
    """
    ours = weights.shipped or converted(weights)
    return ours if ours.is_file() else publishers_file(weights)


def publishers_file(weights: PublishedWeights) -> Path | None:
    """Return where the publisher's file lies, checked by its digest; None where it does not.

    Looked through are `ALEXNET_DATA`; the folder where torch keeps what it fetches (`TORCH_HOME`, else
    `XDG_CACHE_HOME`/torch, else ~/.cache/torch); Caffe's models (`CAFFE_ROOT`, else ~/caffe); and this package's cache.

    Args:
        weights: what is looked for.
    """
    return next((path for path in candidates(weights) if _matches(weights, path)), None)


def described(weights: PublishedWeights) -> dict[str, Any]:
    """Return all that is known of weights as plain values, ready for JSON, and where they seem to lie.

    Args:
        weights: what is described; no file is read whole, so that what lies in another program's folder is known by
            name and size alone: its "state" is "found", and that of what was checked "ready".
    """
    file, ours = weights.file, weights.shipped or converted(weights)
    path = ours if ours.is_file() else next(candidates(weights), None)
    return {
        "name": weights.name,
        "state": "absent" if path is None else "ready" if path == ours else "found",
        "path": None if path is None else str(path),
        "publisher": weights.publisher,
        "network": weights.network,
        "trained_on": weights.trained_on,
        "top1_error": weights.errors.top1,
        "top5_error": weights.errors.top5,
        "protocol": weights.errors.protocol,
        "licence": weights.licence,
        "source": weights.source,
        "layout": weights.layout,
        "addresses": [] if weights.shipped is not None else [file.url],
        "size": file.size,
        file.digest.kind: file.digest.value,
    }


def candidates(weights: PublishedWeights) -> Iterator[Path]:
    """Yield files of the publisher's name and size, unread, in the order in which they are looked through.

    Args:
        weights: what is looked for.
    """
    for folder in _folders(weights):
        path = folder / weights.file.name
        if weights.shipped is None and weights.file.fits(path):
            yield path


def converted(weights: PublishedWeights) -> Path:
    """Return where the checkpoint is kept that was made of the publisher's file, in a folder of its own.

    Its name holds the file's digest: of another file another one is made.
    """
    return own_folder(weights) / f"{weights.file.digest.value[:16]}.safetensors"


def own_folder(weights: PublishedWeights) -> Path:
    """Return the folder in which this package keeps weights of a name."""
    return files.home() / "weights" / weights.name


def download_folder(weights: PublishedWeights) -> Path:
    """Return where the publisher's file lies from when it is fetched to when it is converted."""
    return own_folder(weights) / "download"


def _folders(weights: PublishedWeights) -> Iterator[Path]:
    if own := os.environ.get("ALEXNET_DATA"):
        yield Path(own)
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    torch = os.environ.get("TORCH_HOME") or os.path.join(cache, "torch")
    yield Path(os.path.expanduser(torch)) / "hub" / "checkpoints"
    if weights.caffe_folder:
        caffe = os.environ.get("CAFFE_ROOT") or "~/caffe"
        yield Path(os.path.expanduser(caffe)) / "models" / weights.caffe_folder
    yield download_folder(weights)


def _matches(weights: PublishedWeights, path: Path) -> bool:
    try:
        return weights.file.digest.matches(path)
    except OSError:  # somebody else's, that may not be read
        return False
