"""The OpenAPI document: what it allows is answered, what it does not is refused, and nothing makes the service fail."""

import json

import pytest

from served import Served


def test_every_route_of_the_document_is_there(small: Served) -> None:
    status, document = small.get("/openapi.json")
    assert status == 200
    for path, methods in document["paths"].items():
        for method in methods:
            headers = {"Content-Type": "image/png"}
            found, _, body = small.request(method.upper(), path.replace("{model}", "small"), b"", headers)
            assert found != 404, path
            assert found < 500, (path, body)


def test_every_schema_that_is_named_is_there(small: Served) -> None:
    document = small.get("/openapi.json")[1]
    text = json.dumps(document)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(document["components"]["schemas"])


def test_the_page_of_routes_names_each(small: Served) -> None:
    page = small.request("GET", "/docs")[2].decode()
    for path in small.get("/openapi.json")[1]["paths"]:
        assert path in page
    assert "<script" not in page


@pytest.mark.slow
def test_schemathesis_finds_no_failure(small: Served) -> None:
    """Requests that the document allows, and some that it does not: no 5xx, and no answer of another form."""
    import os
    import shutil
    import subprocess
    import sys
    from pathlib import Path

    pytest.importorskip("schemathesis")
    program = shutil.which("schemathesis", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert program is not None
    done = subprocess.run(
        [
            program, "run", f"http://127.0.0.1:{small.port}/openapi.json", "--max-examples", "60", "--seed", "1",
            "--checks", "not_a_server_error,status_code_conformance,response_schema_conformance",
            "--no-color", "--suppress-health-check", "all", "--generation-deterministic",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert small.get("/health") == (200, {"alive": True})
