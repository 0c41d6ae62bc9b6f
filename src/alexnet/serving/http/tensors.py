"""Tensors of the Open Inference Protocol: in the JSON, or as bytes behind it (the binary extension).

With the extension, `Inference-Header-Content-Length` says where the JSON ends, and each tensor's parameter
`binary_data_size` how many of the bytes behind it are its own. Texts are each a length, uint32, and their bytes.

Source: KServe's Open Inference Protocol, and Triton's extension_binary_data.md.
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from starlette.responses import Response

from alexnet.serving.http.answers import Json, short
from alexnet.serving.http.asked import picture_of
from alexnet.serving.http.bodies import parsed
from alexnet.serving.refusals import Refusal

LENGTH: Final = "inference-header-content-length"


@final
@dataclass(frozen=True)
class Tensor:
    """A tensor that came in, its values where they stood: in JSON, or bytes."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Any
    content: memoryview | None

    @property
    def count(self) -> int:
        """How many values its shape has."""
        return math.prod(self.shape)


def read(body: bytes, json_length: str | None) -> tuple[dict[str, Any], list[Tensor]]:
    """Return the JSON of a request and its tensors.

    Args:
        body: of the request.
        json_length: what its header says of where the JSON ends; None where all is JSON.
    Raises:
        Refusal: lengths do not fit, or something is not of its kind.
    """
    end = len(body)
    if json_length is not None:
        if not (json_length.isascii() and json_length.isdecimal()) or int(json_length[:12]) > len(body):
            raise Refusal(
                "request.tensor", f"{LENGTH} is {json_length[:40]!r}: the body has {len(body)} bytes"
            )
        end = int(json_length)
    document = parsed(memoryview(body)[:end])
    given = document.get("inputs")
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise Refusal("request.tensor", "`inputs` is a list of tensors")
    tensors, rest = [], memoryview(body)[end:]
    for entry in given:
        size = parameters_of(entry).get("binary_data_size")
        content = None
        if size is not None:
            if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= len(rest):
                raise Refusal("request.tensor", f"binary_data_size is {size!r}: {len(rest)} bytes are left")
            content, rest = rest[:size], rest[size:]
        tensors.append(_tensor(entry, content))
    if rest:
        raise Refusal("request.tensor", f"{len(rest)} bytes behind the JSON belong to no tensor")
    return document, tensors


def parameters_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters of a tensor or of a request; none where it has none."""
    found = entry.get("parameters")
    return found if isinstance(found, dict) else {}


def files(tensor: Tensor) -> list[bytes]:
    """Return the picture files that a tensor of BYTES holds; in JSON each is text in base64.

    Raises:
        Refusal: it is another, or lengths do not fit.
    """
    if tensor.datatype != "BYTES":
        raise Refusal(
            "request.tensor", f"`{tensor.name}` is BYTES, picture files, not {tensor.datatype[:20]}"
        )
    if tensor.content is None:
        found = [picture_of(text) for text in _flat(tensor.data)]
    else:
        found, rest = [], tensor.content
        while rest:
            length = struct.unpack_from("<I", rest)[0] if len(rest) >= 4 else len(rest)
            if len(rest) < 4 + length:
                raise Refusal("request.tensor", f"`{tensor.name}` ends within a picture")
            found.append(bytes(rest[4 : 4 + length]))
            rest = rest[4 + length :]
    if len(found) != tensor.count:
        raise Refusal("request.tensor", f"`{tensor.name}` says {list(tensor.shape)} and holds {len(found)}")
    return found


def pixels(tensor: Tensor, most: int) -> list[np.ndarray]:
    """Return the pictures that a tensor of pixels holds: uint8 RGB, (H, W, 3) each.

    Args:
        tensor: UINT8, (N, H, W, 3).
        most: pixels of one picture.
    Raises:
        Refusal: it is another, too large, or lengths do not fit.
    """
    shape = tensor.shape
    if tensor.datatype != "UINT8" or len(shape) != 4 or shape[3] != 3 or 0 in shape:
        raise Refusal(
            "request.tensor",
            f"`{tensor.name}` is {tensor.datatype[:20]} {list(shape)[:8]}: expected UINT8 [N, H, W, 3], RGB",
        )
    if shape[1] * shape[2] > most:
        raise Refusal("picture.too-large", f"{shape[2]}x{shape[1]} pixels, at most {most} are taken")
    if tensor.content is not None:
        flat = np.frombuffer(tensor.content, np.uint8)
    else:
        given = _flat(tensor.data)
        if not all(type(value) is int and 0 <= value <= 255 for value in given):
            raise Refusal("request.tensor", f"`{tensor.name}` is UINT8: whole numbers from 0 to 255")
        flat = np.array(given, np.uint8)
    if flat.size != tensor.count:
        raise Refusal("request.tensor", f"`{tensor.name}` says {list(shape)} and holds {flat.size} values")
    return list(flat.reshape(shape))


@final
@dataclass(frozen=True)
class Output:
    """A tensor that goes out."""

    name: str
    values: np.ndarray
    """float32, or texts as objects."""
    binary: bool


def written(head: Mapping[str, Any], outputs: Sequence[Output]) -> Response:
    """Return the answer that holds tensors: all in JSON, or with bytes behind it."""
    entries, contents = [], []
    for output in outputs:
        texts = output.values.dtype == object
        entry: dict[str, Any] = {
            "name": output.name,
            "datatype": "BYTES" if texts else "FP32",
            "shape": list(output.values.shape),
        }
        flat = output.values.ravel()
        if output.binary:
            content = b"".join(_counted(text) for text in flat) if texts else flat.astype("<f4").tobytes()
            entry["parameters"] = {"binary_data_size": len(content)}
            contents.append(content)
        else:
            entry["data"] = list(flat) if texts else [short(value) for value in flat.tolist()]
        entries.append(entry)
    document = {**head, "outputs": entries}
    if not contents:
        return Json(document)
    text = json.dumps(document, separators=(",", ":")).encode()
    headers = {"Inference-Header-Content-Length": str(len(text))}
    return Response(text + b"".join(contents), 200, headers, "application/octet-stream")


def _counted(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<I", len(content)) + content


def _tensor(entry: Mapping[str, Any], content: memoryview | None) -> Tensor:
    name, datatype, shape = entry.get("name"), entry.get("datatype"), entry.get("shape")
    if not isinstance(name, str) or not isinstance(datatype, str) or not isinstance(shape, list):
        raise Refusal("request.tensor", "a tensor has a name, a datatype and a shape")
    if len(shape) > 8 or not all(type(size) is int and 0 <= size < 1 << 31 for size in shape):
        raise Refusal("request.tensor", f"the shape of `{name[:80]}` is a list of whole numbers")
    if content is None and not isinstance(entry.get("data"), list):
        raise Refusal("request.tensor", f"`{name[:80]}` has neither `data` nor bytes behind the JSON")
    return Tensor(name, datatype, tuple(shape), entry.get("data"), content)


def _flat(data: Any) -> list[Any]:
    """Return the values of nested lists in their order."""
    found, waiting = [], [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        else:
            found.append(value)
    return found
