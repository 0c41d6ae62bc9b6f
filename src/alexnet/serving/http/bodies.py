"""Bodies of requests, read within limits: of one, and of all that are in memory at a time."""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, Final, NoReturn, TypeVar, final

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from alexnet.serving.refusals import Refusal
from alexnet.serving.settings import Limits

_PIECE: Final = 1 << 16  # bytes of a form that are looked at before others have their turn
_FIELD: Final = 1 << 12  # bytes of a field that is no file
_FIELDS: Final = 16
T = TypeVar("T")


@final
class Bodies:
    """How much of all bodies is in memory.

    Args:
        limits: of a service.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    async def read(self, request: Request) -> bytes:
        """Return the whole body of a request; `release` it when it is answered.

        Raises:
            Refusal: it is too large, in another encoding, or there is no room for it now.
            ClientDisconnect: the client has gone.
        """
        most = self._limits.body_bytes
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Refusal("request.media-type", "a compressed body is not taken: send it as it is")
        told = request.headers.get("content-length", "0")
        if told.isdecimal() and int(told) > most:
            raise _too_large(most)
        state = request.scope.setdefault("state", {})
        parts: list[bytes] = []
        length = 0
        async for part in request.stream():
            length += len(part)
            if length > most:
                raise _too_large(most)
            if self._held + len(part) > self._limits.bodies_bytes:
                raise Refusal("queue.full", "too many bodies are being read: come again", retry_seconds=1)
            self._held += len(part)
            state["held"] = state.get("held", 0) + len(part)
            parts.append(part)
        return b"".join(parts)

    def release(self, held: int) -> None:
        """Forget bytes that `read` has counted."""
        self._held -= held


def _too_large(most: int) -> Refusal:
    return Refusal("request.too-large", f"a body has {most} bytes at most")


@final
class _Form(MultiPartParser):
    """Keeps files in memory, where the body is already: nothing of a client's is written to the disk."""

    spool_max_size = 1 << 40


async def form(
    request: Request, body: bytes, *, files: int
) -> tuple[list[tuple[str, bytes]], dict[str, str]]:
    """Return the files of a form, each with its media type, and its other fields.

    Raises:
        Refusal: it is no form, or has too many parts.
    """
    try:
        parser = _Form(
            request.headers, _pieces(body), max_files=files, max_fields=_FIELDS, max_part_size=_FIELD
        )
        found = await parser.parse()
    except MultiPartException as error:
        raise Refusal("request.form", f"the form cannot be read: {error.message}") from None
    except (ValueError, LookupError) as error:  # of heads that no parser expects
        raise Refusal("request.form", f"the form cannot be read: {error}") from None
    pictures, fields = [], {}
    for name, value in found.multi_items():
        if isinstance(value, UploadFile):
            pictures.append((value.content_type or "", value.file.read()))
            value.file.close()
        else:
            fields[name] = value
    return pictures, fields


async def _pieces(body: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
        await asyncio.sleep(0)


def parsed(body: bytes | bytearray | memoryview) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        Refusal: it is none.
    """
    try:
        found = json.loads(bytes(body), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refusal("request.json", f"the body is no JSON: {str(error)[:200]}") from None
    if not isinstance(found, dict):
        raise Refusal("request.json", f"the body is a JSON {type(found).__name__}: expected an object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


async def unless_gone(request: Request, answer: Coroutine[Any, Any, T]) -> T:
    """Wait for an answer as long as the client does: once it has gone, what it asked for is dropped.

    Raises:
        ClientDisconnect: it has gone.
    """
    asked = asyncio.ensure_future(answer)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            raise ClientDisconnect
        return asked.result()
    finally:
        gone.cancel()
        asked.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
