"""/v2: the Open Inference Protocol, which Triton, KServe, Seldon and OpenVINO Model Server share.

A request gives one of two inputs and may ask for two outputs:

    image          BYTES [N]              picture files; in JSON as base64
    pixels         UINT8 [N, H, W, 3]     RGB, scaled and cut as files are
    probabilities  FP32 [N, K]            or with `classification: k`, BYTES [N, k] "probability:index:class"
    features       FP32 [N, ...]          what the last hidden stage gives

Source: https://github.com/kserve/open-inference-protocol; Triton's extension_classification.md.
"""

from collections.abc import Mapping
from typing import Any, Final, final

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alexnet.serving.decoding.pool import Encoded
from alexnet.serving.http.answers import Json
from alexnet.serving.http.asked import whole
from alexnet.serving.http.bodies import Bodies, unless_gone
from alexnet.serving.http.tensors import LENGTH, Output, Tensor, files, parameters_of, pixels, read, written
from alexnet.serving.models import Model
from alexnet.serving.refusals import Refusal
from alexnet.serving.service import Service, best
from alexnet.version import VERSION

OUTPUTS: Final = ("probabilities", "features")


@final
class OpenInference:
    """The routes of the protocol, but for its health: see `probes`.

    Args:
        service: that answers.
        bodies: which are read within its limits.
    """

    def __init__(self, service: Service, bodies: Bodies) -> None:
        self._service, self._bodies = service, bodies

    def routes(self) -> list[Route]:
        """Return the routes, those of a model with and without a version."""
        found = [Route("/v2", self.server, methods=["GET"])]
        for path in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
            found += [
                Route(path, self.metadata, methods=["GET"]),
                Route(f"{path}/ready", self.ready, methods=["GET"]),
                Route(f"{path}/infer", self.infer, methods=["POST"]),
            ]
        return found

    async def server(self, request: Request) -> Response:
        """Say what this is."""
        return Json(
            {"name": "alexnet", "version": VERSION, "extensions": ["binary_tensor_data", "classification"]}
        )

    async def metadata(self, request: Request) -> Response:
        """Say which tensors a model takes and gives."""
        model = self._model(request)
        shape = model.classifier.network.shapes()[model.classifier.last_hidden_stage]
        return Json(
            {
                "name": model.name,
                "versions": ["1"],
                "platform": "alexnet",
                "inputs": [
                    {"name": "image", "datatype": "BYTES", "shape": [-1]},
                    {"name": "pixels", "datatype": "UINT8", "shape": [-1, -1, -1, 3]},
                ],
                "outputs": [
                    {
                        "name": "probabilities",
                        "datatype": "FP32",
                        "shape": [-1, len(model.classifier.classes)],
                    },
                    {"name": "features", "datatype": "FP32", "shape": [-1, *shape]},
                ],
            }
        )

    async def ready(self, request: Request) -> Response:
        """Say whether a model is there."""
        return Json({"name": self._model(request).name, "ready": True})

    async def infer(self, request: Request) -> Response:
        """Compute the tensors that are asked for."""
        model = self._model(request)
        self._service.batcher.refuse_if_full()
        body = await self._bodies.read(request)
        document, tensors = read(body, request.headers.get(LENGTH))
        pictures = self._pictures(tensors)
        request.scope["state"]["images"] = len(pictures)
        wanted = _wanted(document)
        outputs = [await unless_gone(request, self._output(model, each, pictures)) for each in wanted]
        head: dict[str, Any] = {"model_name": model.name, "model_version": "1"}
        if isinstance(document.get("id"), str):
            head["id"] = document["id"]
        return written(head, outputs)

    def _model(self, request: Request) -> Model:
        if request.path_params.get("version", "1") != "1":
            raise Refusal("model.unknown", "a network has one version here, 1")
        return self._service.model(request.path_params["model"])

    def _pictures(self, tensors: list[Tensor]) -> list[Encoded]:
        if len(tensors) != 1 or tensors[0].name not in ("image", "pixels"):
            names = ", ".join(tensor.name[:40] for tensor in tensors[:4])
            raise Refusal("request.tensor", f"inputs are `image` or `pixels`, one of them, not: {names}")
        if tensors[0].count and tensors[0].shape[0] > self._service.limits.images:
            most = self._service.limits.images
            raise Refusal(
                "request.too-many", f"{tensors[0].shape[0]} pictures in one request: at most {most} are taken"
            )
        if tensors[0].name == "image":
            return list(files(tensors[0]))
        return list(pixels(tensors[0], self._service.limits.pixels))

    async def _output(self, model: Model, asked: Mapping[str, Any], pictures: list[Encoded]) -> Output:
        """Compute one output for all pictures; one that cannot be decoded refuses the request, and is named."""
        if asked["name"] == "features":
            found = await self._service.features(model, pictures, None)
        else:
            found = await self._service.probabilities(model, pictures)
        values = []
        for number, each in enumerate(found):
            if isinstance(each, Refusal):
                raise Refusal(
                    each.code, f"picture {number}: {each.message}", retry_seconds=each.retry_seconds
                )
            values.append(each)
        given = parameters_of(asked)
        classes = given.get("classification", 0)
        result = np.stack(values)
        if classes and asked["name"] == "probabilities":
            result = _classified(model, values, whole(classes, "classification", 1 << 20))
        return Output(asked["name"], result, bool(given.get("binary_data", asked["binary"])))


def _wanted(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs that are asked for, the probabilities where none is named.

    Raises:
        Refusal: one does not exist.
    """
    given = document.get("outputs") or [{"name": "probabilities"}]
    binary = parameters_of(document).get("binary_data_output", False)
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise Refusal("request.tensor", "`outputs` is a list of tensors")
    if len(given) > len(OUTPUTS) or any(each.get("name") not in OUTPUTS for each in given):
        raise Refusal("request.tensor", f"outputs are {' and '.join(OUTPUTS)}, each once")
    return [{**each, "binary": binary} for each in given]


def _classified(model: Model, values: list[np.ndarray], count: int) -> np.ndarray:
    """Return the best classes as Triton writes them: objects, (N, k)."""
    labels = {name: number for number, name in enumerate(model.classifier.classes)}
    rows = [
        [f"{each.probability:f}:{labels[each.name]}:{each.words}" for each in best(model, row, count)]
        for row in values
    ]
    return np.array(rows, object)
