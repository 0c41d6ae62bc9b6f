"""Fetching a file of known size and SHA-256: resumed where it stopped, checked before it counts."""

import hashlib
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alexnet import files
from alexnet.errors import DataError

ATTEMPTS = 3
TIMEOUT = 30.0  # seconds without a byte

_PIECE = 2**20


@dataclass(frozen=True)
class Remote:
    """A file as its publisher offers it."""

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rsplit("/", 1)[-1]


def offline() -> bool:
    """Tell whether `ALEXNET_OFFLINE` forbids the network."""
    return os.environ.get("ALEXNET_OFFLINE", "") not in ("", "0")


def fetch(remote: Remote, folder: Path, say: Callable[[str], None]) -> Path:
    """Return a file of a folder, fetched if it is not there.

    Args:
        remote: what to fetch.
        folder: where to keep it; made if it is not there.
        say: is told what is fetched, from where, its size and its SHA-256.
    Raises:
        DataError: the network is forbidden or fails, or what comes is not what was published.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / remote.name
    with files.locked(folder):
        if path.exists() and path.stat().st_size == remote.size:
            return path
        if offline():
            raise DataError(
                f"{remote.name} is not in {os.fspath(folder)!r} and ALEXNET_OFFLINE is set: "
                f"fetch {remote.url} yourself and put it there, or in ALEXNET_DATA"
            )
        part = folder / f"{remote.name}.part"
        say(f"fetching {remote.url} ({remote.size / 1e6:,.1f} MB, SHA-256 {remote.sha256}) into {folder}")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _continue(remote, part)
                break
            except (OSError, http.client.HTTPException) as error:  # URLError and timeouts among them
                if attempt == ATTEMPTS or _refused(error):
                    raise DataError(
                        f"{remote.url} cannot be fetched: {' '.join(str(error).split())}; run the same again to go on"
                    ) from None
        _verify(remote, part)
        files.flush(part)
        part.rename(path)
    return path


def _continue(remote: Remote, part: Path) -> None:
    """Add to a partial file what is missing; a server that cannot go on begins again."""
    have = part.stat().st_size if part.exists() else 0
    if have >= remote.size:
        return
    request = urllib.request.Request(remote.url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        going_on = have and answer.status == http.HTTPStatus.PARTIAL_CONTENT
        with open(part, "ab" if going_on else "wb") as file:
            have = have if going_on else 0
            while have <= remote.size and (piece := answer.read(_PIECE)):
                file.write(piece)
                have += len(piece)
    if have < remote.size:
        raise http.client.IncompleteRead(b"", remote.size - have)


def _verify(remote: Remote, part: Path) -> None:
    """Compare with what was published; what differs is removed."""
    size = part.stat().st_size
    if size == remote.size and files.sha256(part) == remote.sha256:
        return
    found = f"{size:,} bytes" if size != remote.size else "another SHA-256"
    part.unlink()
    raise DataError(
        f"{remote.url} is not what was published ({found}; expected {remote.size:,} bytes, SHA-256 {remote.sha256}): "
        "it was removed; if the publisher has changed it, give its file as a path"
    )


def _refused(error: Exception) -> bool:
    """Tell whether asking again is of no use: the server says that there is no such thing."""
    return isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500


def tell(text: str) -> None:
    """Print on standard error: nothing is fetched unheard."""
    print(text, file=sys.stderr, flush=True)


def matches(remote: Remote, path: Path) -> bool:
    """Tell whether a file that somebody has put there is the published one."""
    if not path.is_file() or path.stat().st_size != remote.size:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == remote.sha256
