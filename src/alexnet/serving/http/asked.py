"""What a request of the own protocol asks for: pictures and settings, as raw bytes, as a form, or as JSON.

raw     the body is one picture, `Content-Type: image/...`; settings stand in the address
form    multipart/form-data: each file is a picture, the other fields are settings
JSON    {"images": ["base64", ...]}, or {"image": "base64"}, and settings beside it

No path and no address of the client's is ever opened: a picture is bytes.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from starlette.requests import Request

from alexnet.serving.http.bodies import Bodies, form, parsed
from alexnet.serving.refusals import Refusal
from alexnet.serving.settings import Limits

SETTINGS: Final = ("model", "top", "stage")
_TOP: Final = 5


@final
@dataclass(frozen=True)
class Asked:
    """What a request asks for."""

    pictures: list[bytes]
    model: str | None
    top: int
    stage: str | None


async def asked(request: Request, bodies: Bodies, limits: Limits) -> Asked:
    """Read a request.

    Raises:
        Refusal: it is none of the three, too large, or a setting has no meaning.
    """
    kind = media_type(request)
    settings: dict[str, Any] = dict(request.query_params)
    if kind == "multipart/form-data":
        files, fields = await form(request, await bodies.read(request), files=limits.images)
        settings |= fields
        pictures = [content for type_, content in files if check_image_type(type_.partition(";")[0].lower())]
    elif kind == "application/json":
        document = parsed(await bodies.read(request))
        settings |= {name: value for name, value in document.items() if name not in ("image", "images")}
        pictures = _pictures(document, limits.images)
    else:
        check_image_type(kind)
        pictures = [await bodies.read(request)]
    return _checked(pictures, settings, limits)


def media_type(request: Request) -> str:
    """Return the media type of a request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def check_image_type(kind: str) -> bool:
    """Return True for the type of a picture, or one that says nothing.

    Raises:
        Refusal: it is another.
    """
    if kind in ("", "application/octet-stream") or kind.startswith("image/"):
        return True
    raise Refusal(
        "request.media-type",
        f"`{kind[:80]}` is no picture: send image/jpeg or another, multipart/form-data, or application/json",
    )


def picture_of(text: Any) -> bytes:
    """Return the bytes of a picture in base64, as it is or within an address of data.

    Raises:
        Refusal: it is none.
    """
    if not isinstance(text, str):
        raise Refusal("request.base64", f"a picture is text in base64, not {type(text).__name__}")
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(
            "request.base64", f"`{text[:40]}` is no base64: a picture comes as its bytes, never as an address"
        ) from None


def _pictures(document: Mapping[str, Any], most: int) -> list[bytes]:
    given = document.get("images", [document["image"]] if "image" in document else [])
    if not isinstance(given, list):
        raise Refusal("request.json", "`images` is a list of pictures in base64")
    if len(given) > most:
        raise Refusal("request.too-many", f"{len(given)} pictures in one request: at most {most} are taken")
    return [picture_of(text) for text in given]


def _checked(pictures: list[bytes], settings: Mapping[str, Any], limits: Limits) -> Asked:
    if unknown := sorted(set(settings) - set(SETTINGS)):
        raise Refusal("request.setting", f"`{unknown[0][:80]}` is no setting; choices: {', '.join(SETTINGS)}")
    model, stage = settings.get("model"), settings.get("stage")
    for name, value in (("model", model), ("stage", stage)):
        if not isinstance(value, str | None):
            raise Refusal("request.setting", f"`{name}` is text")
    return Asked(pictures, model, whole(settings.get("top", _TOP), "top", limits.top), stage)


def whole(value: Any, name: str, most: int) -> int:
    """Return a whole number from 1 to `most`, given as such or in digits.

    Raises:
        Refusal: it is none.
    """
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Refusal(
            "request.setting", f"`{name}` is a whole number from 1 to {most}, not {str(value)[:40]!r}"
        )
    return value
