"""A service's life: what it refuses to start with, how it ends, reloads, and survives what dies around it."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from alexnet import checkpoint
from alexnet.weights.loading import load_checkpoint
from served import Served, picture, served, wait_until

pytestmark = pytest.mark.slow  # each starts a service, and some take half a minute

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")


def refused(*arguments: object, says: str, code: int, environment: dict[str, str] | None = None) -> None:
    """Start a service that must not start: one line, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "alexnet", "serve", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (environment or {}),
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("alexnet: ")
    assert says in done.stderr


def test_what_it_cannot_start_with_is_one_line(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef0123\n")
    key.chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused("small", "--port", port, code=2, says=f"port {port} of 127.0.0.1 is taken")
    refused("nowhere", "--port", 0, code=1, says="nowhere")
    refused("small", "x=small", "x=small", code=2, says="two networks are called `x`")
    refused("small", "small", code=2, says="two networks are called `small`")
    refused("small", "--port", 0, "--api-key-file", key, code=2, says="has rights 644, others can use it")
    key.chmod(0o600)
    key.write_text("short")
    refused("small", "--port", 0, "--api-key-file", key, code=2, says="at least 16")
    refused("small", "--port", 0, "--api-key-file", tmp_path / "no", code=2, says="cannot be read")
    refused("small", "--host", "no.such.invalid", code=2, says="is no address")
    (tmp_path / "uvicorn.py").write_text("raise ImportError('blocked')\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    says = 'which is not installed: pip install "alexnet[serve]"'
    refused("small", code=1, says=says, environment={"PYTHONPATH": path})


def test_the_key_is_asked_for(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef0123\n")
    key.chmod(0o640)
    with served("small", "--api-key-file", key) as found:
        assert found.get("/health")[0] == found.get("/ready")[0] == 200
        assert found.request("GET", "/")[0] == 200
        for path in ("/v1/models", "/metrics", "/v2/models/small"):
            assert found.request("GET", path)[0] == 401, path
        assert found.post("/", picture())[0] == 401
        for headers, status in (
            ({"Authorization": "Bearer 0123456789abcdef0123"}, 200),
            ({"X-API-Key": "0123456789abcdef0123"}, 200),
            ({"Authorization": "Bearer 0123456789abcdef012"}, 401),
            ({"Authorization": "0123456789abcdef0123"}, 401),
            ({"X-API-Key": "\xe9" * 20}, 401),
        ):
            assert found.post("/v1/predict", picture(), **headers)[0] == status, headers


class Load:
    """Clients that ask all the time, and count what became of each request."""

    def __init__(self, found: Served, clients: int = 6) -> None:
        self._found, self._stop = found, threading.Event()
        self.answered: list[int] = []
        self.lost: list[str] = []
        """Requests that were sent on a connection that was accepted, and had no whole answer."""
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(clients)]
        for thread in self._threads:
            thread.start()

    def has_answered(self, count: int) -> bool:
        """Whether more than so many requests were answered."""
        return len(self.answered) > count

    def end(self) -> None:
        """Stop asking."""
        self._stop.set()
        for thread in self._threads:
            thread.join(120)

    def _ask(self, number: int) -> None:
        content = picture(number)
        connection = http.client.HTTPConnection("127.0.0.1", self._found.port, timeout=120)
        with contextlib.closing(connection):
            while not self._stop.is_set():
                if connection.sock is None:
                    try:
                        connection.connect()
                    except OSError:  # refused: it was not accepted
                        return
                try:
                    connection.request("POST", "/v1/predict", content, {"Content-Type": "image/png"})
                    answer = connection.getresponse()
                    answer.read()
                    self.answered.append(answer.status)  # http.client closes where the answer says so
                except (OSError, http.client.HTTPException) as error:
                    self.lost.append(repr(error))
                    return


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_sigterm_under_load_loses_no_accepted_request(times: int) -> None:
    for number in range(times):
        with served("small", "--drain-delay", 0.3 * (number % 3)) as found:
            load = Load(found)
            wait_until(partial(load.has_answered, 20))
            time.sleep(0.01 * number)
            start = time.monotonic()
            assert found.end() == 0
            load.end()
            assert load.lost == []
            assert set(load.answered) == {200}
            assert time.monotonic() - start < 60


def test_draining_is_told_before_it_begins() -> None:
    with served("small", "--drain-delay", 5) as found:
        found.process.send_signal(signal.SIGTERM)
        wait_until(lambda: found.get("/ready")[0] == 503)
        assert found.get("/ready")[1]["reasons"] == ["shutting down"]
        assert found.post("/v1/predict", picture())[0] == 200
        assert found.request("GET", "/health")[1]["connection"] == "close"
        assert found.process.wait(120) == 0
        with pytest.raises(OSError):
            found.get("/health")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A checkpoint of the user's own."""
    path = tmp_path / "own.safetensors"
    checkpoint.save(load_checkpoint("small"), path)
    return path


def test_a_changed_run_is_taken_and_a_broken_one_is_not(weights: Path) -> None:
    """Under load none is lost: the new network is tried first, and the old one answers until then."""
    good = weights.read_bytes()
    with served(weights, "--reload-every", 0.5) as found:
        load = Load(found, 3)
        wait_until(lambda: len(load.answered) > 5)
        replace(weights, good[: len(good) // 2])
        wait_until(lambda: found.metric('alexnet_reloads_total{outcome="refused"}') == 1, 300)
        ready = found.get("/ready")[1]
        assert ready["ready"]
        assert ready["reload_error"].startswith("own: ")
        replace(weights, good)
        wait_until(lambda: found.metric('alexnet_reloads_total{outcome="taken"}') == 1, 300)
        assert found.get("/ready")[1]["reload_error"] == ""
        found.process.send_signal(signal.SIGHUP)
        wait_until(lambda: found.metric('alexnet_reloads_total{outcome="taken"}') == 2, 300)
        load.end()
        assert load.lost == []
        assert set(load.answered) == {200}


def replace(path: Path, content: bytes) -> None:
    """Put another file in the place of one, as a run does it."""
    other = path.with_suffix(".new")
    other.write_bytes(content)
    shutil.move(other, path)


def test_killing_what_decodes_costs_no_answer() -> None:
    with served("small", "--decoders", 2) as found:
        load = Load(found, 3)
        for _ in range(4):
            count = len(load.answered)
            for child in found.children():
                os.kill(child, signal.SIGKILL)
            wait_until(partial(load.has_answered, count + 20))
        load.end()
        assert load.lost == []
        assert set(load.answered) == {200}
        assert found.metric("alexnet_decoder_restarts_total") >= 4
        assert found.get("/ready")[0] == 200


def test_what_decodes_ends_with_its_service() -> None:
    with served("small") as found:
        children = found.children()
        assert children
        found.process.kill()
        found.process.wait()
        wait_until(lambda: not any(map(alive, children)))


def alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().split()[2] != "Z"
    except OSError:
        return False


def test_several_processes_are_one_service() -> None:
    """One that is killed is started again, what they count is told as one, and a signal ends them all."""
    with served("small", "--workers", 2, "--reload-every", 0) as found:
        workers = found.children()
        wait_until(lambda: found.metric("alexnet_ready") == 2, 300)
        for _ in range(20):
            assert found.post("/v1/predict", picture())[0] == 200
        wait_until(lambda: found.metric('alexnet_requests_total{protocol="v1",outcome="answered"}') == 20)
        os.kill(workers[0], signal.SIGKILL)
        wait_until(lambda: len(found.children()) == 2 and workers[0] not in found.children())
        assert found.post("/v1/predict", picture())[0] == 200
        children = found.children()
        assert found.end() == 0
        wait_until(lambda: not any(map(alive, children)))


def test_several_processes_that_cannot_start_say_so_once() -> None:
    refused("nowhere", "--port", 0, "--workers", 2, code=1, says="nowhere")
