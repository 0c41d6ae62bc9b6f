"""Files of Caffe by a small writer of the tests: Protocol Buffers, as their documentation describes the wire."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
CLASSES = 5
SHAPES = {
    "conv1": (96, 3, 11, 11),
    "conv2": (256, 48, 5, 5),
    "conv3": (384, 256, 3, 3),
    "conv4": (384, 192, 3, 3),
    "conv5": (256, 192, 3, 3),
    "fc6": (4096, 9216),
    "fc7": (4096, 4096),
    "fc8": (CLASSES, 4096),
}
CAFFE = ("conv1", "relu1", "norm1", "pool1", "conv2", "relu2", "norm2", "pool2", *list(SHAPES)[2:])
CAFFENET = ("conv1", "relu1", "pool1", "norm1", "conv2", "relu2", "pool2", "norm2", *list(SHAPES)[2:])


def varint(value: int) -> bytes:
    content = b""
    while value >= 0x80:
        content += bytes([value & 0x7F | 0x80])
        value >>= 7
    return content + bytes([value])


def integer(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def field(number: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(array: NDArray[Any], *, legacy: bool, double: bool = False) -> bytes:
    if legacy:
        sides = (1,) * (4 - array.ndim) + array.shape
        shape = b"".join(integer(number, side) for number, side in enumerate(sides, start=1))
    else:
        shape = field(7, field(1, b"".join(varint(side) for side in array.shape)))
    if double:
        return shape + field(8, array.astype("<f8").tobytes())
    return shape + field(5, array.astype("<f4").tobytes())


def layer(name: str, blobs: list[bytes], *, generation: str) -> bytes:
    if generation == "new":
        return field(
            100, field(1, name) + field(2, "Some") + b"".join(field(7, one) for one in blobs) + integer(10, 0)
        )
    if generation == "v1":
        return field(2, field(4, name) + integer(5, 4) + b"".join(field(6, one) for one in blobs))
    return field(2, field(1, field(1, name) + field(2, "conv") + b"".join(field(50, one) for one in blobs)))


def weights() -> dict[str, tuple[Array, Array]]:
    drawn = np.random.default_rng(4).standard_normal(
        1_000_003, np.float32
    )  # repeated: a prime number of them
    made = {}
    for name, shape in SHAPES.items():
        scale = (2 / np.prod(shape[1:])) ** 0.5
        weight = np.resize(drawn, shape) * np.float32(scale)
        made[name] = (weight, drawn[: shape[0]] * np.float32(0.1))
    return made


def caffemodel(
    made: dict[str, tuple[Array, Array]],
    names: tuple[str, ...],
    *,
    generation: str = "new",
    legacy: bool = False,
) -> bytes:
    parts = [field(1, "SomeNet")]
    for name in names:
        blobs = [blob(part, legacy=legacy) for part in made.get(name, ())]
        parts.append(layer(name, blobs, generation=generation))
    return b"".join(parts)
