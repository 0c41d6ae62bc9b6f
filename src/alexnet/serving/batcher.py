"""One thread that computes: a lone request never waits, and what comes while it is busy goes through together.

While the thread is idle a job starts at once. While it is busy jobs collect, and the next batch takes all that may go
with the oldest one, up to what its lane allows. The queue is as long as the thread is done with in a given time: who
comes when it is full is told at once, and told when to come again. A failure inside fails its own batch.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, final

from alexnet.cpu import limit_threads
from alexnet.serving.cost import Cost
from alexnet.serving.refusals import Refusal

_LOG: Final = logging.getLogger("alexnet.serving")
T = TypeVar("T")


@final
@dataclass(frozen=True, eq=False)
class Lane:
    """What may share a batch: jobs of one lane."""

    name: str
    compute: Callable[[list[Any]], Sequence[Any]]
    """Takes a list of values and gives a result for each of them, or an exception where only that one failed."""
    cost: Cost
    largest: int
    """Jobs of one batch at most."""


@final
@dataclass(frozen=True)
class Batch:
    """A batch that is done, for those who count."""

    size: int
    queue_seconds: float
    """That its jobs have waited, summed."""
    compute_seconds: float
    failed: bool


@final
@dataclass(eq=False)
class _Job:
    lane: Lane
    value: Any
    result: "asyncio.Future[Any]"
    since: float = field(default_factory=time.monotonic)


@final
class Batcher:
    """A queue with a bound, and the thread that works it off.

    Args:
        latency_seconds: what the queue may hold of work, in seconds of the thread.
        on_batch: called after each batch.
    """

    def __init__(self, latency_seconds: float, on_batch: Callable[[Batch], None]) -> None:
        self._latency, self._on_batch = latency_seconds, on_batch
        self.most = 1
        """How many jobs the queue may hold, however little they take: they are kept in memory."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inference", initializer=limit_threads)
        self._waiting: deque[_Job] = deque()
        self._wake = asyncio.Event()
        self.pending = 0
        """Jobs that are admitted and not answered."""
        self.pending_seconds = 0.0
        """What they take."""
        self.busy_since: float | None = None
        """When the batch that is being computed was begun."""
        self.failures = 0
        self.last_failure = ""

    @contextlib.contextmanager
    def admitted(self, lane: Lane, count: int) -> Iterator[None]:
        """Keep room for jobs from before their pictures are decoded until they are answered.

        A request larger than the whole queue is taken where nothing else waits.

        Raises:
            Refusal: there is no room.
        """
        seconds = lane.cost.each * count
        over = self.pending_seconds + seconds > self._latency or self.pending + count > self.most
        if self.pending and over:
            raise self.full()
        self.pending += count
        self.pending_seconds += seconds
        try:
            yield
        finally:
            self.pending -= count
            self.pending_seconds = self.pending_seconds - seconds if self.pending else 0.0

    @property
    def is_full(self) -> bool:
        """Whether not even one more job has room."""
        return self.pending > 0 and (self.pending_seconds >= self._latency or self.pending >= self.most)

    def refuse_if_full(self) -> None:
        """Raise the refusal of who comes when the queue is full."""
        if self.is_full:
            raise self.full()

    def full(self) -> Refusal:
        """Return that refusal."""
        seconds = max(1, math.ceil(self.pending_seconds))
        return Refusal(
            "queue.full",
            f"{self.pending} pictures wait already: come again in {seconds} s",
            retry_seconds=seconds,
        )

    async def run(self, lane: Lane, value: Any) -> Any:
        """Return what the lane gives for a value; who is cancelled before its batch begins costs nothing."""
        job = _Job(lane, value, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._wake.set()
        return await job.result

    async def on_thread(self, function: Callable[[], T]) -> T:
        """Run something else on the thread, between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def serve(self) -> None:
        """Work the queue off until cancelled."""
        while True:
            await self._wake.wait()
            batch = self._take()
            if batch:
                await self._compute(batch)
            else:
                self._wake.clear()

    def close(self) -> None:
        """Let the thread end after what it is at."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _take(self) -> list[_Job]:
        """Return the oldest job and those that may go with it; nobody waits for the cancelled ones."""
        batch: list[_Job] = []
        left: deque[_Job] = deque()
        for job in self._waiting:
            if job.result.done():
                continue
            fits = not batch or (job.lane is batch[0].lane and len(batch) < job.lane.largest)
            (batch if fits else left).append(job)
        self._waiting = left
        return batch

    async def _compute(self, batch: list[_Job]) -> None:
        """Compute a batch, and hand each job what came of it."""
        start = self.busy_since = time.monotonic()
        values = [job.value for job in batch]
        results: Sequence[Any]
        failed = False
        try:
            results = await self.on_thread(lambda: batch[0].lane.compute(values))
        except Exception as error:  # whatever it is, the thread and the other requests go on
            _LOG.exception("a batch of %d failed in %s", len(batch), batch[0].lane.name)
            failed = True
            self.failures += 1
            self.last_failure = f"{batch[0].lane.name}: {type(error).__name__}"
            refusal = Refusal("batch.failed", "the network failed at this batch; the service's log says why")
            results = [refusal] * len(batch)
        self.busy_since = None
        for job, result in zip(batch, results, strict=True):
            if job.result.done():
                continue
            if isinstance(result, Exception):
                job.result.set_exception(result)
            else:
                job.result.set_result(result)
        waited = sum(start - job.since for job in batch)
        self._on_batch(Batch(len(batch), waited, time.monotonic() - start, failed))
