"""Errors against counting by hand, and intervals against the binomial distribution."""

import math

import numpy as np
import pytest
import torch

from alexnet.evaluation.metrics import Tally, interval, topk_correct


def test_top_five_is_a_loop_over_sorted_classes() -> None:
    scores, labels = torch.rand(50, 20), torch.randint(0, 20, (50,))
    for top in (1, 5):
        expected = [
            float(label in sorted(range(20), key=row.tolist().__getitem__)[-top:])
            for row, label in zip(scores, labels.tolist(), strict=True)
        ]
        assert topk_correct(scores, labels, top).tolist() == expected


def test_a_tie_is_worth_the_chance_of_a_fair_draw() -> None:
    """A network that says the same of ten classes is right a tenth of the time, and half for five of them."""
    scores, labels = torch.full((4, 10), 0.1), torch.tensor([0, 3, 5, 9])
    assert topk_correct(scores, labels, 1).tolist() == pytest.approx([0.1] * 4)
    assert topk_correct(scores, labels, 5).tolist() == pytest.approx([0.5] * 4)


def test_a_tally_does_not_depend_on_how_batches_are_cut() -> None:
    predicted = torch.softmax(torch.randn(30, 6), 1)
    labels = torch.randint(0, 6, (30,))
    whole, parts = Tally(6), Tally(6)
    whole.add(predicted, labels)
    for a, b in ((0, 7), (7, 8), (8, 30)):
        parts.add(predicted[a:b], labels[a:b])
    assert (whole.top1_error, whole.top5_error) == (parts.top1_error, parts.top5_error)
    assert whole.loss == pytest.approx(
        -math.log(predicted.gather(1, labels[:, None]).prod().item()) / 30, rel=1e-4
    )
    assert whole.class_counts.sum() == 30
    assert whole.class_top1.sum() == pytest.approx(30 * (1 - whole.top1_error))


def test_fewer_than_five_classes_have_a_top_five_error_of_zero() -> None:
    tally = Tally(3)
    tally.add(torch.rand(9, 3), torch.randint(0, 3, (9,)))
    assert tally.top5_error == 0.0


@pytest.mark.parametrize(("count", "error"), [(200, 0.1), (1000, 0.4), (400, 0.02)])
def test_the_interval_covers_the_true_error_95_times_in_100(count: int, error: float) -> None:
    """Wilson's interval from binomial draws: coverage within two points of 95%."""
    draws = np.random.default_rng(0).binomial(count, error, 4000) / count
    covered = [low <= error <= high for low, high in (interval(float(drawn), count) for drawn in draws)]
    assert 0.93 < np.mean(covered) < 0.985
