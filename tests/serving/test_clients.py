"""Clients that people use: huggingface_hub, tritonclient, curl."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import alexnet
from served import Served, picture


def test_huggingface_hubs_client(small: Served, tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    path = tmp_path / "a.jpg"
    path.write_bytes(picture(1, kind="JPEG"))
    (expected,) = alexnet.load("small").predict(path, 3)
    for address, image in (
        (f"{_address(small)}/models/small", str(path)),
        (_address(small), path.read_bytes()),
    ):
        client = hub.InferenceClient(model=address)
        found = client.image_classification(image, top_k=3)
        assert [each.label for each in found] == [each.words for each in expected]
        assert [each.score for each in found] == pytest.approx([e.probability for e in expected], abs=1e-5)
        assert len(client.image_classification(image)) == 5  # as raw bytes
    with pytest.raises(hub.errors.HfHubHTTPError, match="no picture"):
        client.image_classification(b"no picture")


def test_tritons_client(small: Served) -> None:
    triton = pytest.importorskip("tritonclient.http")
    from tritonclient.utils import InferenceServerException

    client = triton.InferenceServerClient(f"127.0.0.1:{small.port}")
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("small")
    assert not client.is_model_ready("nobody")
    names = [each["name"] for each in client.get_model_metadata("small")["outputs"]]
    assert names == ["probabilities", "features"]
    pictures = [picture(n, kind="JPEG") for n in range(3)]
    classifier = alexnet.load("small")
    for binary in (True, False):
        encoded = triton.InferInput("image", [3], "BYTES")
        encoded.set_data_from_numpy(np.array(pictures, object), binary_data=True)
        outputs = [
            triton.InferRequestedOutput("probabilities", binary_data=binary),
            triton.InferRequestedOutput("features", binary_data=binary),
        ]
        result = client.infer("small", [encoded], outputs=outputs)
        best = result.as_numpy("probabilities").argmax(1)
        expected = [each[0].name for each in classifier.predict(pictures, 1)]
        assert [classifier.classes[k] for k in best] == expected
        features = classifier.features(pictures).numpy()
        assert np.allclose(result.as_numpy("features"), features, atol=1e-4)
    asked = [triton.InferRequestedOutput("probabilities", class_count=2)]
    found = client.infer("small", [encoded], outputs=asked).as_numpy("probabilities")
    assert found.shape == (3, 2)
    assert found[0, 0].decode().split(":")[1] == str(best[0])
    unknown = triton.InferInput("x", [1], "BYTES")
    unknown.set_data_from_numpy(np.array([b""], object))
    with pytest.raises(InferenceServerException, match="inputs are `image` or `pixels`"):
        client.infer("small", [unknown])
    client.close()


def test_curl(small: Served, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    path = tmp_path / "a.png"
    path.write_bytes(picture(1))
    words = {
        "form": ["-F", f"image=@{path}"],
        "two": ["-F", f"image=@{path}", "-F", f"image=@{path}"],
        "raw": ["-H", "Content-Type: image/png", "--data-binary", f"@{path}"],
        "waits for 100": ["-H", "Expect: 100-continue", "-F", f"image=@{path}"],
        "in pieces": [
            "-H", "Transfer-Encoding: chunked", "-H", "Content-Type: image/png", "--data-binary", f"@{path}",
        ],
    }  # fmt: skip
    for name, arguments in words.items():
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "100", *arguments, f"{_address(small)}/v1/predict"],
            capture_output=True,
            check=True,
        )
        found = json.loads(done.stdout)["predictions"]
        assert len(found) == (2 if name == "two" else 1), name
        assert found[0]["classes"][0]["words"], name


def _address(small: Served) -> str:
    return f"http://127.0.0.1:{small.port}"
