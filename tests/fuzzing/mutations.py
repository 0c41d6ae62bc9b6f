"""Ways in which a file or a value goes wrong, drawn at random from a seed."""

import copy
import json
import random
import struct
from typing import Any, Final

EXTREMES: Final = (0, 1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**70, 0.5, -0.0, 1e308, float("inf"), float("-inf"), float("nan")),
    *(
        "",
        "x",
        "../../etc/passwd",
        "/dev/zero",
        "\x1b]0;title\x07",
        "\udc80",
        "é" * 40,
        "a" * 5000,
        "1e999",
        "\0",
    ),
    *([], {}, [[]], [None], {"": {}}, {"name": None}, [1, "1", 1.0]),
)
"""Values that stand where another is expected."""


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return a file's bytes with one to eight things wrong: bits, bytes, numbers, pieces lost, doubled, moved."""
    result = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if not result:
            return bytes(rng.randbytes(rng.randrange(64)))
        at = rng.randrange(len(result))
        match rng.randrange(9):
            case 0:
                result[at] ^= 1 << rng.randrange(8)
            case 1:
                result[at] = rng.randrange(256)
            case 2:
                form = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
                size = struct.calcsize(form)
                result[at : at + size] = struct.pack(form, rng.choice(EXTREMES) % 2 ** (8 * size))
            case 3:
                del result[at:]
            case 4:
                del result[at : at + rng.randrange(1, 40)]
            case 5:
                result[at:at] = result[at : at + rng.randrange(1, 200)]
            case 6:
                result[at:at] = rng.randbytes(rng.randrange(1, 40))
            case 7:
                other = rng.randrange(len(result))
                size = rng.randrange(1, 40)
                result[at : at + size] = result[other : other + size]
            case 8:
                result[at : at + rng.randrange(1, 40)] = b"\0" * rng.randrange(1, 40)
    return bytes(result)


def wrong(value: Any, rng: random.Random) -> Any:
    """Return plain values with one of them, anywhere, replaced, lost, doubled or nested."""
    result = copy.deepcopy(value)
    places = list(_places(result))
    if not places:
        return rng.choice(ODD)
    holder, key = rng.choice(places)
    match rng.randrange(6):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice(("extra", "", "__class__", "network", "é"))] = rng.choice(ODD)
        case 2:
            nested: Any = holder[key]
            for _ in range(rng.choice((1, 50, 900, 5000))):
                nested = [nested] if rng.random() < 0.5 else {"a": nested}
            holder[key] = nested
        case 3 if isinstance(holder, list):
            holder.extend(holder[:])
        case _:
            holder[key] = rng.choice(ODD)
    return result


def wrong_json(content: bytes, rng: random.Random) -> bytes:
    """Return a JSON file, or a file of JSON lines, with a value of another kind in it; now and then damaged bytes."""
    if rng.random() < 0.3:
        return damaged(content, rng)
    text = content.decode("utf-8", "surrogateescape")
    lines = [text] if text.lstrip().startswith("{\n") else text.splitlines() or [""]
    number = rng.randrange(len(lines))
    try:
        found = json.loads(lines[number])
    except ValueError:
        return damaged(content, rng)
    lines[number] = _dumped(wrong(found, rng))
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _dumped(value: Any) -> str:
    """Return JSON of any depth: the standard library gives up at a thousand."""
    try:
        return json.dumps(value)
    except (RecursionError, ValueError):
        return "[" * 100_000 + "]" * 100_000


def wrong_text(content: str, rng: random.Random) -> str:
    """Return a text of lines `key=value` with lines lost, doubled, moved, or values replaced."""
    lines = content.splitlines()
    for _ in range(rng.choice((1, 1, 2, 4))):
        if not lines:
            return ""
        at = rng.randrange(len(lines))
        key, equals, _ = lines[at].partition("=")
        match rng.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(rng.randrange(len(lines)), lines[at])
            case 2 if equals:
                numbers = (
                    "0",
                    "-1",
                    "1",
                    "3",
                    "99999999",
                    "1e309",
                    "nan",
                    "0.5",
                    "1,1",
                    "",
                    "data",
                    "conv1",
                    "[",
                    "max",
                )
                lines[at] = f"{key}={rng.choice(numbers)}"
            case 3 if equals:
                lines[at] = (
                    f"{rng.choice(('type', 'inputs', 'filters', 'channels', 'size', 'x'))}={lines[at]}"
                )
            case 4:
                lines[at] = damaged(lines[at].encode(), rng).decode("latin-1")
            case _:
                other = rng.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines) + "\n"


def _places(value: Any) -> Any:
    """Yield every dictionary or list within plain values with each of its keys."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value[:50]))
    for key, entry in pairs:
        yield value, key
        yield from _places(entry)
