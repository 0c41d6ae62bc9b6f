"""What the paper reports of ILSVRC: tables 1 and 2, to stand beside what is measured on the same pictures."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, final

from alexnet.data.imagenet_classes import imagenet_classes


@final
@dataclass(frozen=True)
class PaperRow:
    """A line of a table of the paper; errors are fractions, and what it leaves out is None."""

    model: str
    """As the paper calls it; * marks networks that were pre-trained on the whole of ImageNet 2011."""
    top1_error: float | None
    top5_error: float | None
    test_top5_error: float | None = None
    """On the test pictures, where the others are of validation."""


@final
@dataclass(frozen=True)
class PaperTable:
    """A table of the paper."""

    title: str
    """Its number and the pictures."""
    split: str
    """Of which its errors are: validation or test."""
    rows: tuple[PaperRow, ...]


TABLES: Final = {
    2010: PaperTable(
        "Krizhevsky et al. 2012, table 1: ILSVRC-2010, test",
        "test",
        (
            PaperRow("sparse coding", 0.471, 0.282),
            PaperRow("SIFT + FVs", 0.457, 0.257),
            PaperRow("CNN", 0.375, 0.170),
        ),
    ),
    2012: PaperTable(
        "Krizhevsky et al. 2012, table 2: ILSVRC-2012, validation (and test)",
        "validation",
        (
            PaperRow("SIFT + FVs", None, None, 0.262),
            PaperRow("1 CNN", 0.407, 0.182),
            PaperRow("5 CNNs", 0.381, 0.164, 0.164),
            PaperRow("1 CNN*", 0.390, 0.166),
            PaperRow("7 CNNs*", 0.367, 0.154, 0.153),
        ),
    ),
}
"""By the year of the challenge."""


def paper_table(data: str, classes: Collection[str]) -> PaperTable | None:
    """Return the table of the paper that is of the same pictures; None where the data is not of the challenge.

    Args:
        data: name of the data set: ilsvrc2010 and ilsvrc2012 are what the archives are prepared as.
        classes: its classes: the thousand synsets of 2012 are known in folders of any name.
    """
    if data == "ilsvrc2010":
        return TABLES[2010]
    if data == "ilsvrc2012" or set(classes) == {one.name for one in imagenet_classes()}:
        return TABLES[2012]
    return None
