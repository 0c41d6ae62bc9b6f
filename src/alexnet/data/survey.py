"""Every picture of a source, examined, in parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alexnet.data.examine import Facts, examine
from alexnet.data.jobs import Note, Part
from alexnet.data.sources.source import Example, Source
from alexnet.errors import AlexNetError, DataError

Surveyed = tuple[str, int, Facts]
"""A picture's name, the place of its class, and what it shows."""


@dataclass(frozen=True)
class Survey:
    """The job of examining every picture of a source."""

    source: Source

    def do(self, part: Part, note: Note, avoid: Mapping[int, str]) -> dict[str, Any]:
        """Examine the pictures of a part: what `surveyed` reads back."""
        numbers = {name: label for label, name in enumerate(self.source.classes)}
        pictures: list[object] = []
        for entry, example in enumerate(self.source.examples(part.split, part.start, part.stop), part.start):
            note(entry, True)
            known = entry in avoid
            facts = examine(
                Example(example.name, DataError(avoid[entry]), example.label) if known else example
            )
            note(entry + 1, False)
            hashes = (facts.digest.hex(), facts.look.hex())
            pictures.append([example.name, numbers[example.label], *hashes, facts.oddities])
        return {"pictures": pictures}

    def failed(self, full: bool, words: str) -> AlexNetError:
        """Return the error for pictures that the operating system does not give out."""
        return DataError(f"{self.source.name!r} cannot be read: {words}")


def surveyed(result: Mapping[str, Any]) -> list[Surveyed]:
    """Read back what `Survey.do` returned, also from JSON."""
    return [
        (name, label, Facts(bytes.fromhex(digest), bytes.fromhex(look), tuple((k, d) for k, d in oddities)))
        for name, label, digest, look, oddities in result["pictures"]
    ]
