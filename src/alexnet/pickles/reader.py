"""Pickles read as data: values come out, nothing that a file names is ever called.

The programs of 2012 kept their checkpoints and pictures in pickles, and so does `torch.save`. A pickle is a
program for a small stack machine; this is such a machine, without the instruction that makes pickles
dangerous. The names that a file may use are an exact list (`NAMES`), and each stands for a function of this
module, which makes arrays from bytes that are there and believes no size that a file only claims.

Python 2 had one kind of string: its text comes out as `str` with one character a byte (latin-1). So do the keys of
dictionaries that Python 3 wrote as bytes; other bytes of Python 3 stay bytes.
"""

import codecs
from collections.abc import Callable, Mapping
from mmap import mmap
from types import MappingProxyType
from typing import Any, Final

from alexnet.errors import AlexNetError, CheckpointError
from alexnet.pickles.byte_reader import ByteReader
from alexnet.pickles.names import NAMES, Inert, Named, Unfinished

STEPS: Final = 5_000_000  # of the machine, at most; a checkpoint of 91 epochs takes two or three million


class _Mark:
    """Where a collection begins on the stack."""


class Pickles:
    """The pickles in a file, read one after the other.

    Args:
        content: the file's bytes, or a memory map of it.
        source: the file's name, for messages.
        error: what to raise, CheckpointError for weights and DataError for pictures.
        names: what the file may name, by module and name.
        inert: modules whose every class becomes an `Inert` object, which holds its state and does nothing.
        persistent: makes a value of a persistent id; without it, a file that has one is refused.
    """

    def __init__(
        self,
        content: bytes | mmap,
        source: str,
        *,
        error: type[AlexNetError] = CheckpointError,
        names: Mapping[tuple[str, str], Named] = NAMES,
        inert: tuple[str, ...] = (),
        persistent: Callable[[object], object] | None = None,
    ) -> None:
        self.content = ByteReader(content, source, error)
        self.names, self.inert, self.persistent = names, inert, persistent
        self.budget = 2 * self.content.size + 2**20  # of bytes and entries that are copied to make values
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def read(self) -> Any:
        """Return the next value and stand behind it.

        Raises:
            AlexNetError: the bytes are no pickle, end too early, or name something that is not allowed.
        """
        self.stack, self.memo = [], {}
        steps = min(STEPS, 1_000_000 + self.content.size // 20)  # files that need many are mostly numbers
        for _ in range(steps):
            code = self.content.take(1)
            if code == b".":
                if not self.stack:
                    raise self.content.damaged("it ends without a value")
                return self._pop()
            step = _STEPS.get(code)
            if step is None:
                self.content.refuse(
                    f"it is no pickle of values, byte {self.content.position - 1} is {code!r}"
                )
            try:
                step(self)
            except (IndexError, KeyError, TypeError, ValueError, OverflowError, MemoryError) as error:
                raise self.content.damaged(f"{type(error).__name__} in the values") from error
        return self.content.refuse(f"it goes on for more than {steps:,} instructions")

    # The stack.

    def _push(self, value: object) -> None:
        self.stack.append(value)

    def _pop(self) -> Any:
        value = self.stack.pop()
        if isinstance(value, _Mark):
            raise self.content.damaged("a collection is not closed")
        return value

    def _since_mark(self) -> list[Any]:
        for index in range(len(self.stack) - 1, -1, -1):
            if isinstance(self.stack[index], _Mark):
                values = self.stack[index + 1 :]
                del self.stack[index:]
                return values
        raise self.content.damaged("a collection has no beginning")

    def _keep(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def _recall(self, index: int) -> None:
        value = self.memo[index]
        self._push(value.value if isinstance(value, Unfinished) and value.finished else value)

    # Making values.

    def _fill(self, pairs: list[Any]) -> None:
        into = self.stack[-1]
        if not isinstance(into, dict) or len(pairs) % 2:
            raise TypeError
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if type(key) is bytes:  # Python 3 wrote what it had read of Python 2
                key = key.decode("latin-1")
            # Nothing else is a key in such files, and deeply nested or colliding keys are an attack.
            if type(key) is not str and not (type(key) is int and abs(key) < 2**31):
                self.content.refuse(
                    f"a key before byte {self.content.position} is neither text nor a small number"
                )
            into[key] = value

    def _extend(self, values: list[Any]) -> None:
        into = self.stack[-1]
        if not isinstance(into, list):
            raise TypeError
        into.extend(values)

    def _dictionary(self) -> None:
        pairs = self._since_mark()
        self._push({})
        self._fill(pairs)

    def _find(self, module: str, name: str) -> None:
        known = self.names.get((module, name))
        if known is None and any(module == room or module.startswith(room + ".") for room in self.inert):
            known = Named(lambda *_: Inert())
        if known is None:
            model = "; of a whole model save model.state_dict()" if module.startswith("torch") else ""
            self.content.refuse(
                f"it names {f'{module}.{name}'[:80]!r}, which no file of values needs; nothing was run{model}"
            )
        self._push(known)

    def _find_on_stack(self) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError
        self._find(module, name)

    def _make(self, named: object, arguments: object) -> None:
        if not isinstance(named, Named) or not isinstance(arguments, tuple):
            raise TypeError
        self._spend(arguments)
        self._push(named.make(*arguments))

    def _spend(self, arguments: object) -> None:
        """Refuse to copy the same large value again and again."""
        if isinstance(arguments, tuple):
            self.budget -= len(arguments)
            self.budget -= sum(
                len(value) for value in arguments if isinstance(value, str | bytes | list | tuple)
            )
        if self.budget < 0:
            self.content.refuse("its values would grow far beyond its size")

    def _call(self) -> None:
        arguments = self._pop()
        self._make(self._pop(), arguments)

    def _instance(self) -> None:
        module, name = self.content.line().decode("ascii"), self.content.line().decode("ascii")
        arguments = tuple(self._since_mark())
        self._find(module, name)
        self._make(self._pop(), arguments)

    def _instance_on_stack(self) -> None:
        named, *arguments = self._since_mark()
        self._make(named, tuple(arguments))

    def _finish(self) -> None:
        state, value = self._pop(), self.stack[-1]
        if isinstance(value, Unfinished):
            self._spend(state)
            self.stack[-1] = value.finish(state)
        elif isinstance(value, Inert):
            value.state = state
        elif not isinstance(value, dict):  # a dictionary's attributes are left out
            raise TypeError

    def _persist(self, identity: object) -> None:
        if self.persistent is None:
            self.content.refuse("it refers to values outside the file")
        self._push(self.persistent(identity))


def _digits(line: bytes) -> int | bool:
    if line in (b"00", b"01"):  # how protocol 0 writes False and True
        return line == b"01"
    return int(line.rstrip(b"L"))


def _quoted(line: bytes) -> str:
    if len(line) < 2 or line[:1] not in b"'\"" or line[:1] != line[-1:]:
        raise ValueError
    return codecs.escape_decode(line[1:-1])[0].decode("latin-1")


def _tuple(count: int) -> Callable[[Pickles], None]:
    def step(p: Pickles) -> None:
        values = [p._pop() for _ in range(count)]
        p._push(tuple(reversed(values)))

    return step


_STEPS: Final[Mapping[bytes, Callable[[Pickles], object]]] = MappingProxyType(
    {
        b"\x80": lambda p: p.content.take(1),  # the protocol's number
        b"\x95": lambda p: p.content.take(8),  # a frame's size, which only helps to read ahead
        b"N": lambda p: p._push(None),
        b"\x88": lambda p: p._push(True),
        b"\x89": lambda p: p._push(False),
        b"I": lambda p: p._push(_digits(p.content.line())),
        b"L": lambda p: p._push(_digits(p.content.line())),
        b"J": lambda p: p._push(p.content.number("<i")),
        b"K": lambda p: p._push(p.content.number("<B")),
        b"M": lambda p: p._push(p.content.number("<H")),
        b"\x8a": lambda p: p._push(int.from_bytes(p.content.sized("<B"), "little", signed=True)),
        b"F": lambda p: p._push(float(p.content.line())),
        b"G": lambda p: p._push(p.content.number(">d")),
        b"S": lambda p: p._push(_quoted(p.content.line())),
        b"T": lambda p: p._push(p.content.sized("<i").decode("latin-1")),
        b"U": lambda p: p._push(p.content.sized("<B").decode("latin-1")),
        b"V": lambda p: p._push(p.content.line().decode("raw-unicode-escape")),
        b"X": lambda p: p._push(p.content.sized("<I").decode("utf-8", "surrogatepass")),
        b"\x8c": lambda p: p._push(p.content.sized("<B").decode("utf-8", "surrogatepass")),
        b"\x8d": lambda p: p._push(p.content.sized("<Q").decode("utf-8", "surrogatepass")),
        b"B": lambda p: p._push(p.content.sized("<I")),
        b"C": lambda p: p._push(p.content.sized("<B")),
        b"\x8e": lambda p: p._push(p.content.sized("<Q")),
        b"\x96": lambda p: p._push(p.content.sized("<Q")),
        b"(": lambda p: p._push(_Mark()),
        b"0": lambda p: p.stack.pop(),
        b"1": lambda p: p._since_mark(),
        b"2": lambda p: p._push(p.stack[-1]),
        b"]": lambda p: p._push([]),
        b"l": lambda p: p._push(p._since_mark()),
        b"a": lambda p: p._extend([p._pop()]),
        b"e": lambda p: p._extend(p._since_mark()),
        b"}": lambda p: p._push({}),
        b"d": lambda p: p._dictionary(),
        b"s": lambda p: p._fill([p._pop(), p._pop()][::-1]),
        b"u": lambda p: p._fill(p._since_mark()),
        b")": lambda p: p._push(()),
        b"\x85": _tuple(1),
        b"\x86": _tuple(2),
        b"\x87": _tuple(3),
        b"t": lambda p: p._push(tuple(p._since_mark())),
        b"p": lambda p: p._keep(int(p.content.line())),
        b"q": lambda p: p._keep(p.content.number("<B")),
        b"r": lambda p: p._keep(p.content.number("<I")),
        b"\x94": lambda p: p._keep(len(p.memo)),
        b"g": lambda p: p._recall(int(p.content.line())),
        b"h": lambda p: p._recall(p.content.number("<B")),
        b"j": lambda p: p._recall(p.content.number("<I")),
        b"c": lambda p: p._find(p.content.line().decode("ascii"), p.content.line().decode("ascii")),
        b"\x93": lambda p: p._find_on_stack(),
        b"R": lambda p: p._call(),
        b"\x81": lambda p: p._call(),
        b"i": lambda p: p._instance(),
        b"o": lambda p: p._instance_on_stack(),
        b"b": lambda p: p._finish(),
        b"P": lambda p: p._persist(p.content.line().decode("ascii")),
        b"Q": lambda p: p._persist(p._pop()),
    }
)
