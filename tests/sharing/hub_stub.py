"""A Hub of a test's own: what huggingface_hub asks of one to make a repository, to commit to it, to fetch from it."""

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, final

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@final
class HubStub(ThreadingHTTPServer):
    """Repositories in memory; `asked` keeps the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        self.refuses = False

    @property
    def address(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


@contextlib.contextmanager
def serving() -> Iterator[HubStub]:
    """Run one on a thread."""
    with HubStub() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: HubStub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(f"POST {self.path}")
        if self.server.refuses:
            self._json(403, {"error": "You have no write access here."})
        elif self.path == "/api/repos/create":
            plain = json.loads(body)
            name = "/".join(part for part in (plain.get("organization"), plain["name"]) if part)
            self.server.files.setdefault(name, {})
            self._json(200, {"url": f"{self.server.address}/{name}", "name": name, "id": name})
        elif "/preupload/" in self.path:
            files = [{"path": file["path"], "uploadMode": "regular"} for file in json.loads(body)["files"]]
            self._json(200, {"files": [{**file, "shouldIgnore": False} for file in files]})
        elif "/commit/" in self.path:
            name = self.path.removeprefix("/api/models/").partition("/commit/")[0]
            for line in map(json.loads, body.decode().splitlines()):
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    self.server.files[name][line["value"]["path"]] = content
            url = f"{self.server.address}/{name}/commit/{COMMIT}"
            self._json(200, {"commitUrl": url, "commitOid": COMMIT, "hookOutput": ""})
        elif self.path == "/api/validate-yaml":
            self._json(200, {"errors": [], "warnings": []})
        else:
            self._json(404, {"error": "no such entrance"})

    def do_HEAD(self) -> None:
        self._file(body=False)

    def do_GET(self) -> None:
        self._file(body=True)

    def _file(self, *, body: bool) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        name, resolve, rest = self.path.removeprefix("/").partition("/resolve/")
        path = rest.partition("/")[2]
        content = self.server.files.get(name, {}).get(path)
        if not resolve or content is None:
            self._json(404, {}, code="EntryNotFound" if name in self.server.files else "RepoNotFound")
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _json(self, status: int, plain: dict[str, Any], *, code: str = "") -> None:
        content = json.dumps(plain).encode()
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
