"""The same pictures through every protocol, and through the Python call: the same classes, the same probabilities."""

import base64
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alexnet
from served import Served, form, picture

Answers = dict[str, dict[str, float]]


def through_all(small: Served, content: bytes) -> Answers:
    """Return what each protocol says of a picture: probabilities by class, in words."""
    text = base64.b64encode(content).decode()
    body, kind = form(("p", content, "image/png"), top="100")
    own = {
        "raw": small.post("/v1/predict?top=100", content),
        "form": small.post("/v1/predict", body, kind),
        "json": small.post(
            "/v1/predict", json.dumps({"images": [text], "top": 100}).encode(), "application/json"
        ),
    }
    found: Answers = {}
    for name, (status, answer) in own.items():
        assert status == 200, answer
        (entry,) = answer["predictions"]
        found[name] = {each["words"]: each["probability"] for each in entry["classes"]}
    task = {"inputs": text, "parameters": {"top_k": 100}}
    labels = small.post("/models/small", json.dumps(task).encode(), "application/json")[1]
    found["huggingface"] = {each["label"]: each["score"] for each in labels}
    classes = alexnet.load("small").words
    found["v2 json"] = dict(zip(classes, infer_json(small, text), strict=True))
    found["v2 binary"] = dict(zip(classes, infer_binary(small, content), strict=True))
    return found


def infer_json(small: Served, text: str) -> list[float]:
    tensor = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [text]}
    document = {"id": "7", "inputs": [tensor]}
    status, answer = small.post("/v2/models/small/infer", json.dumps(document).encode(), "application/json")
    assert status == 200, answer
    assert (answer["id"], answer["outputs"][0]["shape"]) == ("7", [1, 100])
    data: list[float] = answer["outputs"][0]["data"]
    return data


def infer_binary(small: Served, content: bytes) -> list[float]:
    behind = struct.pack("<I", len(content)) + content
    size = {"binary_data_size": len(behind)}
    tensor = {"name": "image", "datatype": "BYTES", "shape": [1], "parameters": size}
    document = {"inputs": [tensor], "parameters": {"binary_data_output": True}}
    head = json.dumps(document).encode()
    status, headers, answer = small.request(
        "POST",
        "/v2/models/small/infer",
        head + behind,
        {
            "Content-Type": "application/octet-stream",
            "Inference-Header-Content-Length": str(len(head)),
        },
    )
    assert status == 200, answer
    end = int(headers["inference-header-content-length"])
    assert json.loads(answer[:end])["outputs"][0]["parameters"] == {"binary_data_size": 400}
    values: list[float] = np.frombuffer(answer[end:], "<f4").tolist()
    return values


def assert_agree(small: Served, pictures: list[bytes]) -> None:
    classifier = alexnet.load("small")
    for content in pictures:
        (expected,) = classifier.predict(content, 100)
        known = {each.words: each.probability for each in expected}
        for name, found in through_all(small, content).items():
            assert max(found, key=lambda words: found[words]) == expected[0].words, name
            assert found == pytest.approx(known, abs=1e-5), name


def test_all_protocols_say_the_same(small: Served) -> None:
    assert_agree(small, [picture(1), picture(2, kind="JPEG"), picture(3, kind="WEBP")])


@pytest.mark.slow
def test_all_protocols_say_the_same_of_200_real_pictures(small: Served, shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "imagenet-sample-200.zip") as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".jpeg", ".jpg"))]
        pictures = [archive.read(name) for name in names][:200]
    assert len(pictures) == 200
    assert_agree(small, pictures)


def test_pixels_are_squared_as_arrays_are(small: Served) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 90, 70, 3), dtype=np.uint8)
    tensor = {"name": "pixels", "datatype": "UINT8", "shape": [2, 90, 70, 3], "data": pixels.ravel().tolist()}
    body = json.dumps({"inputs": [tensor], "outputs": [{"name": "probabilities"}, {"name": "features"}]})
    status, answer = small.post("/v2/models/small/infer", body.encode(), "application/json")
    assert status == 200
    probabilities, features = (np.array(each["data"]).reshape(each["shape"]) for each in answer["outputs"])
    classifier = alexnet.load("small")
    assert np.allclose(features, classifier.features(list(pixels)).numpy(), atol=1e-4)
    for row, best in zip(probabilities, classifier.predict(list(pixels), 1), strict=True):
        assert row.max() == pytest.approx(best[0].probability, abs=1e-5)


def test_features_are_those_of_a_stage(small: Served) -> None:
    content = picture(4)
    classifier = alexnet.load("small")
    for stage in ("", "conv5"):
        expected = classifier.features(content, *([stage] if stage else []))[0].numpy()
        answer = small.post(f"/v1/features?stage={stage}" if stage else "/v1/features", content)[1]
        found = np.array(answer["features"][0]["values"])
        assert answer["stage"] == (stage or "fc6")
        assert found.shape == expected.shape
        assert np.allclose(found, expected, atol=1e-4)


def test_a_bad_picture_costs_the_others_nothing(small: Served) -> None:
    body, kind = form(("a", picture(1), "image/png"), ("b", b"no picture", ""), ("c", picture(2), ""))
    status, answer = small.post("/v1/predict", body, kind)
    first, bad, last = answer["predictions"]
    assert status == 200
    assert bad["code"] == "picture.unknown-format"
    assert len(first["classes"]) == len(last["classes"]) == 5
    status, answer = small.post("/v1/predict", b"no picture")
    assert (status, answer["code"]) == (415, "picture.unknown-format")
    status, answer = small.post("/v1/predict", picture(1)[:-200])
    assert (status, answer["code"]) == (422, "picture.truncated")


def test_where_it_looked_is_a_picture_within_the_answer(small: Served) -> None:
    status, answer = small.post("/v1/explain", picture(1))
    assert status == 200
    assert set(answer) == {"model", "class", "words", "probability", "picture"}
    assert answer["picture"].startswith("data:image/")


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "code"),
    [
        ("/v1/predict", b"x", "text/plain", 415, "request.media-type"),
        ("/v1/predict", b"<svg/>", "image/svg+xml", 415, "picture.unknown-format"),
        ("/v1/predict", b"", "image/png", 422, "picture.empty"),
        ("/v1/predict", b"{", "application/json", 400, "request.json"),
        ("/v1/predict", b"[" * 100_000, "application/json", 400, "request.json"),
        ("/v1/predict", b'{"images": [1]}', "application/json", 400, "request.base64"),
        ("/v1/predict", b'{"images": "x"}', "application/json", 400, "request.json"),
        ("/v1/predict", b'{"image": "http://host/a.png"}', "application/json", 400, "request.base64"),
        ("/v1/predict", b'{"image": "/etc/passwd"}', "application/json", 400, "request.base64"),
        ("/v1/predict", b'{"image": "/etc/hosts00"}', "application/json", 415, "picture.unknown-format"),
        ("/v1/predict", b'{"image": "../../etc/passwd"}', "application/json", 400, "request.base64"),
        ("/v1/predict", b'{"images": []}', "application/json", 400, "request.empty"),
        ("/v1/predict", b'{"image": "", "top": 1e400}', "application/json", 400, "request.setting"),
        ("/v1/predict", b'{"image": "", "path": "x"}', "application/json", 400, "request.setting"),
        ("/v1/predict?top=0", b"x", "image/png", 400, "request.setting"),
        ("/v1/predict?model=fc9", b"x", "image/png", 404, "model.unknown"),
        ("/v1/features?stage=fc9", b"x", "image/png", 400, "stage.unknown"),
        ("/v1/predict", b"x", "multipart/form-data", 400, "request.form"),
        ("/v1/predict", b"x", "multipart/form-data; boundary=b", 400, "request.form"),
        ("/v1/similar", b"x", "image/png", 404, "route.unknown"),
        ("/models/nobody", b"x", "image/png", 404, "model.unknown"),
        ("/models/small", b'{"inputs": 3}', "application/json", 400, "request.base64"),
        ("/models/small", b'{"inputs": "", "parameters": []}', "application/json", 400, "request.json"),
        ("/v2/models/small/versions/2/infer", b"{}", "application/json", 404, "model.unknown"),
        ("/v2/models/small/infer", b"{}", "application/json", 400, "request.tensor"),
        ("/v2/models/small/infer", b'{"inputs":[3]}', "application/json", 400, "request.tensor"),
    ],
)
def test_what_is_wrong_is_said(
    small: Served, path: str, body: bytes, kind: str, status: int, code: str
) -> None:
    found, answer = small.post(path, body, kind)
    assert (found, answer["code"]) == (status, code)
    assert answer["error"]
    assert answer["request_id"]
    assert "Traceback" not in json.dumps(answer)


@pytest.mark.parametrize(
    "tensor",
    [
        {"shape": [2]},
        {"shape": [-1]},
        {"shape": [1 << 40]},
        {"shape": "x"},
        {"shape": [1] * 9},
        {"datatype": "FP32"},
        {"name": "picture"},
        {"data": None},
        {"data": ["@@"]},
        {"parameters": {"binary_data_size": 5}},
        {"parameters": {"binary_data_size": -1}},
        {"name": "pixels", "datatype": "UINT8", "shape": [1, 9, 9, 3], "data": [1, 2, 3]},
        {"name": "pixels", "datatype": "UINT8", "shape": [1, 1, 1, 3], "data": [1, 2, 300]},
        {"name": "pixels", "datatype": "UINT8", "shape": [1, 0, 9, 3], "data": []},
        {"name": "pixels", "datatype": "UINT8", "shape": [1, 9, 9, 4], "data": [0] * 324},
    ],
)
def test_tensors_whose_parts_do_not_fit_are_refused(small: Served, tensor: dict[str, Any]) -> None:
    good = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [""]}
    status, answer = small.post(
        "/v2/models/small/infer", json.dumps({"inputs": [good | tensor]}).encode(), "application/json"
    )
    assert (status, answer["code"]) == (400, "request.tensor") or answer["code"] == "request.base64"


def test_binary_tensors_whose_lengths_lie_are_refused(small: Served) -> None:
    def post(size: int, behind: bytes, length: str | None = None) -> tuple[int, str]:
        tensor = {
            "name": "image",
            "datatype": "BYTES",
            "shape": [1],
            "parameters": {"binary_data_size": size},
        }
        head = json.dumps({"inputs": [tensor]}).encode()
        status, answer = small.post(
            "/v2/models/small/infer",
            head + behind,
            "application/octet-stream",
            **{"Inference-Header-Content-Length": length or str(len(head))},
        )
        return status, answer["code"]

    for size, behind, length in (
        (9, struct.pack("<I", 1 << 31) + b"12345", None),
        (3, b"123", None),
        (4, b"\0\0\0\0more", None),
        (8, b"\0\0\0\0\0\0\0\0", None),  # two pictures, of which it says one
        (100, b"", None),
        (0, b"", "99999"),
        (0, b"", "-1"),
        (0, b"", "x"),
    ):
        assert post(size, behind, length) == (400, "request.tensor"), (size, behind, length)
