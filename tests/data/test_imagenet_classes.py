"""The thousand classes, against facts of the challenge."""

import pytest

from alexnet.data.imagenet_classes import imagenet_classes, order_of, words_of
from alexnet.errors import DataError

SORTED = imagenet_classes("sorted")
DEVKIT = imagenet_classes("devkit")


def test_both_orders_hold_the_same_thousand_classes() -> None:
    assert len(set(SORTED)) == len(set(DEVKIT)) == 1000
    assert set(SORTED) == set(DEVKIT)
    assert len({one.name for one in SORTED}) == 1000


def test_the_sorted_order_is_sorted_and_the_devkit_counts_from_one() -> None:
    names = [one.name for one in SORTED]
    assert names == sorted(names)
    assert [one.number for one in DEVKIT] == list(range(1, 1001))


def test_the_first_validation_pictures_have_their_known_labels_in_both_orders() -> None:
    """The development kit's labels of the first ten validation pictures, and those of Caffe's val.txt."""
    devkit = [490, 361, 171, 822, 297, 482, 13, 704, 599, 164]
    sorted_labels = [65, 970, 230, 809, 516, 57, 334, 415, 674, 332]
    assert [SORTED.index(DEVKIT[number - 1]) for number in devkit] == sorted_labels
    assert [SORTED[label].words.split(",")[0] for label in sorted_labels[:3]] == [
        "sea snake",
        "alp",
        "Shetland sheepdog",
    ]


def test_the_corners_of_both_orders() -> None:
    assert (SORTED[0].name, SORTED[0].words) == ("n01440764", "tench, Tinca tinca")
    assert (SORTED[999].name, SORTED[999].number) == ("n15075141", 889)
    assert (DEVKIT[0].name, DEVKIT[999].name) == ("n02119789", "n03255030")


def test_an_order_is_recognised_from_synsets_and_from_words() -> None:
    for order in ("sorted", "devkit"):
        assert order_of([one.name for one in imagenet_classes(order)]) == order
        assert order_of([one.words for one in imagenet_classes(order)]) == order
    assert order_of([one.name for one in SORTED[::-1]]) is None
    assert order_of(["cat", "dog"]) is None


def test_words_of_a_synset_and_of_another_name() -> None:
    assert words_of("n02119789") == "kit fox, Vulpes macrotis"
    assert words_of("digit 3") == "digit 3"


def test_an_unknown_order_offers_the_known_ones() -> None:
    with pytest.raises(DataError, match="sorted, devkit"):
        imagenet_classes("alphabetical")
