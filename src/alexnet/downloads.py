"""Fetching a file of known digest: resumed where it stopped, checked before it counts."""

import hashlib
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alexnet import files
from alexnet.errors import AlexNetError

ATTEMPTS: Final = 3
"""How often an address is asked before the next one is."""
TIMEOUT: Final = 30.0
"""Seconds without a byte."""
LARGEST: Final = 16 * 2**30
"""Bytes of a file whose publisher does not say its size."""
SCHEMES: Final = ("https://", "http://")

_PIECE: Final = 2**20
_NAMES: Final = {"sha256": "SHA-256", "sha1": "SHA-1"}


@dataclass(frozen=True)
class Digest:
    """A digest of a file's bytes, as its publisher gives it."""

    kind: str
    """"sha256" or "sha1"."""
    value: str
    """Hexadecimal digits."""

    def __str__(self) -> str:
        return f"{_NAMES[self.kind]} {self.value}"

    def matches(self, path: Path) -> bool:
        """Tell whether a file's bytes have it; all of them are read.

        Raises:
            OSError: it cannot be read.
        """
        with open(path, "rb") as file:
            return hashlib.file_digest(file, self.kind).hexdigest() == self.value


@dataclass(frozen=True)
class Remote:
    """A file as its publisher offers it."""

    url: str
    size: int | None
    """Bytes; None where the publisher does not say."""
    digest: Digest
    mirrors: tuple[str, ...] = ()
    """Addresses of the same file, asked before the publisher's."""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rsplit("/", 1)[-1]

    def fits(self, path: Path) -> bool:
        """Tell whether there is a file that has the published size, as far as that is known."""
        return os.path.isfile(path) and self.size in (None, path.stat().st_size)

    def matches(self, path: Path) -> bool:
        """Tell whether a file that somebody has put there is the published one; all of it is read."""
        return self.fits(path) and self.digest.matches(path)


def offline() -> bool:
    """Tell whether `ALEXNET_OFFLINE` forbids the network."""
    return os.environ.get("ALEXNET_OFFLINE", "") not in ("", "0")


def tell(text: str) -> None:
    """Print on standard error: nothing is fetched unheard."""
    print(text, file=sys.stderr, flush=True)


def fetch(
    remote: Remote,
    folder: Path,
    say: Callable[[str], None],
    *,
    error: type[AlexNetError],
    on_progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Path:
    """Return a file of a folder, fetched if it is not there. One process at a time fetches into a folder.

    Args:
        remote: what to fetch.
        folder: where to keep it; made if it is not there.
        say: is told what is fetched, from where, its size and its digest.
        error: what is raised.
        on_progress: is told the bytes that are there, and all, as far as that is known.
    Raises:
        error: the network is forbidden or fails, or what comes is not what was published.
    """
    path = folder / remote.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with files.locked(folder):
            if not remote.fits(path):  # whoever put it there has checked it
                part = folder / f"{remote.name}.part"
                _fetch(remote, part, say, error, on_progress)
                files.flush(part)
                part.rename(path)
    except OSError as failure:
        raise error(
            f"{os.fspath(path)!r} cannot be written: {failure.strerror}; ALEXNET_HOME names another folder"
        ) from failure
    return path


def _fetch(
    remote: Remote,
    part: Path,
    say: Callable[[str], None],
    error: type[AlexNetError],
    on_progress: Callable[[int, int | None], None],
) -> None:
    """Fetch a file whole, from the first address that has it."""
    if offline():
        raise error(
            f"{remote.name} is not in {os.fspath(part.parent)!r} and ALEXNET_OFFLINE is set: "
            f"fetch {remote.url} yourself and put it there, or in ALEXNET_DATA"
        )
    failures: list[str] = []
    for url in (*remote.mirrors, remote.url):
        if not url.startswith(SCHEMES):
            raise error(f"{url} is no address to fetch from: one begins with {' or '.join(SCHEMES)}")
        size = f"{remote.size / 1e6:,.1f} MB, " if remote.size is not None else ""
        say(f"fetching {url} ({size}{remote.digest}) into {part.parent}")
        failure = _failure(url, remote, part, on_progress) or _difference(url, remote, part)
        if not failure:
            return
        failures.append(failure)
    raise error("; ".join(failures))


def _failure(
    url: str, remote: Remote, part: Path, on_progress: Callable[[int, int | None], None]
) -> str | None:
    """Complete a partial file from an address, in several attempts; return why that failed, or None."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _continue(url, remote.size, part, on_progress)
            return None
        except (OSError, http.client.HTTPException, ValueError) as error:  # URLError and timeouts among them
            said = " ".join(str(error).split()) or type(error).__name__
            if attempt == ATTEMPTS or _refused(error):
                return f"{url} cannot be fetched: {said}; run the same again to go on"
    raise AssertionError("the last attempt returns")


def _continue(url: str, size: int | None, part: Path, on_progress: Callable[[int, int | None], None]) -> None:
    """Add to a partial file what is missing; a server that cannot go on begins again."""
    have = part.stat().st_size if part.exists() else 0
    if size is not None and have >= size:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if have and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # there is no more; the digest tells whether what is there is it
        raise
    with answer:
        going_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT and _start(answer, have) == have
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT and not going_on:
            raise http.client.HTTPException("the server went on elsewhere than it was asked to")
        have = have if going_on else 0
        total = size if size is not None else _total(answer, have)
        with open(part, "ab" if going_on else "wb") as file:
            while have <= (LARGEST if total is None else total) and (piece := answer.read(_PIECE)):
                file.write(piece)
                have += len(piece)
                on_progress(have, total)
    if total is not None and have < total:
        raise http.client.IncompleteRead(b"", total - have)


def _start(answer: http.client.HTTPResponse, have: int) -> int | None:
    """Return the first byte of a partial answer, by its Content-Range; the one asked for where it has none."""
    stated = answer.headers.get("Content-Range", f"bytes {have}-")
    first = stated.removeprefix("bytes").strip().partition("-")[0]
    return int(first) if first.isdecimal() else None


def _total(answer: http.client.HTTPResponse, have: int) -> int | None:
    """Return how many bytes there will be, as the server says; None where it does not."""
    stated = answer.headers.get("Content-Length", "")
    return have + int(stated) if stated.isdecimal() else None


def _difference(url: str, remote: Remote, part: Path) -> str | None:
    """Return how a fetched file differs from what was published, None where it does not; what differs is removed."""
    if remote.matches(part):
        return None
    size = part.stat().st_size if part.exists() else 0
    found = f"{size:,} bytes" if remote.size not in (None, size) else f"another {_NAMES[remote.digest.kind]}"
    expected = f"{remote.size:,} bytes, " if remote.size is not None else ""
    part.unlink(missing_ok=True)
    return (
        f"{url} is not what was published ({found}; expected {expected}{remote.digest}): "
        "it was removed; if the publisher has changed it, give its file as a path"
    )


def _refused(error: Exception) -> bool:
    """Tell whether asking again is of no use: the server says that there is no such thing."""
    return isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500
