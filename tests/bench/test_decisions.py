"""Over steps of training, the whole printed network by the kernels is the plain one, ties decided alike."""

import pytest
import torch
from torch import nn

from alexnet.bench.decisions import Told, decided_alike
from alexnet.kernels import library


@pytest.mark.slow
@pytest.mark.skipif(library.absence() is not None, reason=f"no kernels: {library.absence()}")
@pytest.mark.parametrize(
    ("steps", "batch"), [(2, 2), pytest.param(20, 8, marks=pytest.mark.slow)], ids=["two", "twenty"]
)
def test_logits_gradients_and_weights_are_within_a_ten_thousandth(steps: int, batch: int) -> None:
    found = decided_alike(steps=steps, batch=batch)
    assert len(found.logits) == steps
    assert len(found.gradients) == len(found.weights) == 16
    assert 0 < found.largest < 1e-4  # and the two ways are two
    assert found.margin < 1e-4
    assert found.otherwise < 1e-4 * found.decisions


def test_what_is_told_is_done_and_what_was_close_is_measured() -> None:
    x = torch.tensor([[[[3.0, 1.0, 0.0], [-1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]]])
    pool, relu = Told(nn.MaxPool2d(3, 2)), Told(nn.ReLU())
    pool.decision = torch.tensor([[[[0]]]])
    assert pool(x).item() == 3.0
    assert pool.otherwise == 0
    pool.decision = torch.tensor([[[[4]]]])
    assert pool(x).item() == 2.0
    assert pool.otherwise == 1
    assert pool.margin == pytest.approx(1.0 / (24 / 9) ** 0.5)
    relu.decision = x > 0
    assert torch.equal(relu(x), x.relu())
    assert relu.otherwise == 0
    relu.decision = x != 0
    assert torch.equal(relu(x), x)
    assert relu.otherwise == 1
    assert relu.margin == pytest.approx(1.0 / (24 / 9) ** 0.5)
