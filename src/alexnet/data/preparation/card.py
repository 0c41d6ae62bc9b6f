"""The card of a prepared data set: what it holds, where it comes from, and how it was made."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from alexnet import files
from alexnet.data.decoding.images import INTERPOLATION, decoder
from alexnet.data.preparation.shards import Plan, Shard, read_sums
from alexnet.data.preparation.statistics import Sums
from alexnet.data.storage.arrays import read_labels, write_array
from alexnet.data.storage.card import CARD, FORMAT, content_fingerprint, sealed
from alexnet.errors import DataError

Records = Mapping[Shard, dict[str, Any]]


def check(plan: Plan, records: Records, tolerance: float) -> None:
    """Refuse a data set that lost too many pictures, or all of a class.

    Pictures in quarantine were left out on purpose and do not count as lost.

    Raises:
        DataError: with the split, the counts and the first picture or class.
    """
    for split in plan.source.splits:
        of_split = {shard: record for shard, record in records.items() if shard.split == split}
        listed = sum(record["listed"] for record in of_split.values())
        unreadable = [entry for record in of_split.values() for entry in record["skipped"]]
        lost = [entry for entry in unreadable if entry["name"] not in plan.quarantine]
        if not listed:
            raise DataError(f"{split} of {plan.source.name!r} lists no pictures")
        if len(lost) > tolerance * listed:
            raise DataError(
                f"{len(lost)} of {listed} {split} pictures of {plan.source.name!r} cannot be read, more than "
                f"{tolerance:.0%}; the first is {lost[0]['name']!r} ({lost[0]['reason']}): mend or remove them"
            )
        counts = _counts(plan, of_split)
        if empty := [plan.source.classes[label] for label in np.flatnonzero(counts == 0)]:
            raise DataError(
                f"{split} of {plan.source.name!r} has no readable picture of {len(empty)} of its "
                f"{len(plan.source.classes)} classes, the first {empty[0]!r}: add some or remove the class"
            )


def write_card(plan: Plan, records: Records, key: str) -> None:
    """Write the mean, the list of unreadable pictures, and last the card."""
    sums = Sums.zero(plan.side)
    splits: dict[str, Any] = {}
    unreadable: list[str] = []
    for split in plan.source.splits:
        of_split = {shard: record for shard, record in records.items() if shard.split == split}
        for shard, record in of_split.items():
            unreadable += [json.dumps({"split": split, **entry}) + "\n" for entry in record["skipped"]]
            if split == "train":
                sums.merge(read_sums(plan, shard, record))
        counts = _counts(plan, of_split)
        splits[split] = {
            "pictures": int(counts.sum()),
            "pictures_per_class": counts.tolist(),
            "shards": [
                {"count": record["count"], "sha256": record["sha256"]} for record in of_split.values()
            ],
        }
    write_array(plan.directory / "mean.npy", sums.mean())
    files.write_text(plan.directory / "skipped.jsonl", "".join(unreadable))
    words = plan.source.words
    card = {
        "format": FORMAT,
        "key": key,
        "name": plan.source.name,
        "source": dict(plan.source.notes),
        "side": plan.side,
        "encoding": plan.encoding,
        "quality": plan.quality if plan.encoding == "jpeg" else None,
        "decoder": decoder(),
        "interpolation": INTERPOLATION,
        "classes": [{"name": name, "words": words.get(name, name)} for name in plan.source.classes],
        "splits": splits,
        "skipped": len(unreadable),
        "colour_components": sums.colour_components().tolist(),
        "fingerprint": content_fingerprint(
            tuple(plan.source.classes),
            plan.side,
            {split: [shard["sha256"] for shard in part["shards"]] for split, part in splits.items()},
        ),
        "sha256": {name: files.sha256(plan.directory / name) for name in ("mean.npy", "skipped.jsonl")},
    }
    files.write_text(plan.directory / CARD, json.dumps(sealed(card), indent=1) + "\n")


def _counts(plan: Plan, records: Records) -> np.ndarray:
    """Count the pictures of each class in these shards: int64, (K,)."""
    counts = np.zeros(len(plan.source.classes), dtype=np.int64)
    for shard, record in records.items():
        labels = read_labels(shard.file(plan.directory, "labels.npy"), record["count"], len(counts))
        counts += np.bincount(labels, minlength=len(counts))
    return counts
