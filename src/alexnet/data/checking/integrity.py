"""Whether a prepared data set is still what was prepared."""

import os
from collections.abc import Callable

from alexnet import files
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.shards import Shard


def damages(dataset: Dataset, progress: Callable[[int, int], None] = lambda done, total: None) -> list[str]:
    """Compare every file of a prepared data set with the SHA-256 on its card.

    Args:
        dataset: a data set, opened.
        progress: called with the files done and the files in all.
    Returns:
        one line for each file that is missing, cannot be read or has changed; none where all is well.
    """
    work = [
        (Shard(split, number, 0, 0).file(dataset.directory, ending), digest)
        for split in dataset.splits
        for number, shard in enumerate(dataset.card["splits"][split]["shards"])
        for ending, digest in shard["sha256"].items()
    ]
    found = []
    for done, (path, digest) in enumerate(work, 1):
        try:
            if files.sha256(path) != digest:
                found.append(f"{os.fspath(path)!r} is not what was prepared: its SHA-256 differs")
        except OSError as error:
            found.append(f"{os.fspath(path)!r} cannot be read: {error.strerror}")
        progress(done, len(work))
    return found
