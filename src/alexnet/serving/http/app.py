"""The routes together, and what is answered where something goes wrong in them."""

import logging
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from alexnet.serving.health import Health
from alexnet.serving.http.answers import refused
from alexnet.serving.http.bodies import Bodies
from alexnet.serving.http.guard import Guard
from alexnet.serving.http.huggingface import HuggingFace
from alexnet.serving.http.native import Native
from alexnet.serving.http.open_inference import OpenInference
from alexnet.serving.http.pages import Pages
from alexnet.serving.http.probes import Probes
from alexnet.serving.http.settings import HttpSettings
from alexnet.serving.refusals import Refusal
from alexnet.serving.service import Service

_LOG: Final = logging.getLogger("alexnet.serving")


def application(service: Service, health: Health, settings: HttpSettings) -> ASGIApp:
    """Return the ASGI application of a service."""
    bodies = Bodies(service.limits)
    rooms = (
        Native(service, bodies),
        HuggingFace(service, bodies),
        OpenInference(service, bodies),
        Probes(health, service.metrics),
        Pages(service, settings),
    )
    app = Starlette(
        routes=[route for room in rooms for route in room.routes()],
        exception_handlers={Refusal: _refused, HTTPException: _unknown, 500: _failed},
    )
    app.router.redirect_slashes = False
    return Guard(app, settings=settings, bodies=bodies, health=health, metrics=service.metrics)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refused(request, error)


def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        response = refused(
            request, Refusal("route.method", f"{request.method} is not answered here; see /docs")
        )
        response.headers.update(error.headers or {})
        return response
    if error.status_code == 404:
        return refused(request, Refusal("route.unknown", "there is nothing of this address; see /docs"))
    return refused(request, Refusal("request.invalid", error.detail))


def _failed(request: Request, error: Exception) -> Response:
    """Answer for a mistake of ours: its traceback is in the log, and in no answer."""
    return refused(request, Refusal("failed", "the service failed at this request; its log says why"))
