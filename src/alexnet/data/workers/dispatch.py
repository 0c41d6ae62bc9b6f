"""Who does the parts of a job: this process, or others that may die of a picture. What comes of it is the same."""

import errno
import pickle
from collections.abc import Callable, Iterator
from typing import Any

from alexnet.cpu import cores
from alexnet.data.workers.jobs import Job, P
from alexnet.data.workers.pool import Pool

FEW = 4096  # pictures that one process is done with before others have started


def results(
    job: Job, parts: list[P], workers: int | None, done: Callable[[int], None]
) -> Iterator[tuple[P, dict[str, Any]]]:
    """Do every part, and yield each with what came of it, as it is finished.

    Args:
        job: what to do.
        parts: of its source, in an order that they are begun in.
        workers: how many other processes, 0 for this one alone; None chooses, one for each core or this one.
        done: called now and then with how many entries have been read so far.
    Raises:
        DataError: the source failed.
        AlexNetError: the disk is full or cannot be read or written, or a process ends outside of any picture.
    """
    if workers is None:
        several = cores() > 1 and len(parts) > 1 and sum(part.stop - part.start for part in parts) >= FEW
        workers = cores() if several else 0
    if parts and workers and _travels(job):
        yield from Pool(job, parts, workers, done).run()
        return
    before = 0
    for part in parts:
        base = before - part.start

        def on_progress(entry: int, decoding: bool, base: int = base) -> None:
            if entry % 64 == 0:
                done(base + entry)

        try:
            result = job.do(part, on_progress, {})
        except OSError as error:
            raise job.failed(error.errno in (errno.ENOSPC, errno.EDQUOT), str(error)) from None
        yield part, result
        before += part.stop - part.start


def _travels(job: Job) -> bool:
    """Tell whether another process can be given the job: not a source that the caller's own script defines."""
    if type(job.source).__module__ == "__main__":
        return False
    try:
        pickle.dumps(job)
    except (pickle.PicklingError, TypeError, AttributeError):
        return False
    return True
