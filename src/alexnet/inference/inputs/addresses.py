"""Pictures behind http:// and https:// addresses: fetched only where that was allowed, and within limits.

Whatever is told to go elsewhere stays with these two protocols; no file of this machine is opened by an address.
"""

import functools
import http.client
import io
import socket
import time
import urllib.error
import urllib.request
from typing import IO, Any, ClassVar, Final, final

from alexnet.downloads import SCHEMES, offline
from alexnet.errors import DataError
from alexnet.version import VERSION

SECONDS: Final = 30.0
"""For a picture, from asking to its last byte."""
_REDIRECTIONS: Final = 5


def is_address(text: str) -> bool:
    """Tell whether a text is the address of something on the web."""
    return text.lower().startswith(SCHEMES)


@final
class Address:
    """Where a picture can be fetched from.

    Args:
        url: begins with http:// or https://.
    """

    MOST_BYTES: ClassVar[int] = 32 * 2**20
    """Of a picture that is fetched."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.content = b""
        """What was fetched."""

    def __repr__(self) -> str:
        return f"Address({self.url!r})"

    def fetch(self) -> bytes:
        """Return the picture's bytes.

        Raises:
            DataError: the server does not give them, not in time, or gives too many; the message says which.
        """
        if offline():
            raise DataError("unreadable: ALEXNET_OFFLINE is set, and nothing is fetched")
        until = time.monotonic() + SECONDS
        try:
            request = urllib.request.Request(self.url, headers={"User-Agent": f"alexnet/{VERSION}"})
            with _opener(until).open(request, timeout=SECONDS) as answer:
                content: bytes = answer.read(self.MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            error.close()
            said = " ".join(str(error.reason).split())
            raise DataError(f"unreadable: the server says {error.code} {said}") from None
        except TimeoutError:
            raise DataError(f"unreadable: not fetched within {SECONDS:.0f} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:  # URLError among them
            why = getattr(error, "reason", None) or error
            if isinstance(why, TimeoutError):
                why = f"not fetched within {SECONDS:.0f} s"
            raise DataError(f"unreadable: {' '.join(str(why).split()) or type(error).__name__}") from None
        if len(content) > self.MOST_BYTES:
            raise DataError(f"too large: more than {self.MOST_BYTES} bytes are not fetched")
        self.content = content
        return content


def _opener(until: float) -> urllib.request.OpenerDirector:
    """Return what opens addresses of the two protocols, and no others, until a time on the monotonic clock."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Plain(until),
        _Encrypted(until),
        _Redirections(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


class _Redirections(urllib.request.HTTPRedirectHandler):
    max_redirections = _REDIRECTIONS

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not is_address(newurl):
            fp.close()
            raise ValueError(f"it is redirected to {newurl[:80]}, which is no http:// or https:// address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(functools.partial(_connection, http.client.HTTPConnection, self._until), req)


class _Encrypted(urllib.request.HTTPSHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(functools.partial(_connection, http.client.HTTPSConnection, self._until), req)


def _connection(
    kind: type[http.client.HTTPConnection], until: float, host: str, **options: Any
) -> http.client.HTTPConnection:
    """Return a connection whose answer, however slowly it drips, has come by a time or not at all."""
    options["timeout"] = max(until - time.monotonic(), 0.001)  # of this attempt, not of each redirection
    connection = kind(host, **options)
    connection.response_class = functools.partial(_Answer, until)  # type: ignore[assignment]  # called as the class is
    return connection


class _Answer(http.client.HTTPResponse):
    def __init__(self, until: float, sock: socket.socket, *given: Any, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock, until))


class _Timed(io.RawIOBase):
    """What a socket receives, until a time on the monotonic clock."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._socket, self._until = sock, until
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(max(self._until - time.monotonic(), 0.001))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
