"""The task image-classification as huggingface_hub asks for it: POST to the address of the model, or to /.

    InferenceClient(model="http://127.0.0.1:8000/models/small").image_classification("cat.jpg", top_k=5)

Source: https://huggingface.co/docs/inference-providers/tasks/image-classification
"""

from collections.abc import Sequence
from typing import Any, Final, final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alexnet.inference.results import Prediction
from alexnet.serving.http.answers import Json, short
from alexnet.serving.http.asked import check_image_type, media_type, picture_of, whole
from alexnet.serving.http.bodies import Bodies, parsed, unless_gone
from alexnet.serving.refusals import Refusal
from alexnet.serving.service import Service

_TOP: Final = 5
_PARAMETERS: Final = ("function_to_apply", "top_k")


@final
class HuggingFace:
    """The routes of the task.

    Args:
        service: that answers.
        bodies: which are read within its limits.
    """

    def __init__(self, service: Service, bodies: Bodies) -> None:
        self._service, self._bodies = service, bodies

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/models/{model}", self.classify, methods=["POST"]),
            Route("/", self.classify, methods=["POST"]),
        ]

    async def classify(self, request: Request) -> Response:
        """Name the best classes of one picture."""
        model = self._service.model(request.path_params.get("model"))
        self._service.batcher.refuse_if_full()
        parameters: Any = None
        if media_type(request) == "application/json":
            document = parsed(await self._bodies.read(request))
            picture, parameters = picture_of(document.get("inputs")), document.get("parameters")
        else:
            check_image_type(media_type(request))
            picture = await self._bodies.read(request)
        top = _top(parameters, self._service.limits.top)
        request.scope["state"]["images"] = 1
        (found,) = await unless_gone(request, self._service.predict(model, [picture], top))
        if isinstance(found, Refusal):
            raise found
        return Json(_labels(found))


def _top(parameters: Any, most: int) -> int:
    """Return how many classes are asked for.

    Raises:
        Refusal: a parameter is unknown, or none that this service has.
    """
    if parameters is None:
        return _TOP
    if not isinstance(parameters, dict):
        raise Refusal("request.json", "`parameters` is an object")
    given = {name: value for name, value in parameters.items() if value is not None}
    if unknown := sorted(set(given) - set(_PARAMETERS)):
        raise Refusal(
            "request.setting", f"`{unknown[0][:80]}` is no parameter; choices: {', '.join(_PARAMETERS)}"
        )
    if given.get("function_to_apply", "softmax") != "softmax":
        raise Refusal("request.setting", "`function_to_apply` is softmax here: scores are probabilities")
    return whole(given.get("top_k", _TOP), "top_k", most)


def _labels(classes: Sequence[Prediction]) -> list[dict[str, Any]]:
    return [{"label": each.words, "score": short(each.probability)} for each in classes]
