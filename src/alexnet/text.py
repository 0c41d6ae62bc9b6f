"""Names of files: very many in little memory, and any of them fit to be shown."""

import array


def visible(text: str) -> str:
    """Show what cannot be printed as its number: control characters, and bytes of names that are no text."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


class Texts:
    """A list of texts that only grows; a million file names take as much memory as their letters, and 8 bytes."""

    def __init__(self) -> None:
        self._letters = bytearray()
        self._ends = array.array("q")

    def append(self, text: str) -> None:
        """Add a text; bytes that are no UTF-8 come back as `os.fsdecode` shows them."""
        self._letters += text.encode("utf-8", "surrogateescape")
        self._ends.append(len(self._letters))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> str:
        start = self._ends[index - 1] if index else 0
        return self._letters[start : self._ends[index]].decode("utf-8", "surrogateescape")
