"""The batcher alone, with a computation that waits to be let go: what goes together, what waits, what fails."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from alexnet.serving.batcher import Batch, Batcher, Lane
from alexnet.serving.cost import Cost
from alexnet.serving.refusals import Refusal


class Gate:
    """A computation that gives twice its values, and begins a batch only when it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)

    def __call__(self, values: list[int]) -> Sequence[int]:
        self.batches.append(values)
        self.begun.release()
        assert self.go.acquire(timeout=60)
        if 13 in values:
            raise RuntimeError("a batch with a thirteen in it")
        return [2 * value for value in values]

    async def wait_begun(self) -> None:
        """Wait until one more batch has begun."""
        await asyncio.to_thread(self.begun.acquire)


def run(test: Callable[[Batcher, Gate, Lane], Awaitable[None]], **options: Any) -> list[Batch]:
    """Run a test with a batcher, and return the batches that it counted."""
    counted: list[Batch] = []

    async def whole() -> None:
        batcher = Batcher(options.get("latency", 100.0), counted.append)
        batcher.most = options.get("most", 100)
        gate = Gate()
        lane = Lane("test", gate, Cost(1.0), options.get("largest", 4))
        task = asyncio.create_task(batcher.serve())
        try:
            async with asyncio.timeout(60):
                await test(batcher, gate, lane)
        finally:
            task.cancel()
            gate.go.release(100)
            batcher.close()

    asyncio.run(whole())
    return counted


def test_a_lone_request_does_not_wait_and_what_comes_meanwhile_goes_together() -> None:
    async def test(batcher: Batcher, gate: Gate, lane: Lane) -> None:
        first = asyncio.create_task(batcher.run(lane, 1))
        await gate.wait_begun()  # alone: nobody was waited for
        others = [asyncio.create_task(batcher.run(lane, n)) for n in range(2, 8)]
        await asyncio.sleep(0)
        gate.go.release(3)
        assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10, 12, 14]
        assert gate.batches == [[1], [2, 3, 4, 5], [6, 7]]

    assert [batch.size for batch in run(test)] == [1, 4, 2]


def test_a_failure_fails_its_own_batch_and_the_next_goes_on() -> None:
    async def test(batcher: Batcher, gate: Gate, lane: Lane) -> None:
        first = asyncio.create_task(batcher.run(lane, 1))
        await gate.wait_begun()
        bad = [asyncio.create_task(batcher.run(lane, n)) for n in (12, 13, 14, 15)]
        good = asyncio.create_task(batcher.run(lane, 16))
        await asyncio.sleep(0)
        gate.go.release(3)
        results = await asyncio.gather(first, *bad, good, return_exceptions=True)
        assert [getattr(each, "code", each) for each in results] == [2, *["batch.failed"] * 4, 32]
        assert (batcher.failures, batcher.last_failure) == (1, "test: RuntimeError")

    assert [batch.failed for batch in run(test)] == [False, True, False]


def test_a_result_that_is_an_exception_is_its_own_jobs_alone() -> None:
    async def test(batcher: Batcher, gate: Gate, lane: Lane) -> None:
        odd = Lane("odd", lambda values: [ValueError() if v % 2 else v for v in values], Cost(1.0), 4)
        found = await asyncio.gather(*(batcher.run(odd, n) for n in range(4)), return_exceptions=True)
        assert [type(each) for each in found] == [int, ValueError, int, ValueError]

    run(test)


def test_who_has_gone_is_not_computed() -> None:
    async def test(batcher: Batcher, gate: Gate, lane: Lane) -> None:
        first = asyncio.create_task(batcher.run(lane, 1))
        await gate.wait_begun()
        gone, stays = (asyncio.create_task(batcher.run(lane, n)) for n in (2, 3))
        await asyncio.sleep(0)
        gone.cancel()
        gate.go.release(2)
        assert list(await asyncio.gather(first, stays)) == [2, 6]
        assert gate.batches == [[1], [3]]

    run(test)


def test_lanes_do_not_mix_and_none_starves() -> None:
    async def test(batcher: Batcher, gate: Gate, lane: Lane) -> None:
        other = Lane("other", gate, Cost(1.0), 4)
        tasks = [asyncio.create_task(batcher.run(lane, 1))]
        await gate.wait_begun()
        for number in range(2, 8):
            tasks.append(asyncio.create_task(batcher.run(lane if number % 2 else other, number)))
        await asyncio.sleep(0)
        gate.go.release(3)
        await asyncio.gather(*tasks)
        assert gate.batches == [[1], [2, 4, 6], [3, 5, 7]]

    run(test)


def test_the_queue_has_a_bound_and_says_when_to_come_again() -> None:
    """A second a picture and 10 s of latency: 10 have room; the eleventh is told the 10 s that they take."""

    async def test(batcher: Batcher, gate: Gate, lane: Lane) -> None:
        with batcher.admitted(lane, 6), batcher.admitted(lane, 4):
            assert batcher.is_full
            with pytest.raises(Refusal) as refusal, batcher.admitted(lane, 1):
                pass
            assert (refusal.value.code, refusal.value.retry_seconds) == ("queue.full", 10)
        assert (batcher.pending, batcher.pending_seconds) == (0, 0.0)
        with batcher.admitted(lane, 50):  # alone, a request larger than the queue is taken
            assert batcher.pending == 50

    run(test, latency=10.0)


def test_pictures_in_memory_are_bounded_however_fast_the_network_is() -> None:
    async def test(batcher: Batcher, gate: Gate, lane: Lane) -> None:
        fast = Lane("fast", gate, Cost(1e-9), 4)
        with batcher.admitted(fast, 8), pytest.raises(Refusal), batcher.admitted(fast, 1):
            pass

    run(test, most=8)
