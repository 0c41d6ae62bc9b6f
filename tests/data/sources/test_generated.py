"""The sources that need no files: the digits and the shapes."""

import numpy as np
import pytest

from alexnet.data.sources.digits import Digits
from alexnet.data.sources.shapes import Shapes


def pixels(source: Digits | Shapes, split: str) -> np.ndarray:
    return np.stack([np.asarray(example.content) for example in source.examples(split)])


def test_the_digits_are_the_1797_of_the_published_test_part() -> None:
    """The published counts of each digit in optdigits.tes."""
    digits = Digits()
    labels = [e.label for split in digits.splits for e in digits.examples(split)]
    assert [labels.count(name) for name in digits.classes] == [
        178,
        182,
        177,
        183,
        181,
        182,
        181,
        179,
        174,
        180,
    ]


def test_no_digit_is_in_both_splits() -> None:
    digits = Digits()
    train, validation = ({e.name for e in digits.examples(split)} for split in digits.splits)
    assert not train & validation
    assert len(train | validation) == 1797


def test_digits_are_dark_on_white() -> None:
    shown = pixels(Digits(), "validation")
    assert shown.shape[1:] == (32, 32, 3)
    assert shown[:, 0, 0].mean() > 240
    assert shown.min() < 20


def test_shapes_are_the_same_for_everyone_and_differ_by_seed() -> None:
    first, again, other = (pixels(Shapes(20, classes=5, seed=seed), "train") for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_more_shapes_begin_with_the_same_ones() -> None:
    assert np.array_equal(pixels(Shapes(30), "train")[:20], pixels(Shapes(20), "train"))


def test_shapes_can_be_learnt() -> None:
    """A nearest mean colour of the brightest-coloured pixels tells the colours apart far above chance."""
    source = Shapes(200, classes=20)

    def colour(image: np.ndarray) -> np.ndarray:
        saturation = image.max(axis=2).astype(int) - image.min(axis=2)
        return np.asarray(image[saturation >= np.quantile(saturation, 0.95)].mean(axis=0))

    def features(split: str) -> tuple[np.ndarray, np.ndarray]:
        examples = list(source.examples(split))
        return np.stack([colour(np.asarray(e.content)) for e in examples]), np.array(
            [e.label.split()[0] for e in examples]
        )

    train, labels = features("train")
    names = np.unique(labels)
    means = np.stack([train[labels == name].mean(axis=0) for name in names])
    held_out, truth = features("validation")
    predictions = names[np.linalg.norm(held_out[:, None] - means, axis=2).argmin(axis=1)]
    assert (predictions == truth).mean() > 0.9


@pytest.mark.parametrize("arguments", [{"classes": 0}, {"classes": 21}, {"count": 3}, {"side": 4}])
def test_impossible_shapes_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="Shapes"):
        Shapes(**arguments)
