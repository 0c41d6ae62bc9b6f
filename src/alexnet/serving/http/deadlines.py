"""How long is waited for a client, on the wire: for a head, for a body, for its reading of the answer.

uvicorn waits for ever for whoever has begun a request. Each state of a connection has a deadline of its own here, which
is set when the state begins and not when a byte comes, so that a byte a second gains nothing.

Source: Kludex/uvicorn#157 asks for it since 2018; a protocol of one's own is the cure of
xorbitsai/inference#5213.
"""

import asyncio
import json
from typing import Any, ClassVar, Final

from h11 import SEND_BODY
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from alexnet.serving.settings import Limits

_LINGER: Final = 1.0
"""Seconds that a body may go on which nobody wants any more, and that an idle connection is kept open while the service
shuts down: its next request may be on its way."""
_GRACE: Final = 5.0
"""Seconds beyond the deadline of an answer, by which the service itself should have told the client."""


def protocol(limits: Limits) -> type[H11Protocol]:
    """Return uvicorn's protocol with the deadlines of a service."""
    return type("DeadlineProtocol", (_DeadlineProtocol,), {"limits": limits})


class _DeadlineProtocol(H11Protocol):
    limits: ClassVar[Limits] = Limits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._state: tuple[str, int] = ("", 0)
        self._timer: asyncio.TimerHandle | None = None
        self._ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._begin("head", 0, self.limits.head_seconds)

    def data_received(self, data: bytes) -> None:
        if self._state[0] == "idle":
            self._begin("head", 0, self.limits.head_seconds)
        super().data_received(data)
        self._watch()
        if self._ending and self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close when the answer is given; an idle connection after a while, in which a last request may come."""
        if self.cycle is None or self.cycle.response_complete:
            self._ending = True
            self.loop.call_later(_LINGER, self._close_if_idle)
        else:
            super().shutdown()

    def _close_if_idle(self) -> None:
        if (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
            super().shutdown()

    def _request(self) -> RequestResponseCycle | None:
        """Return the last request, which uvicorn's types say there always is."""
        return self.cycle

    def _watch(self) -> None:
        """Set the deadline of the state that the connection is in, if it is a new one."""
        if self.transport.is_closing():
            self._cancel()
            return
        cycle = self._request()
        if cycle is None:
            return  # still in its first head
        if not cycle.response_complete:
            state, seconds = ("body", self.limits.body_seconds)
            if not cycle.more_body:
                state, seconds = ("answer", self.limits.request_seconds + _GRACE)
        elif self.conn.their_state is SEND_BODY:
            state, seconds = ("unwanted body", _LINGER)
        elif self._state[0] == "head" and self._state[1] == 0:
            return  # the next head has begun
        else:
            state, seconds = ("idle", 0.0)  # which uvicorn ends
        if self._state != (state, id(cycle)):
            self._begin(state, id(cycle), seconds)

    def _begin(self, state: str, cycle: int, seconds: float) -> None:
        self._cancel()
        self._state = (state, cycle)
        if seconds:
            self._timer = self.loop.call_later(seconds, self._late, state)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self, state: str) -> None:
        """End a connection whose client took too long, and tell it where it still listens."""
        cycle = self._request()
        if state == "body" and cycle is not None:
            if not cycle.response_started:
                self._tell(f"the body took longer than {self.limits.body_seconds:g} s")
            cycle.disconnected = True
            cycle.message_event.set()
        elif state == "head" and self.conn.trailing_data[0]:
            self._tell(f"the head took longer than {self.limits.head_seconds:g} s")
        if state == "answer":
            self.transport.abort()  # what it has not read yet is not kept for it
        else:
            self.transport.close()

    def _tell(self, message: str) -> None:
        content = json.dumps({"error": message, "code": "request.late"}).encode()
        head = "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n"
        self.transport.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
