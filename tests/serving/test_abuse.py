"""What a service is sent by the careless and the hostile: each gets its 4xx, in time, and the service stays up."""

import io
import json
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import hostile
import pytest
from PIL import Image

from served import Served, form, picture, served, wait_until

pytestmark = pytest.mark.slow  # it starts services and processes

HEAD_SECONDS, BODY_SECONDS = 10.0, 20.0  # the defaults, as test_deadlines holds them


@pytest.fixture(autouse=True)
def stays_up(small: Served) -> Iterator[None]:
    """After every test the service answers, and the process is the one that it was."""
    before = small.process.pid
    yield
    assert small.process.poll() is None
    assert small.process.pid == before
    assert small.get("/health") == (200, {"alive": True})
    assert small.post("/v1/predict", picture(1))[0] == 200


def connected(small: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", small.port), timeout=120)


def raw(small: Served, content: bytes, *, close: bool = False) -> bytes:
    """Send bytes, and return all that comes back until the other end closes."""
    with connected(small) as connection:
        try:
            connection.sendall(content)
            if close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has answered and closed already
        return received(connection)


def received(connection: socket.socket) -> bytes:
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


def head(length: int, kind: str = "image/png", path: str = "/v1/predict") -> bytes:
    lines = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\n"
    return f"{lines}Content-Length: {length}\r\n\r\n".encode()


@pytest.mark.slow
def test_slow_heads_and_slow_bodies_are_ended_in_time_and_keep_nobody_waiting(small: Served) -> None:
    """A byte at a time gains nothing: the deadline stands from the first one."""
    slow = [(connected(small), b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nX: ", HEAD_SECONDS)]
    slow += [(connected(small), head(1000), BODY_SECONDS), (connected(small), b"", HEAD_SECONDS)]
    start = time.monotonic()
    ended: dict[int, tuple[bytes, float]] = {}
    for connection, begun, _ in slow:
        connection.sendall(begun)
        connection.setblocking(False)
    while len(ended) < len(slow) and time.monotonic() - start < 90:
        for number, (connection, begun, _) in enumerate(slow):
            if number in ended:
                continue
            try:
                if begun:
                    connection.send(b"x")
                said = connection.recv(4096)
                ended[number] = (said, time.monotonic() - start)
            except BlockingIOError:
                pass
            except OSError:
                ended[number] = (b"", time.monotonic() - start)
        assert small.post("/v1/predict", picture(2))[0] == 200
        time.sleep(0.5)
    assert len(ended) == len(slow)
    for number, (connection, begun, seconds) in enumerate(slow):
        said, after = ended[number]
        assert seconds - 1 < after < seconds + 20
        assert said.startswith(b"HTTP/1.1 408") == bool(begun)
        connection.close()


@pytest.mark.parametrize("told", [True, False])
def test_50_megabytes_are_refused_early(small: Served, told: bool) -> None:
    """With a length that says so, and in pieces without one."""
    size, piece = 50 << 20, bytes(1 << 16)
    before = small.memory()
    with connected(small) as connection:
        if told:
            connection.sendall(head(size))
        else:
            lines = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            connection.sendall(lines + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < size:
                connection.sendall(piece if told else b"10000\r\n" + piece + b"\r\n")
                sent += len(piece)
        except OSError:
            pass
        connection.settimeout(30)
        answer = received(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert small.memory() - before < 100 << 20
    if told:  # asked for by who reads before it writes on
        with connected(small) as connection:
            connection.sendall(head(size))
            assert received(connection).startswith(b"HTTP/1.1 413")


def test_bombs_are_refused(small: Served) -> None:
    """30,000 x 30,000 pixels that are all the same: 900 million of them in a file of 110 KB."""
    stream = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(stream, "PNG")
    status, answer = small.post("/v1/predict", stream.getvalue())
    assert (status, answer["code"]) == (413, "picture.too-large")


def test_hostile_pictures_of_the_corpus(small: Served) -> None:
    for name, (content, _) in hostile.refused().items():
        status, answer = small.post("/v1/predict", content)
        assert 400 <= status < 500, (name, status, answer)
    for name, (content, _) in hostile.shown().items():
        status, answer = small.post("/v1/predict", content)
        assert status == 200, (name, answer)


@pytest.mark.slow
def test_500_hostile_pictures(small: Served) -> None:
    """Files of the corpus, cut and changed at 500 places: 2xx or 4xx, and memory stays."""
    import random

    chance = random.Random(0)
    files = [content for content, _ in (*hostile.shown().values(), *hostile.refused().values())]
    files = [content for content in files if 100 < len(content) < 1 << 20]
    before = 0
    for number in range(500):
        content = bytearray(chance.choice(files))
        for _ in range(chance.randrange(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        if number % 3 == 0:
            del content[chance.randrange(len(content)) :]
        status, answer = small.post("/v1/predict", bytes(content))
        assert status == 200 or 400 <= status < 500, (number, answer)
        before = before or (small.memory() if number == 50 else 0)
    assert small.memory() - before < 50 << 20


@pytest.mark.parametrize(
    "content",
    [
        b"\0\1\2\3\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000,  # and no end
        head(5)[:-4] + b"\r\nContent-Length: 6\r\n\r\nabcdef",
        head(5).replace(b": 5", b": -5") + b"abcde",
        head(5).replace(b": 5", b": five") + b"abcde",
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(small: Served, content: bytes) -> None:
    answer = raw(small, content, close=True)
    assert answer[:9] == b"HTTP/1.1 " or answer == b""
    assert answer[9:10] in (b"4", b""), answer[:200]


def test_bodies_that_end_early_or_go_on_are_refused(small: Served) -> None:
    """Half a body and no more; and more than was told, which is the next request, and none."""
    assert raw(small, head(1000) + b"x" * 500, close=True)[:12] in (b"", b"HTTP/1.1 400")
    content = picture(1)
    kept = head(len(content)).replace(b"Connection: close\r\n", b"")
    both = raw(small, kept + content + b"rubbish\r\n\r\n")
    assert both.startswith(b"HTTP/1.1 200")
    assert both.count(b"HTTP/1.1 ") <= 2


def test_forms_of_10_000_parts_and_worse(small: Served) -> None:
    body, kind = form(*[(f"{number}", b"x", "image/png") for number in range(10_000)])
    assert small.post("/v1/predict", body, kind)[0] == 400
    fields = {f"f{number}": "x" for number in range(10_000)}
    body, kind = form(("a", picture(1), "image/png"), **fields)
    assert small.post("/v1/predict", body, kind)[0] == 400
    for wrong in (
        body[:-40],
        b"--edge\r\n" * 50_000,
        b"--edge\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--\r\n",
        b"--edge\r\nContent-Disposition: form-data; name=" + b"a" * 100_000 + b"\r\n\r\n--edge--\r\n",
        b"\r\n" * 500_000,
    ):
        status, answer = small.post("/v1/predict", wrong, kind)
        assert 400 <= status < 500, (wrong[:60], answer)
    assert small.post("/v1/predict", b"x", "multipart/form-data; boundary=" + "b" * 5000)[0] == 400


def test_too_many_pictures_are_refused(small: Served) -> None:
    many = json.dumps({"images": [""] * 65}).encode()
    status, answer = small.post("/v1/predict", many, "application/json")
    assert (status, answer["code"]) == (413, "request.too-many")
    content = b"".join(struct.pack("<I", 1) + b"x" for _ in range(65))
    size = {"binary_data_size": len(content)}
    tensor = {"name": "image", "datatype": "BYTES", "shape": [65], "parameters": size}
    document = json.dumps({"inputs": [tensor]}).encode()
    status, answer = small.post(
        "/v2/models/small/infer",
        document + content,
        "application/octet-stream",
        **{"Inference-Header-Content-Length": str(len(document))},
    )
    assert (status, answer["code"]) == (413, "request.too-many")


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_connections_that_are_given_up_leave_nothing(small: Served, count: int) -> None:
    """Before, in and after a body; descriptors and what is pending come back to where they were."""
    import os

    content = picture(1)
    folder = f"/proc/{small.process.pid}/fd"
    wait_until(lambda: small.metric("alexnet_pending_images") == 0)
    before = len(os.listdir(folder))
    for number in range(count):
        with connected(small) as connection:
            whole = head(len(content)) + content
            connection.sendall(whole[: (0, 50, len(whole) - 100, len(whole))[number % 4]])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
    wait_until(lambda: small.request("GET", "/metrics")[0] == 200)  # until then there are as many as may be
    wait_until(lambda: small.metric("alexnet_pending_images") == 0)
    wait_until(lambda: len(os.listdir(folder)) <= before + 5)


def test_addresses_lead_nowhere_else(small: Served) -> None:
    for path in (
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/page.js/../../x", "//etc/passwd", "/page/page.html",
        "/..%2fsettings.py", "/v2/models/..%2f..", "/v2/models/%00", "/models/../small",
    ):  # fmt: skip
        assert small.request("GET", path)[0] in (404, 405), path


def test_only_who_means_this_service_is_let_in(small: Served) -> None:
    """A page of another name that leads here (DNS rebinding) is no name of this service."""
    for name, status in (
        ("localhost", 200), (f"127.0.0.1:{small.port}", 200), ("[::1]:80", 200), ("evil.example", 421),
        ("evil.example:8000", 421), ("localhost.evil.example", 421), ("", 421),
    ):  # fmt: skip
        assert small.request("GET", "/v1/models", headers={"Host": name})[0] == status, name


def test_every_answer_has_its_headers_and_no_other_origin_may_read(small: Served) -> None:
    for path in ("/", "/docs", "/v1/models", "/nothing", "/metrics"):
        headers = small.request(
            "GET", path, headers={"Origin": "http://evil.example", "X-Request-ID": "a.b-1"}
        )[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"] == "a.b-1"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "server" not in headers
        assert not [name for name in headers if name.startswith("access-control")]
    odd = small.request("GET", "/health", headers={"X-Request-ID": "<script>" * 9})[1]["x-request-id"]
    assert len(odd) == 16


def test_a_full_queue_is_told_at_once_and_loses_nobody() -> None:
    """A queue of 20 ms under 40 clients: 503 with Retry-After, and everybody has an answer."""
    pytest.importorskip("uvicorn")
    with served("small", "--latency", 0.02) as busy:
        content = picture(1)

        def one(number: int) -> tuple[int, str, float]:
            start = time.perf_counter()
            status, headers, _ = busy.request("POST", "/v1/predict", content, {"Content-Type": "image/png"})
            return status, headers.get("retry-after", ""), time.perf_counter() - start

        with ThreadPoolExecutor(40) as pool:
            found = list(pool.map(one, range(400)))
        statuses = [status for status, _, _ in found]
        assert set(statuses) == {200, 503}
        assert {after for status, after, _ in found if status == 503} == {"1"}
        assert busy.metric('alexnet_requests_total{protocol="v1",outcome="queue_full"}') == statuses.count(
            503
        )
        assert busy.metric("alexnet_pending_images") == 0
