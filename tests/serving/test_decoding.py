"""The processes that decode: the same pixels as everywhere, and no picture that ends more than one of them."""

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable

import hostile
import numpy as np
import pytest
from PIL import Image

from alexnet.data.decoding.images import square, square_pixels
from alexnet.errors import DataError
from alexnet.serving.decoding.pool import DecodingPool
from served import picture, wait_until

pytestmark = pytest.mark.slow  # it starts services and processes

MEGABYTES = 1024


def run(test: Callable[[DecodingPool], Awaitable[None]], *, count: int = 1, seconds: float = 120.0) -> int:
    """Run a test with a pool, and return how many processes were started again."""
    restarts = []

    async def whole() -> None:
        pool = DecodingPool(count, MEGABYTES * 2**20, seconds, lambda: restarts.append(1))
        try:
            await pool.start()
            await test(pool)
        finally:
            pool.close()

    asyncio.run(whole())
    return len(restarts)


def test_pixels_are_those_of_the_one_decoder() -> None:
    async def test(pool: DecodingPool) -> None:
        for name, (content, _) in hostile.shown().items():
            found = await pool.decode(content, 32, 1_000_000)
            assert np.array_equal(found, square(content, 32)), name
        raw = hostile.scene()
        assert np.array_equal(await pool.decode(raw, 32, 1_000_000), square_pixels(raw, 32))

    assert run(test) == 0


def test_what_is_refused_has_its_reason_and_costs_no_process() -> None:
    async def test(pool: DecodingPool) -> None:
        for name, (content, reasons) in hostile.refused().items():
            with pytest.raises(DataError) as error:
                await pool.decode(content, 64, 64_000_000)
            assert str(error.value).startswith(reasons), name

    assert run(test) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only there is memory limited")
def test_memory_is_limited() -> None:
    """A picture of 300 million pixels is allowed by count, and needs more than there is."""
    stream = io.BytesIO()
    Image.new("L", (20_000, 15_000)).save(stream, "PNG")

    async def test(pool: DecodingPool) -> None:
        with pytest.raises(DataError, match=r"too large|brings the decoder down"):
            await pool.decode(stream.getvalue(), 64, 400_000_000)
        assert (await pool.decode(picture(), 64, 1_000_000)).shape == (3, 64, 64)

    run(test)


def test_a_killed_process_costs_nobody_an_answer() -> None:
    async def test(pool: DecodingPool) -> None:
        for _ in range(3):
            for decoder in list(pool.decoders):
                os.kill(decoder.process.pid, signal.SIGKILL)
                decoder.process.wait()
            found = await asyncio.gather(*(pool.decode(picture(n), 64, 1_000_000) for n in range(6)))
            assert all(np.array_equal(each, square(picture(n), 64)) for n, each in enumerate(found))

    assert run(test, count=2) == 6


def test_a_process_that_hangs_is_ended_in_time() -> None:
    async def test(pool: DecodingPool) -> None:
        (decoder,) = pool.decoders
        os.kill(decoder.process.pid, signal.SIGSTOP)
        with pytest.raises(DataError, match="not decoded within 1 s"):
            await pool.decode(picture(), 64, 1_000_000)
        assert decoder.process.poll() is not None

    assert run(test, seconds=1.0) == 1


def test_who_goes_away_costs_no_process() -> None:
    async def test(pool: DecodingPool) -> None:
        for _ in range(20):
            task = asyncio.create_task(pool.decode(picture(), 64, 1_000_000))
            await asyncio.sleep(0)
            task.cancel()
        assert (await pool.decode(picture(), 64, 1_000_000)).shape == (3, 64, 64)

    assert run(test) == 0


def test_no_process_outlives_its_service() -> None:
    """The socket closes with whoever held it, however that ended."""

    async def test(pool: DecodingPool) -> None:
        (decoder,) = pool.decoders
        decoder._socket.close()
        start = time.monotonic()
        wait_until(lambda: decoder.process.poll() is not None)
        assert time.monotonic() - start < 60

    run(test)
