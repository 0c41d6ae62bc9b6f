"""/health, /ready and /metrics, and the Open Inference Protocol's names for the first two."""

from typing import final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from alexnet.serving.health import Health
from alexnet.serving.http.answers import Json, short
from alexnet.serving.metrics import Metrics


@final
class Probes:
    """The routes that whoever runs a service asks.

    Args:
        health: of the service.
        metrics: of the service.
    """

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._health, self._metrics = health, metrics

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/health", self.alive, methods=["GET"]),
            Route("/ready", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/v2/health/live", self.alive, methods=["GET"]),
            Route("/v2/health/ready", self.ready, methods=["GET"]),
        ]

    async def alive(self, request: Request) -> Response:
        """Say that the process lives: no network is asked."""
        return Json({"alive": True})

    async def ready(self, request: Request) -> Response:
        """Say whether pictures are answered: 200, or 503 and why not."""
        state = self._health.state()
        return Json(
            {
                "ready": state.ready,
                "reasons": list(state.reasons),
                "failed_batches": state.failed_batches,
                "last_failure": state.last_failure,
                "reload_error": self._health.reload_error,
                "answered_seconds_ago": short(round(min(state.answered_seconds_ago, 1e9), 3)),
            },
            200 if state.ready else 503,
        )

    async def metrics(self, request: Request) -> Response:
        """Give the metrics in Prometheus's text format."""
        return PlainTextResponse(self._metrics.text(), media_type="text/plain; version=0.0.4")
