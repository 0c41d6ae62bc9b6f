"""Similar pictures: what a network's stage gives for each, kept in an index, and the nearest of it found.

    index = alexnet.search.build("runs/photos", "photos/", "photos.index")
    index.query("picture.jpg")

index           what every index is: the words that its kinds share; kinds: a kind by its name
exact           the default kind: every vector is compared
storage         vectors, names and labels on the disk: read where they lie, changed whole
codes           a kind: short binary codes; faiss_index: two of FAISS; postgresql, qdrant: what databases keep
stored          what indexes in a folder have in common
measures        what such a kind misses; sampling: some vectors that stand for all
picture_index   an index and its network: pictures in, pictures out; building: made of a data set
features        features of a data set's pictures: computed some at a time, kept as files
known           where networks and pictures of an index lie on this machine
results         what was found, as plain values and as a contact sheet; shown: the pictures of one
"""

from collections.abc import Iterable
from pathlib import Path

from alexnet.inference.pictures import Picture
from alexnet.search.building import add, build
from alexnet.search.picture_index import Match, PictureIndex
from alexnet.search.picture_index import open_index as open

__all__ = ["Match", "PictureIndex", "add", "build", "open", "query"]


def query(
    index: str | Path | PictureIndex, images: Picture | Iterable[Picture], k: int = 12
) -> list[list[Match]]:
    """Find the pictures of an index that are most like others: see `PictureIndex.query`.

    Args:
        index: open, or its folder.
        images: one picture or several, as `Classifier.predict` takes them.
        k: how many of each.
    Returns:
        for each picture its matches, the nearest first.
    Raises:
        as `alexnet.search.open` and `PictureIndex.query` do.
    """
    if isinstance(index, PictureIndex):
        return index.query(images, k)
    with open(index) as opened:
        return opened.query(images, k)
