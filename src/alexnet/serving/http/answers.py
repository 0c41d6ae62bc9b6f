"""What goes out: JSON, and which status each refusal has."""

import json
from typing import Any, Final, final

from starlette.requests import Request
from starlette.responses import Response

from alexnet.serving.refusals import Refusal

STATUS: Final = {
    "queue.full": 503,
    "deadline": 503,
    "batch.failed": 500,
    "network.not-finite": 500,
    "failed": 500,
    "picture.too-large": 413,
    "picture.unknown-format": 415,
    "picture": 422,
    "request.too-large": 413,
    "request.too-many": 413,
    "request.media-type": 415,
    "request": 400,
    "stage.unknown": 400,
    "model.unknown": 404,
    "index.absent": 404,
    "index.outdated": 409,
    "route.unknown": 404,
    "route.method": 405,
    "key": 401,
    "host": 421,
}
"""By the whole code of a refusal, or by its first word."""


@final
class Json(Response):
    """An answer in JSON, its numbers as short as float32 needs."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def status_of(refusal: Refusal) -> int:
    """Return the status that a refusal has."""
    return STATUS.get(refusal.code) or STATUS[refusal.code.partition(".")[0]]


def described(refusal: Refusal) -> dict[str, str]:
    """Return a refusal as it stands in JSON: the same for all protocols, which agree on `error`."""
    return {"error": refusal.message, "code": refusal.code}


def refused(request: Request, refusal: Refusal) -> Response:
    """Return the answer that a refusal is."""
    headers = {"Retry-After": str(refusal.retry_seconds)} if refusal.retry_seconds else {}
    if refusal.code.startswith("key"):
        headers["WWW-Authenticate"] = "Bearer"
    state: dict[str, Any] = request.scope.setdefault("state", {})
    state["code"] = refusal.code  # which the guard logs and counts
    return Json(described(refusal) | {"request_id": state.get("request_id", "")}, status_of(refusal), headers)


def short(value: float) -> float:
    """Return a number of float32 without the tail that a longer one leaves."""
    return float(f"{value:.9g}")
