"""Where a service listens, who may ask, and how it ends."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class HttpSettings:
    """What is HTTP's of a service."""

    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes any that is free."""
    key: bytes | None = None
    """What clients show; left out, everybody may ask."""
    hosts: tuple[str, ...] = ()
    """Names that clients may call it by, besides its address and localhost; left out, and with a key or open to other
    machines, any."""
    access_log: bool = True
    """Whether each request is a line on standard output."""
    drain_seconds: float = 0.0
    """After SIGTERM: how long new requests are still taken, until whoever sends them has seen that it is not ready."""
    reload_seconds: float = 10.0
    """Between looks at the files of the runs; 0 waits for SIGHUP."""
