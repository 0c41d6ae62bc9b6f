"""The paper's tables stand beside what is of the same pictures, and beside nothing else."""

from alexnet.data.imagenet_classes import imagenet_classes
from alexnet.evaluation.paper import TABLES, paper_table

SYNSETS = [one.name for one in imagenet_classes()]


def test_the_table_is_that_of_the_year() -> None:
    assert paper_table("ilsvrc2010", ("n01440764",) * 1000) is TABLES[2010]
    assert paper_table("ilsvrc2012", SYNSETS) is TABLES[2012]
    assert paper_table("my-folders", SYNSETS[::-1]) is TABLES[2012]


def test_other_pictures_have_none() -> None:
    """A part of the classes is another task."""
    for data, classes in (
        ("digits", tuple("0123456789")),
        ("tiny", SYNSETS[:200]),
        ("more", [*SYNSETS, "cow"]),
    ):
        assert paper_table(data, classes) is None


def test_the_figures_are_the_papers() -> None:
    """Table 1: 37.5% and 17.0%; table 2: five networks 16.4% on validation and on test, seven 15.3%."""
    assert (TABLES[2010].rows[-1].top1_error, TABLES[2010].rows[-1].top5_error) == (0.375, 0.170)
    rows = {row.model: row for row in TABLES[2012].rows}
    assert rows["5 CNNs"].top5_error == rows["5 CNNs"].test_top5_error == 0.164
    assert rows["7 CNNs*"].test_top5_error == 0.153
    assert rows["1 CNN"].test_top5_error is None
