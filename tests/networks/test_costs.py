"""The costs of the 2012 program: values by their text, gradients as it states them."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from alexnet.networks.costs import COSTS, Cost, objective, reported_errors, set_weights


def gradient(kind: str, *values: Tensor, labels: Tensor, size: int = 1) -> tuple[float, list[Tensor]]:
    inputs = [value.clone().requires_grad_() for value in values]
    names = tuple(str(i) for i in range(len(inputs)))
    cost = Cost("cost", kind, names, coefficient=2.0, size=size)
    total = objective([cost], dict(zip(names, inputs, strict=True)), labels)
    total.backward()
    return float(total.detach()) / 2.0, [x.grad / 2.0 for x in inputs if x.grad is not None]


@pytest.fixture
def values() -> Tensor:
    return torch.randn(3, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


LABELS = torch.tensor([1, 4, 5])
MANY = torch.tensor([[0, 1, 1, 0, 0, 1], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])


def test_logreg_is_minus_the_log_probability_of_the_label(values: Tensor) -> None:
    cost, (slope,) = gradient("logreg", values, labels=LABELS)
    p = values.exp() / values.exp().sum(1, keepdim=True)
    assert cost == pytest.approx(-sum(math.log(p[n, k]) for n, k in enumerate(LABELS)))
    torch.testing.assert_close(slope, p - torch.nn.functional.one_hot(LABELS, 6))


def test_crossent2_is_the_binary_cross_entropy_of_each_unit(values: Tensor) -> None:
    cost, (slope,) = gradient("crossent2", values, labels=MANY)
    y = 1 / (1 + (-values).exp())
    assert cost == pytest.approx(float(-(MANY * y.log() + (1 - MANY) * (1 - y).log()).sum()))
    torch.testing.assert_close(slope, y - MANY)


def test_the_logarithm_of_0_is_minus_50_and_the_gradient_goes_on() -> None:
    cost, (slope,) = gradient("crossent2", torch.tensor([[-200.0, 3.0]]), labels=torch.tensor([[1, 1]]))
    assert cost == pytest.approx(50 + math.log(1 + math.exp(-3.0)))
    assert slope[0, 0] == -1.0


def test_crossent_takes_a_distribution(values: Tensor) -> None:
    cost, (slope,) = gradient("crossent", values, labels=LABELS)
    assert cost == pytest.approx(gradient("logreg", values, labels=LABELS)[0])
    torch.testing.assert_close(slope, values.softmax(1) - torch.nn.functional.one_hot(LABELS, 6))


def test_rflickr_squares_and_sum_costs(values: Tensor) -> None:
    cost, (slope,) = gradient("rflickr", values, labels=MANY)
    d = values - MANY
    assert cost == pytest.approx(float((1 + d**2).log().sum()))
    torch.testing.assert_close(slope, 2 * d / (1 + d**2))
    cost, (slope,) = gradient("sum2", values, labels=LABELS)
    assert cost == pytest.approx(float((values**2).sum()))
    torch.testing.assert_close(slope, 2 * values)


def test_gated_squares(values: Tensor) -> None:
    gate = torch.rand(3, 6, dtype=torch.float64)
    cost, (pull, slope) = gradient("gsum2", gate, values, labels=LABELS)
    assert cost == pytest.approx(float((gate * values**2).sum()))
    torch.testing.assert_close(pull, values**2)
    torch.testing.assert_close(slope, 2 * gate * values)


def test_tica_pulls_by_the_reciprocals_of_the_windows() -> None:
    x = torch.rand(1, 2, 4, 4, dtype=torch.float64)
    cost, (slope,) = gradient("tica", x, labels=torch.tensor([0]), size=3)
    reciprocals = torch.empty_like(x)
    for c, i, j in itertools.product(range(2), range(4), range(4)):
        window = x[0, c, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2]
        reciprocals[0, c, i, j] = 1 / (0.001 + window.square().sum().sqrt())
    assert cost == pytest.approx(float(reciprocals.sum()))
    for i, j in itertools.product(range(4), range(4)):
        around = reciprocals[0, 0, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2].sum()
        torch.testing.assert_close(slope[0, 0, i, j], x[0, 0, i, j] * around)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_multi_softmax_is_the_brute_force_over_all_sets(values: Tensor, size: int) -> None:
    """P(S) is in proportion to exp(sum of energies), over all sets of exactly `size` of the 6 classes."""
    cost, (slope,) = gradient("msm", values, labels=LABELS, size=size)
    sets = list(itertools.combinations(range(6), size))
    weights = torch.stack([values[:, list(s)].sum(1).exp() for s in sets], 1)
    member = torch.tensor([[float(k in s) for k in range(6)] for s in sets], dtype=torch.float64)
    marginal = weights @ member / weights.sum(1, keepdim=True)
    expected = -sum(math.log(marginal[n, k]) for n, k in enumerate(LABELS))
    assert cost == pytest.approx(expected, abs=1e-9)
    given = torch.stack([
        (weights[n] * member[:, k]) @ member / (weights[n] * member[:, k]).sum() for n, k in enumerate(LABELS)
    ])  # fmt: skip
    torch.testing.assert_close(slope, marginal - given, atol=1e-7, rtol=1e-6)


def test_multi_softmax_of_a_thousand_classes_is_finite() -> None:
    energies = 30 * torch.randn(2, 1000, dtype=torch.float64)
    assert torch.isfinite(set_weights(energies, 5)).all()
    _, (slope,) = gradient("msm", energies, labels=torch.tensor([3, 7]), size=5)
    assert torch.isfinite(slope).all()


def test_ties_share_the_credit() -> None:
    """Three classes tied at the top: the label gets 1/3 of top-1, and 2/3 of top-2."""
    values = torch.tensor([[1.0, 1.0, 1.0, 0.0], [3.0, 2.0, 1.0, 0.0], [3.0, 1.0, 1.0, 1.0]])
    first, best = reported_errors(values, torch.tensor([1, 0, 2]), 2)
    assert first.tolist() == pytest.approx([2 / 3, 0.0, 1.0])
    assert best.tolist() == pytest.approx([1 / 3, 0.0, 2 / 3])


def test_a_coefficient_of_0_switches_a_cost_off(values: Tensor) -> None:
    x = values.clone().requires_grad_()
    total = objective([Cost("a", "logreg", ("x",), coefficient=0.0)], {"x": x}, LABELS)
    assert total == 0
    assert not total.requires_grad


def test_every_cost_of_the_table_is_tried_here() -> None:
    assert set(COSTS) == {
        "logreg", "crossent", "crossent2", "crossent2-of-probabilities", "rflickr", "msm", "sum2", "sum2-of-labels",
        "gsum2", "tica",
    }  # fmt: skip


def test_probabilities_that_no_logistic_unit_gave_cost_the_same(values: Tensor) -> None:
    fused, _ = gradient("crossent2", values, labels=MANY)
    plain, _ = gradient("crossent2-of-probabilities", values.sigmoid(), labels=MANY)
    assert plain == pytest.approx(fused)
