"""A picture that has a name, before it is read."""

from dataclasses import dataclass, field
from typing import final

from alexnet.errors import DataError
from alexnet.inference.inputs.addresses import Address
from alexnet.inference.pictures import Picture


@final
@dataclass(frozen=True)
class NamedPicture:
    """A picture, what it is called in results, and where its pixels come from."""

    name: str
    """Its path, its address, or its path in an archive: archive.zip/folder/picture.jpg."""
    content: Picture | Address | DataError = field(repr=False)
    """The picture; where it is to be fetched from; or why it cannot be had."""
    fleeting: bool = False
    """Whether it is passed over, rather than an error, if it has vanished before it was read."""

    def given(self) -> Picture:
        """Return the picture, fetched where it lies elsewhere.

        Raises:
            DataError: it cannot be had; the message names it.
        """
        try:
            if isinstance(self.content, DataError):
                raise self.content
            return self.content.fetch() if isinstance(self.content, Address) else self.content
        except DataError as error:
            raise DataError(f"{self.name}: {error}") from None

    @property
    def bytes_held(self) -> int:
        """Memory that it takes until it is classified, about."""
        if isinstance(self.content, bytes | bytearray | memoryview):
            return len(self.content)
        return Address.MOST_BYTES if isinstance(self.content, Address) else 0
