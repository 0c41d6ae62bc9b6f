"""Pictures from addresses: within limits of size and time, and from two protocols only."""

import socket
import threading
import time
from concurrent.futures import wait

import pytest

from alexnet.errors import DataError
from alexnet.inference.inputs import addresses
from alexnet.inference.inputs.addresses import Address
from alexnet.inference.inputs.fetching import Fetchers
from file_server import serving


def test_a_picture_is_fetched_also_from_elsewhere() -> None:
    with serving(files={"/a.jpg": b"picture"}, elsewhere={"/b.jpg": "/a.jpg"}) as server:
        assert Address(f"{server.url}/a.jpg").fetch() == b"picture"
        assert Address(f"{server.url}/b.jpg").fetch() == b"picture"


def test_what_a_server_may_not_do_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Address, "MOST_BYTES", 1000)
    elsewhere = {
        "/file.jpg": "file:///etc/passwd",
        "/ftp.jpg": "ftp://127.0.0.1/x",
        "/data.jpg": "data:image/png;base64,AAAA",
        "/round.jpg": "/round.jpg",
    }
    with serving(files={"/large.jpg": bytes(1001)}, elsewhere=elsewhere) as server:
        for name, why in (
            ("large", "^too large: more than 1000 bytes are not fetched"),
            ("nothing", "^unreadable: the server says 404"),
            ("file", "is not allowed$"),
            ("ftp", "no http:// or https:// address"),
            ("data", "is not allowed$"),
            ("round", "^unreadable: the server says 302 .*infinite loop"),
        ):
            with pytest.raises(DataError, match=why):
                Address(f"{server.url}/{name}.jpg").fetch()
    with pytest.raises(DataError, match=r"^unreadable: .*refused"):
        Address(f"{server.url}/a.jpg").fetch()
    for odd in ("http://", "http://[x/", "http://a b/c"):
        with pytest.raises(DataError, match=r"^unreadable: "):
            Address(odd).fetch()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"])
def test_a_server_that_drips_is_given_up_in_time(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its head or in its body, a byte at a time, so that no single wait is long."""
    monkeypatch.setattr(addresses, "SECONDS", 1.0)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(head)
                try:
                    while not ended.wait(0.1):
                        connection.sendall(b"H")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(DataError, match=r"^unreadable: not fetched within 1 s"):
            Address(f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg").fetch()
        ended.set()
        thread.join()
    assert time.monotonic() - began < 10


def test_the_network_may_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALEXNET_OFFLINE", "1")
    with pytest.raises(DataError, match="ALEXNET_OFFLINE is set"):
        Address("http://127.0.0.1:1/a.jpg").fetch()


def test_several_are_fetched_at_a_time_and_errors_are_handed_on() -> None:
    fetchers, barrier = Fetchers(), threading.Barrier(4)
    futures = [fetchers.submit(lambda: barrier.wait(60)) for _ in range(4)]
    assert len(wait(futures, timeout=60).done) == 4
    with pytest.raises(ZeroDivisionError):
        fetchers.submit(lambda: 1 // 0).result()
    fetchers.close()
