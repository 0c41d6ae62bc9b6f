"""Around all routes: who may ask, what every answer carries, one line of the log and one count for each request."""

import ipaddress
import json
import re
import secrets
import sys
import time
from collections.abc import MutableMapping
from typing import Any, Final, final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alexnet.serving.health import Health
from alexnet.serving.http import keys
from alexnet.serving.http.answers import refused
from alexnet.serving.http.bodies import Bodies
from alexnet.serving.http.settings import HttpSettings
from alexnet.serving.metrics import Metrics
from alexnet.serving.refusals import Refusal

OPEN: Final = (
    "/",
    "/page.js",
    "/docs",
    "/openapi.json",
    "/health",
    "/ready",
    "/v2/health/live",
    "/v2/health/ready",
)
"""Paths that are read without a key: what they say is no secret."""
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Of every answer; a page has a policy of its own."""
_OUTCOMES: Final = {413: "too_large", 415: "unreadable", 422: "unreadable", 500: "failed"}
_OUTCOMES_BY_CODE: Final = {"queue.full": "queue_full", "deadline": "deadline"}
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@final
class Guard:
    """An ASGI application before another.

    Args:
        app: that answers.
        settings: who may ask.
        bodies: that are in memory.
        health: which says whether the service is shutting down.
        metrics: where requests are counted.
    """

    def __init__(
        self, app: ASGIApp, *, settings: HttpSettings, bodies: Bodies, health: Health, metrics: Metrics
    ) -> None:
        self._app, self._settings, self._bodies = app, settings, bodies
        self._health, self._metrics = health, metrics
        self._check_hosts = bool(settings.hosts) or (settings.key is None and is_loopback(settings.host))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        start, headers = time.perf_counter(), Headers(scope=scope)
        given = headers.get("x-request-id", "")
        state: dict[str, Any] = {"request_id": given if _ID.fullmatch(given) else secrets.token_hex(8)}
        scope["state"] = state

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                state["status"] = message["status"]
                self._add_headers(message, state["request_id"])
            elif message["type"] == "http.response.body":
                state["bytes_out"] = state.get("bytes_out", 0) + len(message.get("body", b""))
            await send(message)

        try:
            if refusal := self._refusal(scope, headers):
                await refused(Request(scope), refusal)(scope, receive, send_guarded)
            else:
                await self._app(scope, receive, send_guarded)
        except ClientDisconnect:
            state["status"] = 499  # as nginx has it: the client went before its answer
        finally:
            self._bodies.release(state.get("held", 0))
            self._count(scope, state, time.perf_counter() - start)

    def _refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        """Return why a request is not let in, if it is not."""
        if self._check_hosts and not self._called_rightly(headers.get("host", "")):
            return Refusal("host.unknown", "this service is not called so: see --allow-host")
        key = self._settings.key
        free = scope["path"] in OPEN and scope["method"] in ("GET", "HEAD")
        if key is not None and not free and not keys.shown(headers, key):
            return Refusal("key.missing", "show the key: Authorization: Bearer KEY")
        return None

    def _called_rightly(self, host: str) -> bool:
        """Whether a client means this service: a page elsewhere whose name leads here is none (DNS rebinding)."""
        name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
        name = name.strip("[]").lower()
        if name in ("localhost", *map(str.lower, self._settings.hosts)) or name == self._settings.host:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _add_headers(self, message: MutableMapping[str, Any], request_id: str) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers["X-Request-ID"] = request_id
        if self._health.draining:
            headers["Connection"] = "close"

    def _count(self, scope: Scope, state: dict[str, Any], seconds: float) -> None:
        """Count a request that pictures came with, and write its line."""
        status, path = state.get("status", 499), scope["path"]
        if scope["method"] == "POST" and (protocol := protocol_of(path)):
            outcome = "answered" if status < 300 else "refused"
            outcome = "disconnected" if status == 499 else _OUTCOMES.get(status, outcome)
            outcome = _OUTCOMES_BY_CODE.get(state.get("code", ""), outcome)
            self._metrics.add("requests_total", protocol=protocol, outcome=outcome)
            self._metrics.observe("request_seconds", seconds)
        if self._settings.access_log:
            line = {
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "request_id": state["request_id"],
                "client": (scope.get("client") or ("",))[0],
                "method": scope["method"],
                "path": path,
                "status": status,
                "seconds": round(seconds, 6),
                "bytes_in": state.get("held", 0),
                "bytes_out": state.get("bytes_out", 0),
                "images": state.get("images", 0),
                "code": state.get("code", ""),
            }
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


def protocol_of(path: str) -> str:
    """Return the protocol that a path belongs to, as metrics call it; none where it belongs to none."""
    if path == "/" or path.startswith("/models/"):
        return "huggingface"
    first = path.split("/")[1]
    return first if first in ("v1", "v2") else ""


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
