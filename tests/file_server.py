"""A server of files for tests: understands ranges or not, hangs up in the middle, sends elsewhere, is away."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FileServer:
    """What is served, how, and what was asked; its address is `url`."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """Contents by path, /set.bin."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Paths that are redirected, and whereto."""
    ranges: bool = True
    """Whether it goes on where it is asked to."""
    shifted: int = 0
    """By how many bytes it goes on elsewhere than it was asked to."""
    most: list[int] = field(default_factory=list)
    """It hangs up after so many bytes, once for each number."""
    says_length: bool = True
    asked: list[str | None] = field(default_factory=list)
    """The ranges that were asked for, in order; None for the whole."""


@contextlib.contextmanager
def serving(**options: Any) -> Iterator[FileServer]:
    """Serve files on this machine until the block ends."""
    server = FileServer(**options)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.close_connection = True
            if self.path in server.elsewhere:
                self.send_response(302)
                self.send_header("Location", server.elsewhere[self.path])
                self.end_headers()
                return
            asked = self.headers.get("Range")
            server.asked.append(asked)
            content = server.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            start = int(asked.split("=")[1].rstrip("-")) if asked and server.ranges else 0
            if start >= len(content) > 0:
                self.send_error(416)
                return
            first = start - server.shifted if start else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            if server.says_length:
                self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            part = content[first:]
            self.wfile.write(part[: server.most.pop(0)] if server.most else part)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{running.server_address[1]}"
    try:
        yield server
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
