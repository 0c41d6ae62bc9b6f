"""Confusion, calibration and comparison against slow references, laws, simulation, and scikit-learn where it is."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from alexnet.distributed.group import ALONE
from alexnet.evaluation import confusion as confusions
from alexnet.evaluation import temperature as temperatures
from alexnet.evaluation.calibration import Calibration
from alexnet.evaluation.comparison import Comparison
from alexnet.evaluation.confusion import ClassScores, Confusion
from alexnet.evaluation.metrics import Tally, interval
from alexnet.evaluation.temperature import CrossFit, fit_temperature, with_temperature


def answers(seed: int, count: int = 300, classes: int = 7) -> tuple[Tensor, Tensor]:
    """Probabilities with ties, and labels of which a class may be missing."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randint(0, 6, (count, classes), generator=generator).float()
    labels = torch.randint(0, classes - (seed % 2), (count,), generator=generator)
    return logits.softmax(1), labels


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_a_loop(monkeypatch: pytest.MonkeyPatch, seed: int, *, sparse: bool) -> None:
    """And the same whether every pair has a place or only those that occur, in any batches."""
    if sparse:
        monkeypatch.setattr(confusions, "DENSE", 1)
    probabilities, labels = answers(seed)
    predicted = probabilities.argmax(1)
    found = Confusion(7)
    for part in torch.arange(300).split(77):
        found.add(labels[part], predicted[part])
    found, scores = found.over(ALONE), ClassScores.of(found)
    pairs = list(zip(labels.tolist(), predicted.tolist(), strict=True))
    for k in range(7):
        right = sum(label == guess == k for label, guess in pairs)
        taken, support = sum(guess == k for _, guess in pairs), sum(label == k for label, _ in pairs)
        assert int(scores.support[k]) == support
        assert float(scores.precision[k]) == pytest.approx(right / taken if taken else 0.0)
        assert float(scores.recall[k]) == pytest.approx(right / support if support else 0.0)
        assert float(scores.f1[k]) == pytest.approx(2 * right / (taken + support) if taken + support else 0.0)
        assert found.matrix()[k].tolist() == [sum(pair == (k, other) for pair in pairs) for other in range(7)]
    label, guess, count = found.most_confused(1)[0]
    assert (
        count
        == max(pairs.count(pair) for pair in set(pairs) if pair[0] != pair[1])
        == pairs.count((label, guess))
    )


def test_scores_are_scikit_learns() -> None:
    """Of 200 random cases, ties and missing classes among them."""
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    for seed in range(200):
        probabilities, labels = answers(seed, count=40 + seed, classes=2 + seed % 9)
        predicted, classes = probabilities.argmax(1), probabilities.shape[1]
        found = Confusion(classes)
        found.add(labels, predicted)
        scores, present = ClassScores.of(found), labels.unique().tolist()
        each = metrics.precision_recall_fscore_support(
            labels, predicted, labels=range(classes), zero_division=0.0
        )
        for ours, theirs in zip(
            (scores.precision, scores.recall, scores.f1, scores.support), each, strict=True
        ):
            assert ours.tolist() == pytest.approx(theirs.tolist())
        tally = Tally(classes)
        tally.add(probabilities.double(), labels)
        exact = probabilities.double() / probabilities.double().sum(1, keepdim=True)
        expected = metrics.log_loss(labels, exact.numpy(), labels=range(classes))
        assert tally.loss == pytest.approx(expected, rel=1e-5)
        balanced = metrics.recall_score(labels, predicted, average="macro", labels=present, zero_division=0.0)
        assert scores.macro_recall == pytest.approx(balanced)
        assert (
            found.matrix().numpy() == metrics.confusion_matrix(labels, predicted, labels=range(classes))
        ).all()


def test_many_classes_take_memory_for_pairs_that_occur_alone() -> None:
    found = Confusion(22_000)
    labels = torch.arange(22_000)
    found.add(labels, (labels + 1) % 22_000)
    assert len(found.pairs()[0]) == 22_000
    assert ClassScores.of(found).macro_recall == 0.0


def test_the_calibration_error_is_that_of_a_loop_over_bins_of_equal_mass() -> None:
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn(3000, 5, generator=generator) * 3
    labels = torch.multinomial((logits / 2).softmax(1), 1, generator=generator)[:, 0]
    probabilities = logits.softmax(1)
    found = Calibration()
    for part in torch.arange(3000).split(701):
        found.add(probabilities[part], labels[part])
    confidence, best = probabilities.max(1)
    order = confidence.argsort()
    expected = 0.0
    for part in order.chunk(15):
        expected += (
            len(part)
            / 3000
            * abs(float(confidence[part].mean()) - float((best == labels)[part].double().mean()))
        )
    assert found.error() == pytest.approx(expected, abs=2e-3)
    assert [each.count for each in found.over(ALONE).bins()] == pytest.approx([200] * 15, abs=3)
    low, high = found.interval()
    assert low < found.error() < high


def test_a_network_that_says_what_it_knows_has_no_calibration_error() -> None:
    """Labels drawn from its own probabilities: the error is that of the draw alone."""
    generator = torch.Generator().manual_seed(5)
    probabilities = (torch.randn(20_000, 4, generator=generator) * 2).softmax(1)
    found = Calibration()
    found.add(probabilities, torch.multinomial(probabilities, 1, generator=generator)[:, 0])
    assert found.error() < 0.02  # fifteen bins of 1,333 pictures: 0.009 is expected of the draw
    assert Calibration().error() == 0.0


def test_the_temperature_is_the_one_that_the_labels_were_drawn_with() -> None:
    generator = torch.Generator().manual_seed(6)
    logits = torch.randn(20_000, 6, generator=generator) * 4
    for truth in (0.5, 1.0, 2.5):
        labels = torch.multinomial((logits / truth).softmax(1), 1, generator=generator)[:, 0]
        probabilities = logits.softmax(1)
        temperature = fit_temperature(probabilities, labels)
        assert temperature == pytest.approx(truth, rel=0.04)
        after = Calibration()
        after.add(with_temperature(probabilities, temperature), labels)
        assert after.error() < 0.02
    with pytest.raises(ValueError, match="at least one picture"):
        fit_temperature(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64))


def test_the_paired_test_is_mcnemars() -> None:
    """10 to 2 of 12: twice the binomial tail, 2 (1 + 12 + 66) / 4096."""
    first = torch.tensor([True] * 50 + [True] * 10 + [False] * 2 + [False] * 38)
    second = torch.tensor([True] * 50 + [False] * 10 + [True] * 2 + [False] * 38)
    found = Comparison.of(first, second)
    assert (found.only_first, found.only_second) == (10, 2)
    assert found.difference == pytest.approx(0.08)
    assert found.p_value == pytest.approx(2 * (1 + 12 + 66) / 4096)
    assert found.interval[0] > 0
    assert Comparison.of(first, first).p_value == 1.0
    assert Comparison(10**6, 10**5, 10**5 + 1000).p_value == pytest.approx(
        math.erfc(1000 / math.sqrt(2 * 10**5) / math.sqrt(2)), rel=0.05
    )
    with pytest.raises(ValueError, match="100 and 3 answers"):
        Comparison.of(first, first[:3])


def test_the_interval_of_a_difference_covers_the_truth_as_often_as_it_says() -> None:
    """Within a point of 95%, by simulation, for pictures that are hard for both."""
    generator = torch.Generator().manual_seed(7)
    covered, trials = 0, 3000
    for _ in range(trials):
        draw = torch.rand(400, generator=generator)
        first, second = draw < 0.80, (draw < 0.74) | (draw > 0.97)  # right 80% and 77%
        low, high = Comparison.of(first, second).interval
        covered += low <= 0.03 <= high
    assert covered / trials == pytest.approx(0.95, abs=0.01)


def test_a_temperature_is_cross_fitted() -> None:
    """Each half, every other picture, gets the temperature of the other; a slow loop over both says the same."""
    generator = torch.Generator().manual_seed(8)
    logits = torch.randn(3001, 5, generator=generator) * 4
    labels = torch.multinomial((logits / 2).softmax(1), 1, generator=generator)[:, 0]
    probabilities = logits.softmax(1)
    found = CrossFit(5, 3001)
    for part in torch.arange(3001).split(700):
        found.add(probabilities[part], labels[part], part)
    got = found.temperature()
    assert got is not None
    after = Calibration()
    for own, other in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        value = fit_temperature(probabilities[other], labels[other])
        after.add(with_temperature(probabilities[own], value), labels[own])
    assert got.error == pytest.approx(after.error())
    assert got.value == fit_temperature(probabilities, labels) == pytest.approx(2.0, rel=0.06)
    assert got.count == 3001
    before = Calibration()
    before.add(probabilities, labels)
    assert got.error < 0.03 < before.error()


def test_where_there_are_too_many_probabilities_pictures_are_taken_at_equal_distances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(temperatures, "NUMBERS", 100)
    found, labels = CrossFit(5, 90), torch.arange(90) % 5
    found.add(torch.eye(5)[labels] * 0.8 + 0.04, labels, torch.arange(90))  # 90 x 5 = 450: every fifth
    got = found.temperature()
    assert got is not None
    assert got.count == 18


def test_one_picture_has_no_temperature() -> None:
    found = CrossFit(3, 1)
    assert found.temperature() is None
    found.add(torch.full((1, 3), 1 / 3), torch.tensor([2]), torch.tensor([0]))
    assert found.temperature() is None


@pytest.mark.parametrize("sure", [True, False])
def test_a_temperature_stays_within_its_limits(*, sure: bool) -> None:
    """All right, it would be 0; all wrong, infinite."""
    labels = torch.arange(30) % 3
    answers_ = torch.eye(3)[labels if sure else (labels + 1) % 3] * 0.7 + 0.1
    found = fit_temperature(answers_, labels)
    assert 0.05 <= found < 0.1 if sure else found == 20.0


def test_calibration_is_torchmetrics() -> None:
    """Of 200 random cases, classes without pictures or answers among them.

    Torchmetrics has bins of equal width alone. Confidences here are the middles of such bins, equally many of each, so
    that bins of equal mass are the same ones.
    """
    functional = pytest.importorskip(
        "torchmetrics.functional.classification", reason="torchmetrics is not installed"
    )
    for seed in range(200):
        generator = torch.Generator().manual_seed(seed)
        classes = 2 + seed % 7
        low, bins = 1 / classes, 12
        middles = (torch.arange(bins) + 0.5) / bins
        middles = middles[middles > low + 0.01]
        confidence = middles.repeat_interleave(15)[torch.randperm(len(middles) * 15, generator=generator)]
        best = torch.randint(0, max(1, classes - seed % 2), (len(confidence),), generator=generator)
        probabilities = ((1 - confidence) / (classes - 1))[:, None].repeat(1, classes)
        probabilities[torch.arange(len(best)), best] = confidence
        labels = torch.where(torch.rand(len(best), generator=generator) < 0.6, best, (best + 1) % classes)
        found = Calibration()
        found.add(probabilities, labels)
        expected = functional.multiclass_calibration_error(
            probabilities, labels, classes, n_bins=bins, norm="l1"
        )
        assert found.error(len(middles)) == pytest.approx(float(expected), abs=1e-5)


def test_the_interval_of_an_error_covers_the_truth_as_often_as_it_says() -> None:
    """Within a point of 95%, by simulation: errors drawn evenly from 1% to 60%, of 200 to 20,000 pictures.

    Of one error and number alone it may lie a point or two off, since pictures are whole: the test in test_metrics.py.
    """
    generator, covered, trials = np.random.default_rng(9), 0, 20_000
    for _ in range(trials):
        error, count = generator.uniform(0.01, 0.6), int(10 ** generator.uniform(2.3, 4.3))
        low, high = interval(generator.binomial(count, error) / count, count)
        covered += low <= error <= high
    assert covered / trials == pytest.approx(0.95, abs=0.01)
