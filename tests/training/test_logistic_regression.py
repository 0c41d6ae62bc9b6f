"""Logistic regression: the optimum by its gradient in float64, and the laws of cross-validation."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.training.logistic_regression import _folds, cross_validated, fit


def clusters(
    count: int, classes: int, *, spread: float, views: int = 2, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Pictures whose features lie around their class's own point."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, 12, generator=generator) * torch.logspace(-1, 1, 12) + 3
    labels = torch.arange(count) % classes
    noise = torch.randn(count, views, 12, generator=generator) * torch.logspace(-1, 1, 12)
    return centres[labels][:, None] + spread * noise, labels


@pytest.mark.parametrize("penalty", [0.1, 10.0])
def test_the_gradient_vanishes_at_what_was_fitted(penalty: float) -> None:
    """An independent statement of the objective, in float64, on features scaled by hand."""
    features, labels = clusters(60, 3, spread=1.0)
    found = fit(features, labels, 3, penalty)
    rows = features.flatten(0, 1).double()
    scale = rows.std(0, correction=0)
    weight = (found.weight.double() * scale).requires_grad_()
    bias = (found.bias.double() + found.weight.double() @ rows.mean(0)).requires_grad_()
    logits = ((rows - rows.mean(0)) / scale) @ weight.T + bias
    loss = F.cross_entropy(logits, labels.repeat_interleave(2))
    (loss + penalty / 60 / 2 * weight.square().sum()).backward()
    assert weight.grad is not None
    assert float(weight.grad.abs().max()) < 1e-3
    assert bias.grad is not None
    assert float(bias.grad.abs().max()) < 1e-3


def test_features_of_any_scale_and_origin_give_the_same_answers() -> None:
    features, labels = clusters(60, 3, spread=1.0)
    moved = features * 20 - 300
    plain, other = fit(features, labels, 3, 1.0), fit(moved, labels, 3, 1.0)
    torch.testing.assert_close(plain.probabilities(features), other.probabilities(moved), atol=5e-3, rtol=0)


def test_a_picture_is_answered_for_by_a_fit_that_has_not_seen_it() -> None:
    """Labels drawn at random cannot be known: seen ones would be, as there are more features than pictures."""
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(120, 2, 400, generator=generator)
    labels = torch.randint(0, 2, (120,), generator=generator)
    assert fit(features, labels, 2, 1e-3).probabilities(features).argmax(1).eq(labels).all()
    error = float((cross_validated(features, labels, 2).probabilities.argmax(1) != labels).double().mean())
    assert 0.3 < error < 0.7  # by chance: 0.5 with a deviation of 0.05


def test_noise_asks_for_a_larger_penalty() -> None:
    clear = cross_validated(*clusters(60, 3, spread=0.1), 3)
    noisy = cross_validated(*clusters(60, 3, spread=6.0), 3)
    assert min(clear.errors) == 0.0
    assert noisy.penalty > clear.penalty


def test_each_class_is_spread_over_the_folds_evenly() -> None:
    labels = torch.tensor([2] * 11 + [0] * 7 + [1] * 22)
    folds = _folds(labels, 5)
    for label in range(3):
        counts = torch.bincount(folds[labels == label], minlength=5)
        assert int(counts.max() - counts.min()) <= 1


def test_the_same_pictures_give_the_same_bits() -> None:
    features, labels = clusters(60, 3, spread=1.0)
    assert torch.equal(fit(features, labels, 3, 1.0).weight, fit(features, labels, 3, 1.0).weight)
