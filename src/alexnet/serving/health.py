"""Whether a service answers: a real picture went through decoding and the network less than a minute ago.

That the process lives is another question, which no network is asked for.
"""

import asyncio
import contextlib
import io
import time
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from PIL import Image

from alexnet.serving.refusals import Refusal
from alexnet.serving.service import Service

FRESH_SECONDS: Final = 60.0
"""An answer is as old as this at most."""
QUIET_SECONDS: Final = 30.0
"""Without an answer for so long, a picture is sent through."""
STUCK_SECONDS: Final = 10.0
"""A batch that takes so much longer than it may is stuck."""


@final
@dataclass(frozen=True)
class State:
    """Whether it is ready, and why not."""

    ready: bool
    reasons: tuple[str, ...]
    failed_batches: int
    last_failure: str
    answered_seconds_ago: float


@final
class Health:
    """Watches a service.

    Args:
        service: that is running.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.draining = False
        """Whether it is shutting down: nobody is to be sent here any more."""
        self.reload_error = ""
        """Why the last changed run was not taken."""

    def state(self) -> State:
        """Return whether the service is ready."""
        batcher, now = self._service.batcher, time.monotonic()
        age = now - self._service.last_answer
        stuck = self._service.limits.latency_seconds + STUCK_SECONDS
        reasons = [
            text
            for text, holds in (
                ("shutting down", self.draining),
                (f"no picture was answered for {age:.0f} s", age > FRESH_SECONDS),
                (f"the last batch failed: {batcher.last_failure}", self._service.last_batch_failed),
                ("a batch is stuck", batcher.busy_since is not None and now - batcher.busy_since > stuck),
            )
            if holds
        ]
        self._service.metrics.set("ready", float(not reasons))
        return State(not reasons, tuple(reasons), batcher.failures, batcher.last_failure, age)

    async def watch(self) -> None:
        """Send a picture through wherever none was answered for a while, until cancelled."""
        while True:
            age = time.monotonic() - self._service.last_answer
            if age > QUIET_SECONDS or self._service.last_batch_failed:
                with contextlib.suppress(Refusal):  # the state says so
                    await self.probe()
            self.state()
            await asyncio.sleep(1.0)

    async def probe(self) -> None:
        """Send a picture through every network.

        Raises:
            Refusal: one does not answer.
        """
        for model in list(self._service.models.values()):
            (found,) = await self._service.probabilities(model, [picture()])
            if isinstance(found, Refusal):
                raise found


def picture() -> bytes:
    """Return a picture file to try a service with: a slope of colours."""
    down, across = np.mgrid[0:96, 0:128]
    pixels = np.stack([across * 2, down * 2, 255 - across - down], axis=2).clip(0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()
