"""Limits and deadlines of a service; each has a default that a laptop and a machine of a data centre can live with."""

from dataclasses import dataclass
from typing import Final, final

from alexnet.data.decoding.decoding import MAX_PIXELS

MEGABYTE: Final = 2**20


@final
@dataclass(frozen=True)
class Limits:
    """What is taken at most, and how long is waited for it."""

    body_bytes: int = 20 * MEGABYTE
    """Of one request."""
    bodies_bytes: int = 256 * MEGABYTE
    """Of all the requests that are being read at a time; beyond, new ones are told to come again."""
    images: int = 64
    """Pictures of one request."""
    pixels: int = MAX_PIXELS
    """Of one picture, as everywhere in the package."""
    top: int = 1000
    """Classes of one picture."""
    connections: int = 512
    """Open at a time."""
    head_seconds: float = 10.0
    """From the first byte of a request to the end of its headers."""
    body_seconds: float = 20.0
    """From there to the end of its body."""
    request_seconds: float = 30.0
    """From the end of the body to the last byte of the answer, which a client may be slow to read."""
    latency_seconds: float = 1.0
    """What a request may wait: the queue is as long as the network is done with in that time, and one batch takes at
    most half of it."""
    decoder_bytes: int = 2048 * MEGABYTE
    """Address space of a decoding process."""
    decoder_seconds: float = 20.0
    """For one picture."""
