"""Definitions whose cost is the sum of squares between 0/1 labels and what sigmoids give (as layers-flickr-105.cfg)."""

import math

import pytest
import torch

from alexnet.errors import RecipeError
from alexnet.networks.costs import objective
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.network import Network

TEXT = """
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[fc5]
type=fc
inputs=data
outputs=5
initW=0.001
gpu=0
neuron=logistic
[diff]
type=eltsum
inputs=labels,fc5
coeffs=1,-1
gpu=0
[cost]
type=cost.sum2
inputs=diff
gpu=0
"""
PARAMETERS = "[fc5]\nepsW=.1\nepsB=.1\nmomW=0\nmomB=0\n[cost]\ncoeff=0.5\n"


def network() -> tuple[Network, torch.Tensor]:
    made = Network(Definition(TEXT, parameters=PARAMETERS, side=4), seed=3)
    return made, torch.randint(0, 256, (3, 3, 4, 4), generator=torch.Generator().manual_seed(0)).float()


def test_the_sigmoids_answer_and_their_cost_is_the_sum_of_squares_by_a_loop() -> None:
    made, images = network()
    assert made.output == "fc5_neuron"
    labels = torch.tensor([[0, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    total = objective(made.costs, made.cost_inputs(images), labels)
    weight, bias = made.get_parameter("fc5.weight").tolist(), made.get_parameter("fc5.bias").tolist()
    expected, slopes = 0.0, [[0.0] * 5 for _ in range(3)]
    for n in range(3):
        pixels = images[n].flatten().tolist()
        for k in range(5):
            x = sum(w * p for w, p in zip(weight[k], pixels, strict=True)) + bias[k]
            y, t = 1 / (1 + math.exp(-x)), float(labels[n, k])
            expected += 0.5 * (t - y) ** 2
            slopes[n][k] = 0.5 * -2 * (t - y) * y * (1 - y)  # the program goes up by 2 (t - y): we go down
    assert float(total.detach()) == pytest.approx(expected, rel=1e-5)
    total.backward()
    torch.testing.assert_close(made.get_parameter("fc5.bias").grad, torch.tensor(slopes).sum(0))


def test_class_numbers_are_labels_of_one_class_each() -> None:
    made, images = network()
    values = made.cost_inputs(images)
    one_hot = torch.eye(5)[[4, 0, 2]]
    assert objective(made.costs, values, torch.tensor([4, 0, 2])) == objective(made.costs, values, one_hot)


def test_such_a_network_takes_another_number_of_classes() -> None:
    assert Definition(TEXT, classes=7, side=4).classes == 7


@pytest.mark.parametrize(
    ("diff", "cost", "said"),
    [
        ("labels,labels", "sum2\ninputs=diff", r"\[diff\] inputs=labels,labels: labels and the one"),
        (
            "labels,data",
            "sum2\ninputs=diff",
            r"\[cost\] inputs=diff: values of the network .* `data` is data",
        ),
        (None, "sum2\ninputs=labels", r"\[cost\] inputs=labels: values of the network expected"),
        (None, "sum2\ninputs=data", r"\[cost\] inputs=data: values of the network expected"),
        (None, "gsum2\ninputs=labels,fc5", "values of the network expected, and `labels` is data"),
        (None, "rflickr\ninputs=fc5,data", r"rflickr takes labels first, a data layer of dataIdx=1"),
    ],
)
def test_costs_of_something_else_than_values_are_refused(diff: str | None, cost: str, said: str) -> None:
    """A first cost, as it should be, keeps every layer in use."""
    text = TEXT[: TEXT.index("[diff]")] + "[one]\ntype=cost.rflickr\ninputs=labels,fc5\ngpu=0\n"
    text += f"[diff]\ntype=eltsum\ninputs={diff}\ngpu=0\n" if diff else ""
    with pytest.raises(RecipeError, match=said):
        Definition(f"{text}[cost]\ntype=cost.{cost}\ngpu=0\n", side=4)


def test_another_reader_of_labels_is_still_refused() -> None:
    text = TEXT.replace("[cost]", "[cost2]\ntype=cost.rflickr\ninputs=labels,diff\ngpu=0\n[cost]")
    with pytest.raises(RecipeError, match="`labels` holds labels; only costs read them"):
        Definition(text, side=4)
