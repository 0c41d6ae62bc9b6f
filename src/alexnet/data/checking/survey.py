"""Every picture of a source, examined, in parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alexnet.data.checking.examine import PictureFacts, examine
from alexnet.data.sources.source import Example, Source
from alexnet.data.workers.jobs import OnProgress, Part, class_labels, label_of
from alexnet.errors import AlexNetError, DataError

Surveyed = tuple[str, int, PictureFacts]
"""A picture's name, the index of its class, and what it shows."""


@dataclass(frozen=True)
class Survey:
    """The job of examining every picture of a source."""

    source: Source

    def do(self, part: Part, on_progress: OnProgress, known_bad: Mapping[int, str]) -> dict[str, Any]:
        """Examine the pictures of a part: what `surveyed` reads back."""
        class_numbers = class_labels(self.source)
        pictures: list[object] = []
        for entry, example in enumerate(self.source.examples(part.split, part.start, part.stop), part.start):
            on_progress(entry, True)
            known = entry in known_bad
            facts = examine(
                Example(example.name, DataError(known_bad[entry]), example.label) if known else example
            )
            on_progress(entry + 1, False)
            hashes = (facts.digest.hex(), facts.perceptual_hash.hex())
            pictures.append([example.name, label_of(example, class_numbers), *hashes, facts.issues])
        return {"pictures": pictures}

    def failed(self, full: bool, words: str) -> AlexNetError:
        """Return the error for pictures that the operating system does not give out."""
        return DataError(f"{self.source.name!r} cannot be read: {words}")


def surveyed(result: Mapping[str, Any]) -> list[Surveyed]:
    """Read back what `Survey.do` returned, also from JSON."""
    return [
        (
            name,
            label,
            PictureFacts(
                bytes.fromhex(digest), bytes.fromhex(perceptual_hash), tuple((k, d) for k, d in issues)
            ),
        )
        for name, label, digest, perceptual_hash, issues in result["pictures"]
    ]
