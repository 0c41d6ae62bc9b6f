"""What is wrong with a data set, before days are spent on it."""

import array
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from alexnet.data.checking import duplicates
from alexnet.data.checking.examine import PictureFacts
from alexnet.data.checking.survey import Survey, Surveyed, surveyed
from alexnet.data.sources.folders import Folders
from alexnet.data.sources.source import Source
from alexnet.data.workers.dispatch import results
from alexnet.data.workers.jobs import Part, divided
from alexnet.text import Texts

SEVERITIES = ("error", "warning", "note")
KINDS = {
    "layout": "error",
    "empty": "error",
    "no picture": "error",
    "truncated": "error",
    "damaged": "error",
    "unreadable": "error",
    "too large": "error",
    "leak": "error",
    "two labels": "error",
    "near leak": "warning",
    "duplicate": "warning",
    "wrong ending": "warning",
    "tiny": "warning",
    "huge": "warning",
    "imbalance": "warning",
    "near duplicate": "note",
    "animated": "note",
    "cmyk": "note",
    "deep": "note",
    "transparent": "note",
    "rotated": "note",
}
"""Every kind of finding, and how bad it is. A leak is a picture in two splits, two labels one in two classes."""

IMBALANCE = 10.0  # times the smallest class that the largest may be

_PART = 512  # pictures that a process is given at a time


@dataclass(frozen=True)
class Finding:
    """Something that a person should know."""

    kind: str
    split: str
    name: str
    detail: str
    other: str = ""
    """The other picture of a pair."""

    @property
    def severity(self) -> str:
        """How bad it is: one of `SEVERITIES`."""
        return KINDS.get(self.kind, "error")


@dataclass
class CheckReport:
    """What `check` found."""

    name: str
    pictures: dict[str, int] = field(default_factory=dict)
    """How many each split lists."""
    per_class: dict[str, dict[str, int]] = field(default_factory=dict)
    """For each split, how many each class has."""
    findings: list[Finding] = field(default_factory=list)

    def of(self, kind: str) -> list[Finding]:
        """Return the findings of one kind."""
        return [finding for finding in self.findings if finding.kind == kind]

    def worst(self) -> str | None:
        """Return the worst severity found, or None where there is nothing to say."""
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in SEVERITIES if severity in found), None)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        counts = {kind: len(self.of(kind)) for kind in KINDS if self.of(kind)}
        findings = [{"severity": finding.severity, **asdict(finding)} for finding in self.findings]
        return {"name": self.name, "pictures": self.pictures, "counts": counts, "findings": findings}

    def quarantine(self) -> Iterator[tuple[str, str]]:
        """Yield the names that should be left out, with reasons: what cannot be read, and what leaks or has two
        labels, of which the training picture goes."""
        for finding in self.findings:
            if finding.severity == "error" and finding.name:
                yield finding.name, f"{finding.kind}: {finding.detail}"


class _Pictures:
    """What is kept of every picture: some forty bytes and its name."""

    def __init__(self) -> None:
        self.names, self.digests, self.hashes = Texts(), bytearray(), bytearray()
        self.labels, self.splits, self.flat = array.array("i"), array.array("b"), array.array("b")

    def add(self, split: int, label: int, name: str, facts: PictureFacts) -> None:
        self.names.append(name)
        self.digests += facts.digest or bytes(16)
        self.hashes += facts.perceptual_hash or bytes(16)
        self.labels.append(label)
        self.splits.append(split)
        self.flat.append(not facts.perceptual_hash)


def check(
    source: Source,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CheckReport:
    """Read every picture of a source, and report what is wrong, odd, there twice or out of balance.

    Args:
        source: whose pictures to read.
        workers: other processes that decode, 0 for this one alone; left out, as `prepare` chooses.
        progress: called with the pictures done and the pictures in all.
    Returns:
        the findings, the worst first within each kind's order in `KINDS`.
    """
    found = CheckReport(source.name, {split: source.count(split) for split in source.splits})
    found.findings += [
        Finding("layout", "", "", problem)
        for problem in (source.problems if isinstance(source, Folders) else ())
    ]
    seen, total = _Pictures(), sum(found.pictures.values())
    split_numbers = {split: number for number, split in enumerate(source.splits)}
    parts = divided(source, _PART)
    for part, pictures in _in_order(
        parts, results(Survey(source), parts, workers, lambda d: progress(d, total))
    ):
        counts = found.per_class.setdefault(part.split, dict.fromkeys(source.classes, 0))
        for name, label, facts in pictures:
            found.findings += [Finding(kind, part.split, name, detail) for kind, detail in facts.issues]
            if facts.digest:
                seen.add(split_numbers[part.split], label, name, facts)
            counts[source.classes[label]] += 1
    found.findings += [*_duplicates(seen, source), *_balance(found)]
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    found.findings.sort(key=lambda finding: ranks.get(finding.kind, 0))
    progress(total, total)
    return found


def _in_order(
    parts: list[Part], done: Iterator[tuple[Part, dict[str, Any]]]
) -> Iterator[tuple[Part, list[Surveyed]]]:
    """Yield parts in the source's order, as soon as those before have come."""
    waiting: dict[Part, dict[str, Any]] = {}
    coming = iter(parts)
    awaited = next(coming, None)
    for part, result in done:
        waiting[part] = result
        while awaited in waiting:
            yield awaited, surveyed(waiting.pop(awaited))
            awaited = next(coming, None)


def _duplicates(seen: _Pictures, source: Source) -> Iterator[Finding]:
    """Report pictures that are there twice; a pair within one class and split is the least of it."""
    digests = np.frombuffer(seen.digests, np.uint8).reshape(-1, 16)
    hashes = np.frombuffer(seen.hashes, np.uint8).reshape(-1, 16)
    equal: set[tuple[int, int]] = set()
    for group in duplicates.exact(digests):
        first = int(group[0])
        for other in group[1:].tolist():
            equal.add((first, other))
            yield _pair(seen, source, first, other, "the same file")
    uneven = np.flatnonzero(np.frombuffer(seen.flat, np.int8) == 0)
    for first, second, bits in duplicates.near(hashes[uneven], uneven):
        if not np.array_equal(digests[first], digests[second]):
            yield _pair(seen, source, first, second, f"{bits} of 128 bits differ", near=True)


def _pair(
    seen: _Pictures, source: Source, first: int, second: int, detail: str, near: bool = False
) -> Finding:
    """Report two alike pictures under the name of the one nearer to training, which is the one to leave out."""
    across = seen.splits[first] != seen.splits[second]
    labels = [source.classes[seen.labels[picture]] for picture in (first, second)]
    if near:
        kind = "near leak" if across else "near duplicate"
    else:
        kind = "leak" if across else "two labels" if labels[0] != labels[1] else "duplicate"
    split, other = source.splits[seen.splits[first]], source.splits[seen.splits[second]]
    words = f"{detail}; {labels[1]} in {other}" if across or labels[0] != labels[1] else detail
    return Finding(kind, split, seen.names[first], words, seen.names[second])


def _balance(found: CheckReport) -> Iterator[Finding]:
    """Report splits whose largest class is far larger than the smallest."""
    for split, counts in found.per_class.items():
        least, most = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
        if counts[most] > IMBALANCE * max(counts[least], 1):
            yield Finding("imbalance", split, "", f"{most!r} has {counts[most]}, {least!r} {counts[least]}")
