"""What is said of a network that answers without looking, and of none that looks."""

import math

import pytest
import torch

from alexnet.evaluation.collapse import collapse
from alexnet.evaluation.metrics import Tally, entropy

NAMES = tuple("abcdefghij")


def tally(predicted: torch.Tensor, labels: torch.Tensor) -> Tally:
    found = Tally(predicted.shape[1])
    found.add(predicted, labels)
    return found


def labels(count: int, classes: int) -> torch.Tensor:
    return torch.arange(count) % classes


def answers(right: torch.Tensor, sure: float, classes: int) -> torch.Tensor:
    """Return probabilities that give `sure` to a class, and the rest to all others alike."""
    predicted = torch.full((len(right), classes), (1 - sure) / (classes - 1))
    predicted[torch.arange(len(right)), right] = sure
    return predicted


def test_the_entropy_of_k_equal_classes_is_log_k() -> None:
    assert entropy(torch.full((10,), 7)) == pytest.approx(math.log(10))
    assert entropy(torch.tensor([5, 0, 0])) == 0.0
    assert entropy(torch.zeros(3)) == 0.0


def test_one_answer_to_everything_is_said() -> None:
    found = collapse(tally(answers(torch.full((100,), 3), 0.9, 10), labels(100, 10)), NAMES)
    assert "'d' for 100% of the pictures, and 10% are of that class" in found


def test_the_same_probabilities_for_every_picture_are_said() -> None:
    """They differ by noise that decides the best class, and no more: no class is the answer to everything."""
    noise = torch.randn(400, 10, generator=torch.Generator().manual_seed(0)) * 0.01
    found = collapse(tally(torch.softmax(noise, 1), labels(400, 10)), NAMES)
    assert "its cross-entropy, 2.302, is that of the same answer for every picture, 2.303" in found


def test_a_network_that_sees_something_is_left_alone() -> None:
    """Also one that is wrong often, or sure of the wrong things until its loss is that of a constant answer."""
    seed = torch.Generator().manual_seed(0)
    own = labels(400, 10)
    half = torch.where(torch.rand(400, generator=seed) < 0.5, own, (own + 1) % 10)
    for sure in (0.5, 0.9, 0.99):
        assert collapse(tally(answers(half, sure, 10), own), NAMES) == ""
    losses = [tally(answers(half, sure, 10), own).loss for sure in (0.9, 0.99)]
    assert losses[0] < math.log(10) < losses[1]


def test_pictures_that_are_nearly_all_of_a_class_may_be_answered_so() -> None:
    own = torch.tensor([0] * 97 + [1] * 3)
    assert collapse(tally(answers(own, 0.9, 2), own), ("a", "b")) == ""
    always = torch.zeros(100, dtype=torch.int64)
    assert collapse(tally(answers(always, 0.9, 2), own), ("a", "b")) != ""
    assert collapse(tally(answers(always, 0.9, 2), always), ("a", "b")) == ""


def test_a_few_pictures_say_nothing() -> None:
    assert collapse(tally(answers(torch.zeros(3, dtype=torch.int64), 0.9, 3), labels(3, 3)), NAMES) == ""
