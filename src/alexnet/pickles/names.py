"""What a pickle may name: NumPy's arrays and types, ordered dictionaries, and text as bytes.

Each name stands for a function of this module. Arrays are made from the bytes that the file holds; the shape
that it claims has to agree with them before anything is made.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_TYPE: Final = re.compile(r"[<>=|]?[biufc?](1|2|4|8|16)?")


@dataclass(frozen=True)
class Named:
    """What a name in a pickle stands for: a function of ours that makes a value from what the file gives."""

    make: Callable[..., object]


class Inert:
    """An object whose class is not of interest: it holds the state that the file gives it."""

    state: object = None


class Unfinished:
    """A value of which the pickle has told only a part; it is finished by the state that follows."""

    finished = False
    value: Any = None

    def finish(self, state: object) -> object:
        """Take the state, and return the whole value."""
        raise NotImplementedError


class ElementType(Unfinished):
    """A NumPy type: of the plain numbers, never of objects."""

    def __init__(self, code: str, *_: object) -> None:
        if not isinstance(code, str) or not _TYPE.fullmatch(code):
            raise ValueError
        self.value = np.dtype(code)

    def finish(self, state: object) -> object:
        """Take the byte order; ValueError for a type that is made of others."""
        if not isinstance(state, tuple) or any(part is not None for part in state[2:5]):
            raise ValueError  # fields and sub-arrays
        self.value = self.value.newbyteorder(state[1])
        return self


class Array(Unfinished):
    """A NumPy array, to be made from the state (version, shape, type, columns first, bytes)."""

    def __init__(self, *_: object) -> None:
        pass

    def finish(self, state: object) -> NDArray[Any]:
        """Take shape, type and bytes, and return the array; ValueError where they do not agree."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError
        _, shape, element, columns_first, content = state
        self.value = _array(content, element, shape, "F" if columns_first else "C")
        self.finished = True
        return self.value  # type: ignore[no-any-return]  # just made


def _array(content: object, element: object, shape: object, order: str) -> NDArray[Any]:
    if isinstance(content, str):
        content = content.encode("latin-1")
    if not isinstance(content, bytes) or not isinstance(element, ElementType) or not isinstance(shape, tuple):
        raise ValueError
    if len(shape) > 8 or any(type(side) is not int or not 0 <= side < 2**40 for side in shape):
        raise ValueError
    if math.prod(shape) * element.value.itemsize != len(content):
        raise ValueError  # also a shape that only pretends to be there
    flat: NDArray[Any] = np.frombuffer(content, element.value) if content else np.empty(0, element.value)
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _scalar(element: object, content: object) -> object:
    return _array(content, element, (1,), "C")[0].item()


def _encoded(text: object, encoding: object = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError
    return text.encode("latin-1")


def _ordered(pairs: object = ()) -> dict[str, object]:
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 and type(pair[0]) is str for pair in pairs
    ):
        raise ValueError
    return {pair[0]: pair[1] for pair in pairs}


def _nothing(*arguments: object) -> bytes:
    if arguments:
        raise ValueError
    return b""


def _bare(kind: object, _base: object = None, _state: object = None) -> object:
    """Make an object of a class that is read as inert, as Python 2 wrote those of new-style classes."""
    if not isinstance(kind, Named) or not isinstance(value := kind.make(), Inert):
        raise ValueError
    return value


_NUMPY: Final[dict[str, Named]] = {
    "multiarray._reconstruct": Named(Array),
    "multiarray.scalar": Named(_scalar),
    "numeric._frombuffer": Named(_array),
}

NAMES: Final[Mapping[tuple[str, str], Named]] = MappingProxyType(
    {
        **{
            (f"numpy.{core}.{name.split('.')[0]}", name.split(".")[1]): named
            for name, named in _NUMPY.items()
            for core in ("core", "_core")
        },
        ("numpy", "ndarray"): Named(Array),
        ("numpy", "dtype"): Named(ElementType),
        ("collections", "OrderedDict"): Named(_ordered),
        ("ordereddict", "OrderedDict"): Named(_ordered),
        ("_codecs", "encode"): Named(_encoded),
        ("__builtin__", "bytes"): Named(_nothing),
        ("builtins", "bytes"): Named(_nothing),
        ("copy_reg", "_reconstructor"): Named(_bare),
        ("copyreg", "_reconstructor"): Named(_bare),
        ("__builtin__", "object"): Named(Inert),
        ("builtins", "object"): Named(Inert),
    }
)
"""By module and name."""
