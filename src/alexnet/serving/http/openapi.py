"""The OpenAPI document of all routes, written by hand; tests hold it true by asking whatever it allows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from alexnet.page.blocks import Block, Code, Page, Paragraph, Section, Table
from alexnet.serving.settings import Limits
from alexnet.version import VERSION

Schema = dict[str, Any]
_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "number"}
_WHOLE: Final[Schema] = {"type": "integer"}
_ANY: Final[Schema] = {"type": "object"}


def document(models: Sequence[str], limits: Limits, *, key: bool, index: bool) -> Schema:
    """Return the document.

    Args:
        models: names of the networks.
        limits: of the service.
        key: whether clients show a key.
        index: whether there is an index of pictures.
    """
    paths: Schema = {
        "/v1/predict": _post("The best classes of pictures", "Predictions", models, limits, "top"),
        "/v1/features": _post("What a stage gives for pictures", "Features", models, limits, "stage"),
        "/v1/explain": _post("Where in one picture its best class comes from", "Explanation", models, limits),
        "/v1/models": _get("The networks, the first of which is asked where none is named", _ANY),
        "/models/{model}": _huggingface(models, limits),
        "/v2": _get("The Open Inference Protocol's server metadata", _ANY),
        "/v2/models/{model}": _get("Tensors that a network takes and gives", _ANY, models),
        "/v2/models/{model}/ready": _get("Whether a network is there", _ANY, models),
        "/v2/models/{model}/infer": _infer(models),
        "/health": _get("Whether the process lives", _object(alive={"type": "boolean"})),
        "/ready": _ready(),
        "/metrics": _get("Prometheus metrics", _TEXT, kind="text/plain"),
    }
    if index:
        paths["/v1/similar"] = _post("Similar pictures of the index", "Similar", models, limits, "top")
    found: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "alexnet serve",
            "version": VERSION,
            "description": "Names the classes of pictures. Every refusal is JSON: error, code, request_id.",
        },
        "paths": paths,
        "components": {"schemas": _schemas()},
    }
    if not index:
        del found["components"]["schemas"]["Similar"]
    if key:
        found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"key": []}]
    return found


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> Schema:
    error = _object(error=_TEXT, code=_TEXT)
    classes = _object(**{"class": _TEXT, "words": _TEXT, "probability": _NUMBER})
    either = {"anyOf": [_object(classes=_list(classes)), error]}
    values = {"anyOf": [_object(values=_list({})), error]}
    near = _object(pictures=_list(_object(name=_TEXT, distance=_NUMBER)))
    return {
        "Error": {**error, "description": "Why there is no answer; `code` stays the same."},
        "Predictions": _object(model=_TEXT, predictions=_list(either)),
        "Features": _object(model=_TEXT, stage=_TEXT, features=_list(values)),
        "Explanation": _object(
            **{
                "model": _TEXT,
                "class": _TEXT,
                "words": _TEXT,
                "probability": _NUMBER,
                "picture": {"type": "string", "description": "A data address: red speaks for the class."},
            }
        ),
        "Similar": _object(model=_TEXT, similar=_list({"anyOf": [near, error]})),
        "Labels": _list(_object(label=_TEXT, score=_NUMBER)),
        "Tensors": {
            "type": "object",
            "properties": {
                "id": _TEXT,
                "inputs": _list(
                    _object(name={"enum": ["image", "pixels"]}, datatype=_TEXT, shape=_list(_WHOLE))
                ),
                "outputs": _list(_object(name={"enum": ["probabilities", "features"]})),
            },
            "required": ["inputs"],
        },
        "Results": _object(model_name=_TEXT, outputs=_list(_ANY)),
    }


def _answers(schema: Schema, kind: str, *statuses: int) -> Schema:
    """Return the answers of a route: the good one, and refusals that it may give."""
    words = {
        200: "Answered",
        400: "A setting or a body that cannot be read",
        401: "The key is missing",
        404: "No such network",
        405: "Another method",
        408: "The client took too long",
        413: "Too many bytes, pixels or pictures",
        415: "No picture of a kind that is read",
        421: "The service is not called so",
        422: "A picture that cannot be decoded",
        500: "A failure of the service",
        503: "The queue is full, or it shuts down: see Retry-After",
    }
    refused = {"application/json": {"schema": _named("Error")}}
    found = {
        str(status): {"description": words[status], "content": refused} for status in (401, 421, *statuses)
    }
    return {"200": {"description": words[200], "content": {kind: {"schema": schema}}}, **found}


def _parameter(name: str, location: str, schema: Schema, about: str) -> Schema:
    return {
        "name": name,
        "in": location,
        "required": location == "path",
        "schema": schema,
        "description": about,
    }


def _model(models: Sequence[str]) -> Schema:
    return _parameter("model", "path", {"type": "string", "enum": list(models)}, "A network")


def _get(
    summary: str, schema: Schema, models: Sequence[str] = (), *, kind: str = "application/json"
) -> Schema:
    parameters = [_model(models)] if models else []
    return {
        "get": {
            "summary": summary,
            "parameters": parameters,
            "responses": _answers(schema, kind, *([404] if models else [])),
        }
    }


def _ready() -> Schema:
    found = _get("Whether pictures are answered, and why not", _object(ready={"type": "boolean"}))
    responses = found["get"]["responses"]
    responses["503"] = {**responses["200"], "description": "Not ready"}
    return found


def _post(summary: str, answer: str, models: Sequence[str], limits: Limits, *settings: str) -> Schema:
    """Return a route of the own protocol: three kinds of bodies, settings in the address or beside the pictures."""
    known: Schema = {
        "model": {"type": "string", "enum": list(models)},
        "top": {"type": "integer", "minimum": 1, "maximum": limits.top, "default": 5},
        "stage": {"type": "string", "description": "A stage of the network; left out, the last hidden one"},
    }
    taken = {name: known[name] for name in ("model", *settings)}
    encoded = {"type": "string", "contentEncoding": "base64"}
    several = {"type": "array", "items": encoded, "minItems": 1, "maxItems": limits.images}
    binary = {"type": "string", "format": "binary"}
    bodies: Schema = {
        "application/json": {
            "schema": {"type": "object", "properties": {"images": several, **taken}, "required": ["images"]}
        },
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"image": binary, **taken}, "required": ["image"]}
        },
        "image/jpeg": {"schema": binary},
        "application/octet-stream": {"schema": binary},
    }
    return {
        "post": {
            "summary": summary,
            "parameters": [_parameter(name, "query", schema, "A setting") for name, schema in taken.items()],
            "requestBody": {"required": True, "content": bodies},
            "responses": _answers(_named(answer), "application/json", 400, 404, 408, 413, 415, 422, 500, 503),
        }
    }


def _huggingface(models: Sequence[str], limits: Limits) -> Schema:
    parameters = {
        "type": "object",
        "properties": {
            "top_k": {"type": "integer", "minimum": 1, "maximum": limits.top},
            "function_to_apply": {"enum": ["softmax"]},
        },
    }
    encoded = {"type": "string", "contentEncoding": "base64"}
    body = {
        "type": "object",
        "properties": {"inputs": encoded, "parameters": parameters},
        "required": ["inputs"],
    }
    return {
        "post": {
            "summary": "Hugging Face's task image-classification, of one picture",
            "parameters": [_model(models)],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": body},
                    "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
                },
            },
            "responses": _answers(
                _named("Labels"), "application/json", 400, 404, 408, 413, 415, 422, 500, 503
            ),
        }
    }


def _infer(models: Sequence[str]) -> Schema:
    return {
        "post": {
            "summary": "The Open Inference Protocol: tensors in, tensors out",
            "parameters": [_model(models)],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _named("Tensors")}},
            },
            "responses": _answers(
                _named("Results"), "application/json", 400, 404, 408, 413, 415, 422, 500, 503
            ),
        }
    }


def reference(found: Mapping[str, Any]) -> Page:
    """Return a page that shows an OpenAPI document: routes, settings, bodies, answers."""
    introduction: tuple[Block, ...] = (
        Paragraph(found["info"]["description"]),
        Code(
            "curl -F image=@cat.jpg ADDRESS/v1/predict\n"
            "curl -H 'Content-Type: image/jpeg' --data-binary @cat.jpg ADDRESS/v1/predict?top=3"
        ),
        Paragraph("The same as a document for programs: /openapi.json", quiet=True),
    )
    sections = [
        Section(f"{method.upper()} {path}", tuple(_blocks(route)))
        for path, methods in found["paths"].items()
        for method, route in methods.items()
    ]
    schemas = Code(json.dumps(found["components"]["schemas"], indent=1))
    return Page("How programs ask", introduction, (*sections, Section("Schemas", (schemas,))))


def _blocks(route: Mapping[str, Any]) -> Iterator[Block]:
    yield Paragraph(route["summary"])
    settings = tuple(
        (entry["name"], entry["in"], json.dumps(entry["schema"])) for entry in route["parameters"]
    )
    if settings:
        yield Table(("setting", "where", "schema"), settings)
    if "requestBody" in route:
        bodies = tuple(
            (kind, json.dumps(body["schema"])) for kind, body in route["requestBody"]["content"].items()
        )
        yield Table(("body", "schema"), bodies)
    answers = tuple((status, answer["description"]) for status, answer in route["responses"].items())
    yield Table(("status", "what it says"), answers)
