"""Work on every picture of a source, in parts that any process can do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from alexnet.data.sources.source import Example, Source
from alexnet.errors import AlexNetError, DataError

OnProgress = Callable[[int, bool], None]
"""Called with the number of each entry and whether it is about to be decoded, or has been."""


@dataclass(frozen=True)
class Part:
    """Entries `start` to `stop` of a split's listing."""

    split: str
    number: int
    start: int
    stop: int


P = TypeVar("P", bound=Part)


class Job(Protocol):
    """What is to be done with every picture."""

    @property
    def source(self) -> Source:
        """Where the pictures come from."""

    def do(self, part: Any, on_progress: OnProgress, known_bad: Mapping[int, str]) -> dict[str, Any]:
        """Do a part, and return what came of it as plain values; `known_bad` are the entries whose pictures took a
        process down before, and how."""

    def failed(self, full: bool, words: str) -> AlexNetError:
        """Return the error for an operating system that refuses, or whose disk is full."""


def class_labels(source: Source) -> dict[str, int]:
    """Return the label of each class of a source by its name."""
    return {name: label for label, name in enumerate(source.classes)}


def label_of(example: Example, labels: Mapping[str, int]) -> int:
    """Return the label of an example.

    Raises:
        DataError: its class is none of the source's, as where a validation file has one that training has not.
    """
    if example.label not in labels:
        raise DataError(
            f"{example.name!r} is of class {example.label!r}, none of the {len(labels)} of the training pictures"
        )
    return labels[example.label]


def divided(source: Source, size: int) -> list[Part]:
    """Divide every split of a source into parts of `size`."""
    return [
        Part(split, number, start, min(start + size, count))
        for split in source.splits
        for count in (source.count(split),)
        for number, start in enumerate(range(0, count, size))
    ]
