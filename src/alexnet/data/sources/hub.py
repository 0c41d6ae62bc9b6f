"""Data sets of the Hub by name, `hf:owner/name`, through the `datasets` library (the extra `hub`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from alexnet.data.sources.folders import SYNONYMS
from alexnet.data.sources.parquet import IMAGE_COLUMNS, LABEL_COLUMNS, column, example
from alexnet.data.sources.source import SPLITS, Example, natural
from alexnet.errors import DataError, missing

PREFIX = "hf:"


class Hub:
    """A data set of the Hub: `hf:owner/name` or `hf:owner/name:configuration`, or a folder in its layout.

    It is fetched by the `datasets` library into that library's own cache, under its own settings (HF_HOME,
    HF_HUB_OFFLINE). Pictures are taken as files, undecoded.

    Raises:
        DataError: there is no such data set, or its columns cannot be understood.
        AlexNetError: the library is not installed.
    """

    words: Mapping[str, str] = {}

    def __init__(self, name: str) -> None:
        self.origin = name
        owner, _, configuration = name.removeprefix(PREFIX).partition(":")
        self.name = owner.strip("/").replace("/", "-")
        library = _library()
        try:
            parts = library.load_dataset(owner, configuration or None)
        except Exception as error:  # the library's errors have no common root
            raise DataError(f"{name!r} cannot be loaded: {' '.join(str(error).split())[:300]}") from None
        self._parts = {s: parts[n] for s in SPLITS for n in parts if n.lower() in SYNONYMS[s]}
        if "train" not in self._parts:
            raise DataError(f"{name!r} has no training split: its splits are {', '.join(parts)}")
        self.splits = tuple(self._parts)
        columns = list(self._parts["train"].column_names)
        self._image, self._label = column(columns, IMAGE_COLUMNS, name), column(columns, LABEL_COLUMNS, name)
        for split, part in self._parts.items():
            self._parts[split] = part.cast_column(self._image, library.Image(decode=False))
        names = getattr(self._parts["train"].features[self._label], "names", None)
        self._names = list(names or [])
        self.classes = tuple(
            self._names or sorted(map(str, self._parts["train"].unique(self._label)), key=natural)
        )
        self.notes: Mapping[str, object] = {"origin": name, "columns": [self._image, self._label]}

    def count(self, split: str) -> int:
        """Return how many rows a split has."""
        return len(self._parts[split])

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the rows of a split in order."""
        part = self._parts[split]
        for row in range(*slice(start, stop).indices(len(part))):
            fields = part[row]
            yield example(
                f"{split} row {row}", fields[self._image], fields[self._label], self._names, self.origin
            )

    def fingerprint(self) -> str:
        """Return what the library says of the data's identity."""
        return "hub 1 " + " ".join(f"{split} {part._fingerprint}" for split, part in self._parts.items())


def _library() -> Any:
    try:
        import datasets
    except ImportError:
        raise missing("datasets", "hub", "reading a data set of the Hub") from None
    return datasets
