"""Multinomial logistic regression, its regularisation chosen by cross-validation.

Shapes: N pictures, V views of each, D features, K classes.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

import torch
import torch.nn.functional as F
from torch import Tensor

PENALTIES: Final = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
"""What cross-validation chooses from: over the number of pictures, times half the sum of squared weights."""
_ITERATIONS: Final = 60
_ROUGH: Final = 1e-5
"""The tolerance of fits that are only to be compared."""
_ALONE: Final = 10**7
"""Multiplications below which threads would wait for one another longer than they work."""
_PRODUCTS: Final = 10**8
"""N times V times D times K from which on cross-validation has two folds."""


@final
@dataclass(frozen=True)
class Regression:
    """A linear classifier of features: logits are `features @ weight.T + bias`."""

    weight: Tensor
    """float32, (K, D)."""
    bias: Tensor
    """float32, (K,)."""

    def probabilities(self, features: Tensor) -> Tensor:
        """Return class probabilities averaged over views: (N, V, D) to float32 (N, K)."""
        return F.linear(features, self.weight, self.bias).softmax(-1).mean(1)


@final
@dataclass(frozen=True)
class CrossValidation:
    """What cross-validation has found."""

    penalty: float
    """The chosen one of the penalties."""
    errors: tuple[float, ...]
    """The error of each penalty tried, a fraction, in their order."""
    probabilities: Tensor
    """float32, (N, K): of each picture, by the fit with the chosen penalty that had not seen it."""


def fit(
    features: Tensor,
    labels: Tensor,
    classes: int,
    penalty: float,
    *,
    start: Regression | None = None,
    tolerance: float = 1e-7,
) -> Regression:
    """Fit by L-BFGS: the mean cross-entropy over pictures and views, and a penalty on the weights.

    Features are centred and scaled to a deviation of 1 while it fits, so that one penalty suits all of them; what
    is returned takes features as they are.

    Args:
        features: float32, (N, V, D).
        labels: int64, (N,), 0 to K - 1.
        classes: K.
        penalty: over N, times half the sum of squared weights of the scaled features; above 0.
        start: a fit of the same features with another penalty, to begin with.
        tolerance: of the loss, below whose change it ends.
    Returns:
        the fit; the same for the same arguments.
    """
    rows = features.flatten(0, 1)
    mean, scale = rows.mean(0), _scale(rows)
    x, y = (rows - mean) / scale, labels.repeat_interleave(features.shape[1])
    weight, bias = torch.zeros(classes, x.shape[1]), torch.zeros(classes)
    if start is not None:
        weight, bias = start.weight * scale, start.bias + start.weight @ mean
    weight, bias = weight.requires_grad_(), bias.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=_ITERATIONS,
        tolerance_grad=1e-5,
        tolerance_change=tolerance,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(F.linear(x, weight, bias), y) + 0.5 * penalty * weight.square().sum() / len(
            labels
        )
        value.backward()
        return value

    with torch.enable_grad(), _threads(x.numel() * classes):
        optimizer.step(loss)
    final = weight.detach() / scale
    return Regression(final, bias.detach() - final @ mean)


def cross_validated(
    features: Tensor, labels: Tensor, classes: int, *, folds: int = 5, penalties: Sequence[float] = PENALTIES
) -> CrossValidation:
    """Choose the penalty whose fits err least on pictures that they have not seen.

    All views of a picture are in one fold, and each class is spread over the folds as evenly as it goes; a class
    of one picture is never seen by the fit that is asked for it. Where the work would be long there are two folds.

    Args:
        features, labels, classes: as of `fit`.
        folds: how many, at least 2; no more than there are pictures.
        penalties: at least one.
    Returns:
        the choice: where errors are equal, that of the lowest cross-entropy.
    """
    work = features.numel() * classes
    folds = folds if work <= _PRODUCTS else 2
    fold_of = _folds(labels, max(2, min(folds, len(labels))))
    found = torch.zeros(len(penalties), len(labels), classes)
    for fold in range(int(fold_of.max()) + 1):
        seen, held = (fold_of != fold).nonzero()[:, 0], (fold_of == fold).nonzero()[:, 0]
        fitted = None
        for number, penalty in sorted(enumerate(penalties), key=lambda pair: -pair[1]):
            fitted = fit(features[seen], labels[seen], classes, penalty, start=fitted, tolerance=_ROUGH)
            found[number, held] = fitted.probabilities(features[held])
    errors = (found.argmax(2) != labels).double().mean(1)
    losses = (
        -found.gather(2, labels.expand(len(penalties), -1)[:, :, None]).clamp(min=1e-12).log().mean((1, 2))
    )
    best = min(range(len(penalties)), key=lambda number: (float(errors[number]), float(losses[number])))
    return CrossValidation(penalties[best], tuple(errors.tolist()), found[best])


@contextlib.contextmanager
def _threads(work: int) -> Iterator[None]:
    """Let one thread do what is little work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if work < _ALONE else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _folds(labels: Tensor, folds: int) -> Tensor:
    """Return the fold of each picture, int64 (N,): the pictures of a class take turns, in their order."""
    order = labels.argsort(stable=True)
    fold_of = torch.empty_like(labels)
    fold_of[order] = torch.arange(len(labels)) % folds
    return fold_of


def _scale(rows: Tensor) -> Tensor:
    """Return the deviation of each feature, (D,); of those that hardly vary, a hundredth of the usual one."""
    deviation = rows.std(0, correction=0)
    return deviation.clamp(min=max(float(deviation.mean()) / 100, 1e-12))
