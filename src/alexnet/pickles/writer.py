"""A pickle of protocol 2, as Python 2 wrote them, so that the programs of 2012 read it.

Python 3 would write every text as unicode and every array under a name that the NumPy of that time does not
know. Text is one byte a character (latin-1); a list, dictionary or array that occurs twice is written once.
"""

import struct
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


class Writer:
    """Writes values to a file: None, booleans, numbers, text, lists, tuples, dictionaries and arrays."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.kept: dict[
            int, tuple[int, object]
        ] = {}  # by id: number in the memo, and the value, to keep its id

    def write(self, value: object) -> None:
        """Write one pickle.

        Raises:
            TypeError: it holds a value of another kind.
        """
        self.kept = {}
        self.file.write(b"\x80\x02")
        self._value(value)
        self.file.write(b".")

    def _value(self, value: object) -> None:
        if value is None or isinstance(value, bool):
            self.file.write({None: b"N", True: b"\x88", False: b"\x89"}[value])
        elif isinstance(value, int):
            self._integer(value)
        elif isinstance(value, float):
            self.file.write(struct.pack(">cd", b"G", value))
        elif isinstance(value, str):
            self._bytes(value.encode("latin-1"))
        elif isinstance(value, tuple):
            self.file.write(b"(")
            for part in value:
                self._value(part)
            self.file.write(b"t")
        elif id(value) in self.kept:
            self.file.write(struct.pack("<cI", b"j", self.kept[id(value)][0]))
        else:
            self._shared(value)

    def _shared(self, value: object) -> None:
        if isinstance(value, Mapping):
            self.file.write(b"ccollections\nOrderedDict\n)R" if isinstance(value, OrderedDict) else b"}")
            self._keep(value)
            self.file.write(b"(")
            for key, part in value.items():
                self._value(key)
                self._value(part)
            self.file.write(b"u")
        elif isinstance(value, list):
            self.file.write(b"]")
            self._keep(value)
            self.file.write(b"(")
            for part in value:
                self._value(part)
            self.file.write(b"e")
        elif isinstance(value, np.ndarray):
            self._array(value)
            self._keep(value)
        else:
            raise TypeError(f"a {type(value).__name__} is nothing that such a file holds")

    def _keep(self, value: object) -> None:
        self.file.write(struct.pack("<cI", b"r", len(self.kept)))
        self.kept[id(value)] = (len(self.kept), value)

    def _integer(self, value: int) -> None:
        if -(2**31) <= value < 2**31:
            self.file.write(struct.pack("<ci", b"J", value))
        else:
            content = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            self.file.write(struct.pack("<cB", b"\x8a", len(content)) + content)

    def _bytes(self, content: bytes) -> None:
        if len(content) < 256:
            self.file.write(struct.pack("<cB", b"U", len(content)))
        else:
            self.file.write(struct.pack("<ci", b"T", len(content)))
        self.file.write(content)

    def _array(self, array: NDArray[Any]) -> None:
        columns_first = array.flags.f_contiguous and not array.flags.c_contiguous
        element = array.dtype.newbyteorder("<")
        self.file.write(
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(J\x00\x00\x00\x00tU\x01btR"
        )
        self.file.write(b"(J\x01\x00\x00\x00")  # the state's version
        self._value(tuple(int(side) for side in array.shape))
        self.file.write(b"cnumpy\ndtype\n(")
        self._value(element.str[1:])
        self.file.write(b"J\x00\x00\x00\x00J\x01\x00\x00\x00tR(J\x03\x00\x00\x00")
        self._value("<" if element.itemsize > 1 else "|")
        self.file.write(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffJ\x00\x00\x00\x00tb")
        self._value(columns_first)
        self._bytes(array.astype(element, copy=False).tobytes("F" if columns_first else "C"))
        self.file.write(b"tb")
