"""Many processes that do the parts of a job: handing out work, watching, and starting again after a crash.

A picture that takes a process down, or keeps it for longer than `PATIENCE`, is left out with that reason, and its
part is begun again.
"""

import contextlib
import json
import os
import pickle
import queue
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Generic

from alexnet.data.workers.jobs import Job, P
from alexnet.data.workers.processes import start
from alexnet.errors import AlexNetError, DataError

PATIENCE = 60.0  # seconds for one picture
_POLL_SECONDS = 0.2  # between reads of the progress file


class Worker(Generic[P]):
    """One process, the part it is at, and a thread that listens to it."""

    def __init__(
        self, job: bytes, progress_file: Path, slot: int, answers: "queue.Queue[tuple[Worker[P], str]]"
    ) -> None:
        self.slot = slot
        self.part: P | None = None
        self.seen = (-1, time.monotonic())  # the last progress read, and when it was new
        self.process = start("alexnet.data.workers.worker", os.fspath(progress_file), str(slot))
        self._send(job)
        self._listener = threading.Thread(target=self._listen, args=(answers,), daemon=True)
        self._listener.start()

    def begin(self, part: P, known_bad: dict[int, str]) -> None:
        """Ask for a part."""
        self.part, self.seen = part, (-1, time.monotonic())
        self._send(pickle.dumps((part, known_bad)))

    def end(self) -> None:
        """Stop the process and wait for it."""
        with contextlib.suppress(OSError):
            self._input.close()
        self.process.kill()
        self.process.wait()
        self._listener.join()

    @property
    def _input(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def _send(self, content: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):  # the listener tells of its death
            self._input.write(content)
            self._input.flush()

    def _listen(self, answers: "queue.Queue[tuple[Worker[P], str]]") -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                answers.put((self, line.decode("ascii")))
        answers.put((self, ""))


class Pool(Generic[P]):
    """Some processes that do the parts of a job.

    Args:
        job: what to do.
        parts: in the order that they are begun in.
        count: how many processes, at least 1.
        done: called now and then with how many entries have been read so far.
    """

    def __init__(self, job: Job, parts: list[P], count: int, done: Callable[[int], None]) -> None:
        self._job, self._count, self._done = job, min(count, len(parts)), done
        self._waiting, self._unfinished, self._finished = list(reversed(parts)), len(parts), 0
        self._known_bad: dict[P, dict[int, str]] = {part: {} for part in parts}
        self._answers: queue.Queue[tuple[Worker[P], str]] = queue.Queue()
        self._workers: dict[int, Worker[P]] = {}

    def run(self) -> Iterator[tuple[P, dict[str, Any]]]:
        """Yield each part and what came of it, as it is finished.

        Raises:
            DataError: the source failed.
            AlexNetError: the disk is full or cannot be read or written, or a process ends outside of any picture.
        """
        with tempfile.NamedTemporaryFile(prefix="alexnet-progress-") as progress_file:
            progress_file.write(bytes(8 * self._count))
            progress_file.flush()
            try:
                for slot in range(self._count):
                    self._start(slot, Path(progress_file.name), self._waiting.pop())
                while self._unfinished:
                    yield from self._next(Path(progress_file.name))
            finally:
                for worker in self._workers.values():
                    worker.end()

    def _start(self, slot: int, progress_file: Path, part: P) -> None:
        """Start a process in a slot, and give it a part."""
        self._workers[slot] = Worker(pickle.dumps(self._job), progress_file, slot, self._answers)
        self._give(self._workers[slot], progress_file, part)

    def _give(self, worker: Worker[P], progress_file: Path, part: P) -> None:
        with open(progress_file, "r+b") as file:
            file.seek(8 * worker.slot)
            file.write(struct.pack("<q", 2 * part.start))
        worker.begin(part, self._known_bad[part])

    def _next(self, progress_file: Path) -> Iterator[tuple[P, dict[str, Any]]]:
        """Wait a little for an answer, and deal with it."""
        self._poll(progress_file)
        try:
            worker, line = self._answers.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return
        part = worker.part
        if part is None or self._workers[worker.slot] is not worker:
            return
        if not line:
            self._restart(worker, part, progress_file)
            return
        answer = json.loads(line)
        if "data" in answer:
            raise DataError(answer["data"])
        if "result" not in answer:
            raise self._job.failed("full" in answer, next(iter(answer.values())))
        worker.part = None
        self._unfinished -= 1
        self._finished += part.stop - part.start
        yield part, answer["result"]
        if self._waiting:
            self._give(worker, progress_file, self._waiting.pop())

    def _poll(self, progress_file: Path) -> None:
        """Read the progress file: tell how far the work is, and end a process that one picture keeps too long."""
        progress = struct.unpack(f"<{self._count}q", progress_file.read_bytes())
        busy = [worker for worker in self._workers.values() if worker.part]
        self._done(self._finished + sum(progress[w.slot] // 2 - w.part.start for w in busy if w.part))
        for worker in busy:
            if progress[worker.slot] != worker.seen[0]:
                worker.seen = (progress[worker.slot], time.monotonic())
            elif progress[worker.slot] % 2 and time.monotonic() - worker.seen[1] > PATIENCE:
                worker.process.kill()

    def _restart(self, worker: Worker[P], part: P, progress_file: Path) -> None:
        """Begin a part again after its process died, without the picture that it died of."""
        progress = struct.unpack_from("<q", progress_file.read_bytes(), 8 * worker.slot)[0]
        code = worker.process.wait()
        entry, known_bad = progress // 2, self._known_bad[part]
        if not progress % 2 or entry in known_bad:
            raise AlexNetError(
                f"a process that decodes pictures ended with code {code} outside of any picture: "
                "is there memory enough? Run the same again with fewer workers"
            )
        late = time.monotonic() - worker.seen[1] > PATIENCE
        known_bad[entry] = (
            f"damaged: not decoded within {PATIENCE:.0f} s" if late else "damaged: it brings the decoder down"
        )
        worker.end()
        self._start(worker.slot, progress_file, part)
