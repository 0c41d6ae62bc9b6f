"""Fetching, against a server of our own: whole, resumed, lied to, sent elsewhere, forbidden."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alexnet import downloads
from alexnet.downloads import Digest, Remote
from alexnet.errors import CheckpointError, DataError
from file_server import FileServer, serving

CONTENT = np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8).tobytes()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(files={"/set.bin": CONTENT}) as found:
        yield found


def remote(server: FileServer, content: bytes = CONTENT) -> Remote:
    return Remote(
        f"{server.url}/set.bin", len(content), Digest("sha256", hashlib.sha256(content).hexdigest())
    )


def fetch(file: Remote, folder: Path, said: list[str] | None = None) -> Path:
    return downloads.fetch(file, folder, (said if said is not None else []).append, error=DataError)


def test_a_file_is_fetched_once_and_said_so(server: FileServer, tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        assert fetch(remote(server), tmp_path, said).read_bytes() == CONTENT
    assert len(server.asked) == len(said) == 1
    assert "0.3 MB" in said[0]
    assert f"SHA-256 {hashlib.sha256(CONTENT).hexdigest()}" in said[0]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_connection_is_taken_up_again(server: FileServer, tmp_path: Path, ranges: bool) -> None:
    server.ranges, server.most = ranges, [100_000]
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-"]


def test_what_is_left_of_an_earlier_try_is_used(server: FileServer, tmp_path: Path) -> None:
    server.most = [50_000, 50_000, 50_000]
    with pytest.raises(DataError, match=r"cannot be fetched.*run the same again"):
        fetch(remote(server), tmp_path)
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=150000-"


def test_a_server_that_goes_on_elsewhere_is_not_believed(server: FileServer, tmp_path: Path) -> None:
    """By its Content-Range: what it sends would be put in the wrong place."""
    server.most, server.shifted = [100_000], 10
    with pytest.raises(DataError, match="went on elsewhere than it was asked to"):
        fetch(remote(server), tmp_path)
    assert (tmp_path / "set.bin.part").read_bytes() == CONTENT[:100_000]
    server.shifted = 0
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("damage", ["a bit", "longer"])
def test_what_is_not_what_was_published_is_removed(server: FileServer, tmp_path: Path, damage: str) -> None:
    wrong = CONTENT + b"more" if damage == "longer" else bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    server.files["/set.bin"] = wrong
    with pytest.raises(DataError, match="is not what was published"):
        fetch(remote(server), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_whose_size_is_not_published_is_known_by_its_digest(
    server: FileServer, tmp_path: Path, says_length: bool
) -> None:
    server.says_length = says_length
    server.most = [100_000] if says_length else []  # without a length, nobody sees that it was cut
    file = replace(remote(server), size=None, digest=Digest("sha1", hashlib.sha1(CONTENT).hexdigest()))
    assert fetch(file, tmp_path).read_bytes() == CONTENT
    server.files["/set.bin"] = CONTENT[:-1]
    with pytest.raises(DataError, match=r"is not what was published \(another SHA-1"):
        fetch(file, tmp_path / "again")


def test_a_whole_partial_file_of_no_published_size_is_not_fetched_again(
    server: FileServer, tmp_path: Path
) -> None:
    """The server says that nothing lies beyond it."""
    (tmp_path / "set.bin.part").write_bytes(CONTENT)
    assert fetch(replace(remote(server), size=None), tmp_path).read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(CONTENT)}-"]


def test_a_redirection_is_followed_and_keeps_the_range(server: FileServer, tmp_path: Path) -> None:
    server.elsewhere["/moved/set.bin"] = "/set.bin"
    server.most = [100_000]
    assert fetch(replace(remote(server), url=f"{server.url}/moved/set.bin"), tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-"]


def test_a_redirection_leads_to_no_file_of_this_machine(server: FileServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(CONTENT)
    server.elsewhere["/set.bin"] = secret.as_uri()
    with pytest.raises(DataError, match="cannot be fetched"):
        fetch(remote(server), tmp_path / "kept")


def test_a_mirror_is_asked_first_and_the_publisher_where_it_fails(server: FileServer, tmp_path: Path) -> None:
    server.files["/good/other-name.bin"], server.files["/bad"] = CONTENT, b"other" * 60_000
    good, bad = f"{server.url}/good/other-name.bin", f"{server.url}/bad"
    said: list[str] = []
    away = replace(remote(server), url="http://127.0.0.1:9/set.bin", mirrors=(good,))
    assert fetch(away, tmp_path / "mirror", said).read_bytes() == CONTENT
    assert len(said) == 1
    found = fetch(replace(remote(server), mirrors=(bad,)), tmp_path / "publisher", said)
    assert (found.name, found.read_bytes()) == ("set.bin", CONTENT)
    server.files["/set.bin"] = bytes(len(CONTENT))
    with pytest.raises(DataError, match=r"/bad is not what was published.*; .*/set.bin is not what was"):
        fetch(replace(remote(server), mirrors=(bad,)), tmp_path / "none", said)


def test_only_the_web_is_fetched_from(tmp_path: Path) -> None:
    (tmp_path / "set.bin").write_bytes(CONTENT)
    local = Remote(
        (tmp_path / "set.bin").as_uri(), len(CONTENT), Digest("sha256", hashlib.sha256(CONTENT).hexdigest())
    )
    with pytest.raises(DataError, match="is no address to fetch from"):
        fetch(local, tmp_path / "kept")


def test_a_server_that_is_away_is_said_in_a_line(tmp_path: Path) -> None:
    away = Remote("http://127.0.0.1:9/set.bin", 5, Digest("sha256", "0" * 64))
    with pytest.raises(DataError, match=r"cannot be fetched: .*refused.*; run the same again to go on$"):
        fetch(away, tmp_path)


def test_a_missing_file_is_not_asked_for_again(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="404"):
        fetch(Remote(f"{server.url}/nothing", 5, Digest("sha256", "0" * 64)), tmp_path)
    assert len(server.asked) == 1


def test_offline_nothing_is_asked(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXNET_OFFLINE", "1")
    with pytest.raises(DataError, match=r"ALEXNET_OFFLINE is set: fetch .* yourself"):
        fetch(remote(server), tmp_path)
    assert server.asked == []


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_in_a_line(server: FileServer, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CheckpointError, match=r"cannot be written: Permission denied; ALEXNET_HOME"):
        downloads.fetch(remote(server), tmp_path / "kept", print, error=CheckpointError)


def test_progress_grows_to_the_whole(server: FileServer, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    downloads.fetch(
        remote(server),
        tmp_path,
        print,
        error=DataError,
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)
