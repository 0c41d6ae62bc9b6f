"""Fetching, against a server of our own: whole, resumed, lied to, forbidden."""

import hashlib
import http.server
import io
import pickle
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from alexnet.data.sources import published as publishing
from alexnet.data.sources.downloads import Remote, fetch
from alexnet.data.sources.naming import source_named
from alexnet.data.sources.published import PUBLISHED, PublicDataset, published
from alexnet.errors import DataError

CONTENT = np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8).tobytes()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `files`; understands ranges if `ranges`; hangs up after `most` bytes, once for each number."""

    files: ClassVar[dict[str, bytes]] = {}
    ranges = True
    most: ClassVar[list[int]] = []
    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Range"))
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = (
            int(self.headers["Range"].split("=")[1].rstrip("-"))
            if self.headers.get("Range") and self.ranges
            else 0
        )
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        part = content[start:]
        self.wfile.write(part[: self.most.pop(0)] if self.most else part)
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.files, Handler.most, Handler.asked, Handler.ranges = {"/set.bin": CONTENT}, [], [], True
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()
    thread.join()


def remote(server: str, content: bytes = CONTENT) -> Remote:
    return Remote(f"{server}/set.bin", len(content), hashlib.sha256(content).hexdigest())


def test_a_file_is_fetched_once_and_said_so(server: str, tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        assert fetch(remote(server), tmp_path, said.append).read_bytes() == CONTENT
    assert len(Handler.asked) == len(said) == 1
    assert "0.3 MB" in said[0]
    assert hashlib.sha256(CONTENT).hexdigest() in said[0]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_connection_is_taken_up_again(server: str, tmp_path: Path, ranges: bool) -> None:
    Handler.ranges, Handler.most = ranges, [100_000]
    assert fetch(remote(server), tmp_path, print).read_bytes() == CONTENT
    assert Handler.asked == [None, "bytes=100000-"]


def test_what_is_left_of_an_earlier_try_is_used(server: str, tmp_path: Path) -> None:
    Handler.most = [50_000, 50_000, 50_000]
    with pytest.raises(DataError, match=r"cannot be fetched.*run the same again"):
        fetch(remote(server), tmp_path, print)
    assert fetch(remote(server), tmp_path, print).read_bytes() == CONTENT
    assert Handler.asked[-1] == "bytes=150000-"


@pytest.mark.parametrize("damage", ["a bit", "longer"])
def test_what_is_not_what_was_published_is_removed(server: str, tmp_path: Path, damage: str) -> None:
    wrong = CONTENT + b"more" if damage == "longer" else bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    Handler.files["/set.bin"] = wrong
    with pytest.raises(DataError, match="is not what was published"):
        fetch(remote(server), tmp_path, print)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_not_asked_for_again(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="404"):
        fetch(Remote(f"{server}/nothing", 5, "0" * 64), tmp_path, print)
    assert len(Handler.asked) == 1


def test_offline_nothing_is_asked(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALEXNET_OFFLINE", "1")
    with pytest.raises(DataError, match=r"ALEXNET_OFFLINE is set: fetch .* yourself"):
        fetch(remote(server), tmp_path, print)
    assert Handler.asked == []


def small_cifar() -> bytes:
    stream = io.BytesIO()
    names: dict[str, dict[str, Any]] = {"batches.meta": {"label_names": ["cat", "dog"]}}
    for batch in (
        "data_batch_1",
        "data_batch_2",
        "data_batch_3",
        "data_batch_4",
        "data_batch_5",
        "test_batch",
    ):
        names[batch] = {"data": np.zeros((2, 3072), np.uint8), "labels": [0, 1]}
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, values in names.items():
            content = pickle.dumps(values, protocol=2)
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def test_a_data_set_by_name_is_looked_for_before_it_is_fetched(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First from the server, then from the folder that it was kept in, then from ALEXNET_DATA."""
    content = small_cifar()
    Handler.files["/set.bin"] = content
    publication = PublicDataset((remote(server, content),), PUBLISHED["cifar10"].read, "free")
    monkeypatch.setitem(publishing.PUBLISHED, "cifar10", publication)
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "home"))
    assert published("cifar10").classes == ("cat", "dog")
    assert source_named("cifar10").count("train") == 10
    assert len(Handler.asked) == 1
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("ALEXNET_DATA", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "set.bin").write_bytes(content)
    assert published("cifar10").count("test") == 2
    assert len(Handler.asked) == 1


def test_every_publication_has_whole_digests() -> None:
    for publication in PUBLISHED.values():
        for file in publication.remotes:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.size > 0
