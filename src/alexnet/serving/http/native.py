"""/v1: the own protocol."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, final

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alexnet.inference.results import Prediction
from alexnet.serving.http.answers import Json, described, short, status_of
from alexnet.serving.http.asked import Asked, asked
from alexnet.serving.http.bodies import Bodies, unless_gone
from alexnet.serving.models import Model
from alexnet.serving.refusals import Refusal
from alexnet.serving.service import Service

T = TypeVar("T")


@final
class Native:
    """The routes of the own protocol.

    Args:
        service: that answers.
        bodies: which are read within its limits.
    """

    def __init__(self, service: Service, bodies: Bodies) -> None:
        self._service, self._bodies = service, bodies

    def routes(self) -> list[Route]:
        """Return the routes; /v1/similar is one only where there is an index."""
        found = [
            Route("/v1/predict", self.predict, methods=["POST"]),
            Route("/v1/features", self.features, methods=["POST"]),
            Route("/v1/explain", self.explain, methods=["POST"]),
            Route("/v1/models", self.models, methods=["GET"]),
        ]
        if self._service.index is not None:
            found.append(Route("/v1/similar", self.similar, methods=["POST"]))
        return found

    async def predict(self, request: Request) -> Response:
        """Name the best classes of pictures."""
        ask, model = await self._asked(request)
        found = await unless_gone(request, self._service.predict(model, ask.pictures, ask.top))
        return _each(found, lambda classes: {"classes": named(classes)}, {"model": model.name}, "predictions")

    async def features(self, request: Request) -> Response:
        """Give what a stage computes."""
        ask, model = await self._asked(request)
        stage = ask.stage or model.classifier.last_hidden_stage
        found = await unless_gone(request, self._service.features(model, ask.pictures, stage))
        head = {"model": model.name, "stage": stage}
        return _each(found, lambda values: {"values": _numbers(values)}, head, "features")

    async def explain(self, request: Request) -> Response:
        """Show where in a picture its best class comes from."""
        ask, model = await self._asked(request)
        if len(ask.pictures) != 1:
            raise Refusal("request.too-many", f"one picture is explained at a time, not {len(ask.pictures)}")
        found = await unless_gone(request, self._service.explain(model, ask.pictures[0]))
        name, words = model.classifier.classes[found.label], model.classifier.words[found.label]
        best = named([Prediction(name, words, found.probability)])[0]
        return Json({"model": model.name, **best, "picture": found.address})

    async def similar(self, request: Request) -> Response:
        """Name pictures of the index that are similar."""
        ask, model = await self._asked(request)
        found = await unless_gone(request, self._service.similar(ask.pictures, ask.top))
        return _each(found, lambda near: {"pictures": _near(near)}, {"model": model.name}, "similar")

    async def models(self, request: Request) -> Response:
        """List the networks, the first of which is asked where none is named."""
        return Json({"models": [_described(model) for model in self._service.models.values()]})

    async def _asked(self, request: Request) -> tuple[Asked, Model]:
        self._service.batcher.refuse_if_full()  # known before its body is read
        ask = await asked(request, self._bodies, self._service.limits)
        request.scope["state"]["images"] = len(ask.pictures)
        return ask, self._service.model(ask.model)


def named(classes: Sequence[Prediction]) -> list[dict[str, Any]]:
    """Return classes as they stand in JSON, as `alexnet predict` prints them."""
    return [
        {"class": each.name, "words": each.words, "probability": short(each.probability)} for each in classes
    ]


def _each(
    found: Sequence[T | Refusal], told: Callable[[T], dict[str, Any]], head: dict[str, Any], name: str
) -> Response:
    """Return an answer with an entry for each picture; a bad picture costs the others nothing.

    Where all are bad, the status is that of the first.
    """
    refusals = [each for each in found if isinstance(each, Refusal)]
    if len(refusals) == len(found) == 1:
        raise refusals[0]
    entries = [described(each) if isinstance(each, Refusal) else told(each) for each in found]
    if len(refusals) == len(found):
        return Json({**head, name: entries, **described(refusals[0])}, status_of(refusals[0]))
    return Json({**head, name: entries})


def _numbers(values: np.ndarray) -> list[Any]:
    flat = [short(value) for value in values.ravel().tolist()]
    found: list[Any] = np.array(flat, object).reshape(values.shape).tolist()
    return found


def _near(near: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"name": name, "distance": short(value)} for name, value in near]


def _described(model: Model) -> dict[str, Any]:
    network = model.classifier.network
    return {
        "name": model.name,
        "network": network.architecture.kind,
        "classes": len(model.classifier.classes),
        "parameters": model.parameters,
        "picture_side": model.classifier.side,
        "view_side": network.architecture.side,
        "views": model.views,
        "stages": [stage.name for stage in network.stages],
        "largest_batch": model.largest,
        "seconds_per_picture": short(model.cost.each),
        "seconds_per_batch": short(model.cost.fixed),
    }
