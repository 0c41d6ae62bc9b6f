"""A process that does parts of a job: `python -m alexnet.data.workers.worker`, started by `workers`.

A job and then parts come in on standard input as pickles of its parent, and one line of JSON goes out for each part.
"""

import errno
import json
import mmap
import pickle
import struct
import sys
from pathlib import Path
from typing import Any

from alexnet.data.workers.jobs import Job, OnProgress, Part
from alexnet.data.workers.processes import belong_to_parent
from alexnet.errors import DataError


def main(progress_file: Path, slot: int) -> None:
    """Do parts as they are asked for.

    Args:
        progress_file: eight bytes for each worker, which says there which entry it is at: twice its number, and one
            more while it is being decoded.
        slot: this worker's number in it.
    """
    requests, descriptor = belong_to_parent()
    answers = open(descriptor, "w", encoding="ascii")  # noqa: SIM115  # as long as the process
    job = pickle.load(requests)
    with open(progress_file, "r+b") as file, mmap.mmap(file.fileno(), 0) as slots:

        def on_progress(entry: int, decoding: bool) -> None:
            struct.pack_into("<q", slots, 8 * slot, 2 * entry + decoding)

        while True:
            try:
                part, known_bad = pickle.load(requests)
            except EOFError:
                return
            answers.write(json.dumps(_answer(job, part, on_progress, known_bad)) + "\n")
            answers.flush()


def _answer(job: Job, part: Part, on_progress: OnProgress, known_bad: dict[int, str]) -> dict[str, Any]:
    """Do a part; what went wrong becomes part of the answer."""
    try:
        return {"result": job.do(part, on_progress, known_bad)}
    except DataError as error:
        return {"data": str(error)}
    except OSError as error:
        return {"full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "system": str(error)}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
