"""Very many pictures inside a few tar archives, read in place."""

import array
import weakref
from typing import Any, BinaryIO

from alexnet.data.decoding.decoding import MAX_BYTES
from alexnet.data.sources.files.archives import read_at, unpacked
from alexnet.data.sources.files.remote import open_file
from alexnet.errors import DataError
from alexnet.text import Texts

_BLOCK = 512  # bytes of a tar header, whose first hundred hold the name


class TarredFiles:
    """Reads members of tar archives by their index in a list: sixteen bytes each, and a name where one is given."""

    def __init__(self, archives: list[str]) -> None:
        self.archives = archives
        self._numbers, self._starts, self._sizes = array.array("i"), array.array("q"), array.array("q")
        self._names = Texts()
        self._files: dict[int, BinaryIO] = {}

    def add(self, archive: int, start: int, size: int, name: str | None = None) -> None:
        """Add a member; without a name, it is read from its header when it is needed."""
        self._numbers.append(archive)
        self._starts.append(start)
        self._sizes.append(size)
        if name is not None:
            self._names.append(name)

    def file(self, archive: int) -> BinaryIO:
        """Return an open archive, unpacked if it is compressed."""
        if archive not in self._files:
            self._files[archive] = unpacked(open_file(self.archives[archive]), self.archives[archive])
            weakref.finalize(self, self._files[archive].close)
        return self._files[archive]

    def __call__(self, index: int) -> tuple[str, bytes | DataError]:
        start, size = self._starts[index], self._sizes[index]
        name = self._names[index] if self._names else f"byte {start}"
        try:
            file = self.file(self._numbers[index])
            if not self._names:
                name = read_at(file, start - _BLOCK, 100).split(b"\0")[0].decode("utf-8", "surrogateescape")
            if size > MAX_BYTES:
                return name, DataError(f"too large: {size} bytes, at most {MAX_BYTES} are read")
            return name, read_at(file, start, size)
        except DataError as error:
            return name, error

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_files": {}}
