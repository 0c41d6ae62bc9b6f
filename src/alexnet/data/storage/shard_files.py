"""What the files of a shard are called.

train-00000.images.npy    the pictures, or .images.jpegs and .offsets.npy: see `encoding`
train-00000.labels.npy    int64, (n,): indices of the card's classes
train-00000.names.jsonl   n lines, each a name as JSON text (ASCII, so that any bytes come back)
"""

from pathlib import Path


def shard_file(directory: Path, split: str, number: int, ending: str) -> Path:
    """Return the path of one file of a shard.

    Args:
        directory: of the prepared data set.
        split: whose shard it is.
        number: of the shard in its split, from 0.
        ending: which of its files, for instance "labels.npy".
    """
    return directory / f"{split}-{number:05d}.{ending}"
