"""A service as a process of its own, as `alexnet serve` starts it, and plain requests to it."""

import contextlib
import http.client
import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

SECONDS = 300.0  # to start, on a machine that is busy with other things


@dataclass
class Served:
    """A service that listens."""

    process: subprocess.Popen[str]
    port: int = 0
    said: list[str] = field(default_factory=list)
    """Lines of its standard error."""

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Return the status, the headers (lower case) and the body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, names, answer.read()

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Return the status and the JSON of an answer."""
        status, _, body = self.request("GET", path, headers=headers)
        return status, json.loads(body)

    def post(self, path: str, body: bytes, kind: str = "image/png", **headers: str) -> tuple[int, Any]:
        """Return the status and the JSON of an answer."""
        status, _, answer = self.request("POST", path, body, {"Content-Type": kind, **headers})
        return status, json.loads(answer)

    def metric(self, name: str) -> float:
        """Return a number of /metrics."""
        text = self.request("GET", "/metrics")[2].decode()
        return float(next(line for line in text.splitlines() if line.startswith(name + " ")).split()[-1])

    def children(self) -> list[int]:
        """Return the processes that decode."""
        told = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=True
        )
        return [int(line) for line in told.stdout.split()]

    def memory(self) -> int:
        """Return the bytes that the process has in memory."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


@contextlib.contextmanager
def served(*arguments: object, environment: dict[str, str] | None = None) -> Iterator[Served]:
    """Serve with these arguments of the command until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "alexnet", "serve", *map(str, arguments), "--port", "0", "--no-access-log"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {}),
    )
    found = Served(process)
    ready: queue.Queue[int] = queue.Queue()
    assert process.stderr is not None

    def listen(lines: Any = process.stderr) -> None:
        for line in lines:
            found.said.append(line.rstrip())
            if "serving on http://" in line:
                ready.put(int(line.split("http://")[1].split(":")[1]))
        ready.put(0)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        found.port = ready.get(timeout=SECONDS)
        assert found.port, found.said
        yield found
    finally:
        process.kill()
        process.wait()
        thread.join()
        process.stderr.close()


def wait_until(holds: Any, seconds: float = 60.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never holds"
        time.sleep(0.05)


def picture(seed: int = 0, *, kind: str = "PNG", side: int = 80) -> bytes:
    """Return a picture file of smooth noise: no two seeds give the same answer."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(small).resize((side * 4 // 3, side), Image.Resampling.BICUBIC).save(stream, kind)
    return stream.getvalue()


def form(*parts: tuple[str, bytes, str], **fields: str) -> tuple[bytes, str]:
    """Return the body and the type of a form: files, each with its name and type, and fields."""
    lines = [
        f'--edge\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content, kind in parts
    ]
    lines += [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    return b"".join(lines) + b"--edge--\r\n", "multipart/form-data; boundary=edge"
