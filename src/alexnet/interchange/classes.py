"""What the logits of a converted network stand for."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alexnet.data.imagenet_classes import ORDERS, imagenet_classes, order_of, words_of
from alexnet.errors import CheckpointError
from alexnet.interchange.cudaconvnet.meta import read_meta
from alexnet.interchange.opening import opened

THOUSAND: Final = 1000
_LONGEST: Final = 16 * 2**20  # bytes of a list of names
_SYNSET: Final = re.compile(r"(n\d{8})(?:[\s,]+(.*))?")


@dataclass(frozen=True)
class Classes:
    """The classes of a network, in the order of its logits."""

    names: tuple[str, ...]
    """As folders of pictures are called; for ImageNet, the synsets."""
    words: tuple[str, ...]
    """Readable names; the name itself where none is known."""
    order: str
    """What is known of the order: "sorted", "devkit", "as listed" or "unknown"."""


def named(names: tuple[str, ...], words: tuple[str, ...] | None = None) -> Classes:
    """Return classes that are listed by name; the thousand of ImageNet are recognised in either order."""
    order = order_of(names) or (order_of(words) if words else None)
    if order:
        return imagenet(order)
    return Classes(names, words or tuple(words_of(name) for name in names), "as listed")


def imagenet(order: str) -> Classes:
    """Return ImageNet's thousand classes in an order of `alexnet.data.imagenet_classes.ORDERS`."""
    classes = imagenet_classes(order)
    return Classes(tuple(one.name for one in classes), tuple(one.words for one in classes), order)


def supposed(count: int, order: str) -> Classes:
    """Return the classes that a file without names most likely means.

    A thousand are ImageNet's in the order that the format is known for; others are numbered from 0.
    """
    if count == THOUSAND and order in ORDERS:
        return imagenet(order)
    numbers = tuple(f"class {number}" for number in range(count))
    return Classes(numbers, numbers, "unknown")


def read_classes(path: Path) -> Classes:
    """Read a list of classes: one a line, as a name, a synset, or a synset and its words; or a batches.meta.

    Raises:
        CheckpointError: it cannot be read, is no text, lists nothing, or one name twice.
    """
    with opened(path) as source:
        if path.name == "batches.meta" or source.content[:1] == b"\x80":
            return named(read_meta(source).names)
        if len(source.content) > _LONGEST:
            raise CheckpointError(
                f"{path} is too large to be a list of classes: {len(source.content):,} bytes"
            )
        try:
            lines = source.content[:].decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise CheckpointError(f"{path} is not a list of classes: it is not text") from error
    lines = [line.strip() for line in lines if line.strip()]
    matches = [_SYNSET.fullmatch(line) for line in lines]
    names, words = tuple(lines), None
    if all(matches):
        names = tuple(match[1] for match in matches if match)
        words = tuple(match[2] or words_of(match[1]) for match in matches if match)
    if len(set(names)) < len(names):
        twice, _ = Counter(names).most_common(1)[0]
        raise CheckpointError(
            f"{path} lists {twice!r} twice: a class has one line, with its synset or a name of its own"
        )
    if not names:
        raise CheckpointError(f"{path} lists no classes")
    return named(names, words)
