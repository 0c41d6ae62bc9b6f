"""Weights of an average: given ones as written, searched ones against a loop over whole distributions."""

import itertools
import re

import numpy as np
import pytest
import torch
from evaluations import dense_pair, overflowing, untrained
from torch import Tensor

from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ALONE
from alexnet.errors import DataError, DivergedError, RecipeError
from alexnet.evaluation.average import _Rivals, given_weights, search_weights
from alexnet.evaluation.ensemble import members, prepared_for
from alexnet.evaluation.evaluate import evaluate
from alexnet.evaluation.metrics import Tally
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import view_probabilities
from alexnet.networks.small import Cifar18


def three() -> list[Classifier]:
    return [*dense_pair(), Classifier(untrained(Cifar18(classes=4, side=24), 7), "third")]


def by_loop(each: Tensor, labels: Tensor) -> tuple[float, ...]:
    """The averaging script of 2012, line by line, on probabilities (M, N, K) that lie in memory."""
    count, classes = len(each), each.shape[2]

    def errors(weights: list[float]) -> tuple[float, float]:
        tally = Tally(classes)
        tally.add(sum(w * p.double() for w, p in zip(weights, each, strict=True)), labels)
        return (round(tally.top5_error, 9) if classes > 5 else 0.0, round(tally.top1_error, 9))

    weights = [0.5] * count
    for _ in range(5):
        before = list(weights)
        for number in range(count):
            found = []
            for step in range(21):
                tried = [*weights[:number], step / 20, *weights[number + 1 :]]
                if any(tried):
                    found.append((*errors(tried), abs(step / 20 - weights[number]), step / 20))
            weights[number] = min(found)[3]
        if weights == before:
            break
    return tuple(weight / sum(weights) for weight in weights)


def test_searched_weights_are_those_of_a_loop_over_whole_distributions(shapes: Dataset) -> None:
    classifiers = three()
    dataset, seen = prepared_for(classifiers, shapes)
    networks, numbers = members(classifiers, seen, "train")
    split = dataset.split("train")
    images = split.images(np.arange(len(split)))
    each = torch.stack([view_probabilities(one.network, images, 1) for one in classifiers])
    expected = by_loop(each, numbers[torch.from_numpy(split.labels)])
    found = search_weights(networks, numbers, views=1)
    assert found == pytest.approx(expected)
    assert len({round(weight, 6) for weight in found}) > 1, "equal weights are best: this test shows nothing"
    report = evaluate(classifiers, shapes, views=1, average="search:train")
    assert (report.average_weights, report.average) == (found, "search:train")
    assert evaluate(classifiers, shapes, views=1, average=found).top1_error == report.top1_error


@pytest.mark.parametrize("seed", range(20))
def test_errors_of_weights_need_no_more_than_the_rivals(seed: int) -> None:
    """Top-5 and top-1 errors of random weights, ties and saturated probabilities among them, against `Tally`."""
    generator = torch.Generator().manual_seed(seed)
    count, classes = 1500, 8
    logits = torch.randint(0, 5, (3, count, classes), generator=generator).float() * 40  # many are exactly 0
    each, labels = logits.softmax(2), torch.randint(0, classes, (count,), generator=generator)
    weights = torch.tensor(list(itertools.product((0.0, 0.25, 1.0), repeat=3))[1:], dtype=torch.float64)
    with _Rivals(3, classes, ALONE) as rivals:
        for part in torch.arange(count).split(401):
            rivals.add(each[:, part], labels[part])
        found = rivals.errors(weights)
    for one, (top5, top1) in zip(weights, found, strict=True):
        tally = Tally(classes)
        own = each.double().gather(2, labels[None, :, None].expand(3, -1, 1))
        tally.add(
            torch.einsum("m,mnk->nk", one, each.double() - own), labels
        )  # as differences: ties stay ties
        assert (top5 / count, top1 / count) == pytest.approx((tally.top5_error, tally.top1_error))


def test_weights_are_not_chosen_on_the_pictures_that_are_reported(shapes: Dataset) -> None:
    for split in (None, "validation"):
        with pytest.raises(
            RecipeError, match="weights chosen on validation would be reported on the same pictures"
        ):
            evaluate(three(), shapes, split=split, average="search:validation")
    with pytest.raises(DataError, match="`test` is not a split of shapes"):
        evaluate(three(), shapes, average="search:test")
    with pytest.raises(DivergedError, match="overflowing gives"):
        evaluate([*three(), overflowing()], shapes, views=1, average="search:train")


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("1,2", "2 weights, and networks are 3"),
        (
            "1,2,x",
            "'1,2,x' is no weights: write one for each network, 0.5,0.3,0.2, or search:SPLIT, or equal",
        ),
        ("", "is no weights"),
        ("1,,2", "is no weights"),
        ((1, 2, -3), "weights 1, 2, -3: each is 0 or more"),
        ((1, float("nan"), 1), "weights 1, nan, 1: each is 0 or more"),
        ((float("inf"), 1, 1), "each is 0 or more"),
        ("0,0,0", "not all are 0"),
        ((), "is no weights"),
    ],
)
def test_what_is_no_weights_is_refused(weights: str, said: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(said)):
        given_weights(weights, 3)


def test_weights_are_shares() -> None:
    assert given_weights("equal", 4) == (0.25,) * 4
    assert given_weights(" 1, 3", 2) == given_weights((0.5, 1.5), 2) == (0.25, 0.75)
