"""Many processes that write shards: handing out work, watching, and starting again after a crash.

A picture that takes a process down, or keeps it for longer than `PATIENCE`, is left out with that reason, and its
shard is begun again. Which process writes which shard makes no difference to what is written.
"""

import contextlib
import json
import os
import pickle
import queue
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from alexnet.data.shards import Plan, Shard
from alexnet.errors import AlexNetError, DataError

PATIENCE = 60.0  # seconds for one picture
_LOOK = 0.2  # seconds between looks at the board


class Worker:
    """One process, the shard it is at, and a thread that listens to it."""

    def __init__(
        self, plan: bytes, board: Path, slot: int, answers: "queue.Queue[tuple[Worker, str]]"
    ) -> None:
        self.slot = slot
        self.shard: Shard | None = None
        self.seen = (-1, time.monotonic())  # the last new entry on the board, and when it was noticed
        self.process = subprocess.Popen(
            [sys.executable, "-m", "alexnet.data.worker", os.fspath(board), str(slot)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_NUM_THREADS": "1"},
        )
        self._send(plan)
        self._listener = threading.Thread(target=self._listen, args=(answers,), daemon=True)
        self._listener.start()

    def begin(self, shard: Shard, avoid: dict[int, str]) -> None:
        """Ask for a shard."""
        self.shard, self.seen = shard, (-1, time.monotonic())
        self._send(pickle.dumps((shard, avoid)))

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

    def _listen(self, answers: "queue.Queue[tuple[Worker, str]]") -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                answers.put((self, line.decode("ascii")))
        answers.put((self, ""))


class Pool:
    """Some processes that write the shards of a plan.

    Args:
        plan: where and how.
        work: the shards to write.
        count: how many processes, at least 1.
        done: called now and then with how many entries have been read so far.
    """

    def __init__(self, plan: Plan, work: list[Shard], count: int, done: Callable[[int], None]) -> None:
        self._plan, self._count, self._done = pickle.dumps(plan), min(count, len(work)), done
        self._waiting, self._unfinished, self._finished = list(reversed(work)), len(work), 0
        self._avoid: dict[Shard, dict[int, str]] = {shard: {} for shard in work}
        self._answers: queue.Queue[tuple[Worker, str]] = queue.Queue()
        self._workers: dict[int, Worker] = {}

    def run(self) -> Iterator[tuple[Shard, dict[str, Any]]]:
        """Yield each shard and its record, as it is finished.

        Raises:
            DataError: the source failed.
            AlexNetError: the disk is full or cannot be written, or a process ends outside of any picture.
        """
        with tempfile.NamedTemporaryFile(prefix="alexnet-board-") as board:
            board.write(bytes(8 * self._count))
            board.flush()
            try:
                for slot in range(self._count):
                    self._start(slot, Path(board.name), self._waiting.pop())
                while self._unfinished:
                    yield from self._next(Path(board.name))
            finally:
                for worker in self._workers.values():
                    worker.end()

    def _start(self, slot: int, board: Path, shard: Shard) -> None:
        """Start a process in a slot, and give it a shard."""
        self._workers[slot] = Worker(self._plan, board, slot, self._answers)
        self._give(self._workers[slot], board, shard)

    def _give(self, worker: Worker, board: Path, shard: Shard) -> None:
        with open(board, "r+b") as file:
            file.seek(8 * worker.slot)
            file.write(struct.pack("<q", 2 * shard.start))
        worker.begin(shard, self._avoid[shard])

    def _next(self, board: Path) -> Iterator[tuple[Shard, dict[str, Any]]]:
        """Wait a little for an answer, and deal with it."""
        self._look(board)
        try:
            worker, line = self._answers.get(timeout=_LOOK)
        except queue.Empty:
            return
        shard = worker.shard
        if shard is None or self._workers[worker.slot] is not worker:
            return
        if not line:
            self._again(worker, shard, board)
            return
        answer = json.loads(line)
        if "record" not in answer:
            raise _failure(answer, self._plan)
        worker.shard = None
        self._unfinished -= 1
        self._finished += shard.stop - shard.start
        yield shard, answer["record"]
        if self._waiting:
            self._give(worker, board, self._waiting.pop())

    def _look(self, board: Path) -> None:
        """Read the board: tell how far the work is, and end a process that one picture keeps too long."""
        notes = struct.unpack(f"<{self._count}q", board.read_bytes())
        busy = [worker for worker in self._workers.values() if worker.shard]
        self._done(self._finished + sum(notes[w.slot] // 2 - w.shard.start for w in busy if w.shard))
        for worker in busy:
            note = notes[worker.slot]
            if note != worker.seen[0]:
                worker.seen = (note, time.monotonic())
            elif note % 2 and time.monotonic() - worker.seen[1] > PATIENCE:
                worker.process.kill()

    def _again(self, worker: Worker, shard: Shard, board: Path) -> None:
        """Begin a shard again after its process died, without the picture that it died of."""
        note = struct.unpack_from("<q", board.read_bytes(), 8 * worker.slot)[0]
        code = worker.process.wait()
        place, avoid = note // 2, self._avoid[shard]
        if not note % 2 or place in avoid:
            raise AlexNetError(
                f"a process that writes shards ended with code {code} outside of any picture: "
                "is there memory enough? The finished shards are kept; run the same again with fewer workers"
            )
        late = time.monotonic() - worker.seen[1] > PATIENCE
        avoid[place] = (
            f"damaged: not decoded within {PATIENCE:.0f} s" if late else "damaged: it brings the decoder down"
        )
        worker.end()
        self._start(worker.slot, board, shard)


def _failure(answer: dict[str, str], plan: bytes) -> AlexNetError:
    """Return the error that a worker's answer tells of."""
    if "data" in answer:
        return DataError(answer["data"])
    return disk_error("full" in answer, next(iter(answer.values())), pickle.loads(plan).directory)


def disk_error(full: bool, words: str, directory: Path) -> AlexNetError:
    """Return the error for a disk that is full, or refuses."""
    if full:
        return AlexNetError(
            f"the disk of {os.fspath(directory)!r} is full: the finished shards are kept; "
            "make room and run the same again"
        )
    return AlexNetError(f"{os.fspath(directory)!r} cannot be written: {words}; the finished shards are kept")
