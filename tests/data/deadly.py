"""Sources that take the process that decodes them down, or keep it; importable, so that workers can be given them."""

import os
import signal
import time
from collections.abc import Iterator

from alexnet.data.sources.shapes import Shapes
from alexnet.data.sources.source import Example
from alexnet.errors import DataError


class Crash(bytes):
    """A picture that ends its decoder, as a fault in native code does."""

    def __len__(self) -> int:
        os.kill(os.getpid(), signal.SIGSEGV)
        return 0


class Hang(bytes):
    """A picture that its decoder never finishes with."""

    def __len__(self) -> int:
        time.sleep(600)
        return 0


class Deadly(Shapes):
    """Shapes of which one training picture crashes, one hangs, and a source that may fail outright."""

    crash, hang, fail = -1, -1, -1

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        for position, example in enumerate(super().examples(split, start, stop), start):
            if split == "train" and position == self.fail:
                raise DataError("the source is gone")
            content = (
                {self.crash: Crash(b"x"), self.hang: Hang(b"x")}.get(position) if split == "train" else None
            )
            yield Example(example.name, example.content if content is None else content, example.label)


class Talking(Shapes):
    """Shapes whose source prints, from Python and from native code, as libraries do."""

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        print("öffne", split, flush=True)
        os.write(1, b"warning\n")
        yield from super().examples(split, start, stop)
