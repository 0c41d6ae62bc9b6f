"""The check of gradients, and that it notices a wrong one."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.gradients import check_gradients
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.layer import Layer, Shape
from alexnet.networks.stage import Stage

HEAD = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
# Every layer type that has a gradient, and every cost, in one small file.
EVERYTHING = (
    HEAD
    + """
[blur]
type=blur
inputs=data
channels=3
filterSize=3
stdev=1
gpu=0
[nails]
type=nailbed
inputs=blur
channels=3
stride=2
[mirror]
type=href
inputs=nails
channels=3
[small]
type=resize
inputs=data
channels=3
scale=2
gpu=0
[yuv]
type=rgb2yuv
inputs=small
[conv1]
type=conv
inputs=mirror,yuv
channels=3,3
filters=8,8
filterSize=3,2
stride=2,2
padding=0,0
initW=.01,.01
initB=.1
partialSum=0
sharedBiases=0
neuron=tanh[1.5,.7]
[conv1s]
type=conv
inputs=mirror,yuv
channels=3,3
filters=8,8
filterSize=3,2
stride=2,2
padding=0,0
initW=.01,.01
weightSource=conv1[0],conv1[1]
partialSum=0
neuron=softrelu
[high]
type=eltmax
inputs=conv1,conv1s
[sum]
type=eltsum
inputs=high,conv1
coeffs=1,.5
[norm]
type=cmrnorm
inputs=sum
channels=8
size=4
blocked=1
[norm2]
type=rnorm
inputs=norm
channels=8
size=3
[norm3]
type=cnorm
inputs=norm2
channels=8
size=3
[pool]
type=pool
pool=avg
inputs=norm3
channels=8
sizeX=2
stride=1
start=-1
[conv2]
type=conv
inputs=pool
channels=8
filters=4
groups=2
randSparse=1
filterChannels=4
filterSize=2
initW=.3
partialSum=0
[pool2]
type=pool
pool=maxabs
inputs=conv2
channels=8
sizeX=2
stride=2
[local]
type=local
inputs=pool2
channels=8
filters=4
filterSize=2
padding=1
initW=.3
neuron=drelu[.5]
[all]
type=concat
inputs=local,pool2
[hs]
type=hs
inputs=all
keep=.5
[fc]
type=fc
inputs=hs,conv2
outputs=5
initW=.2,.2
[probs]
type=softmax
inputs=fc
[logprob]
type=cost.logreg
inputs=labels,probs
gpu=0
[sets]
type=cost.msm
inputs=labels,fc2
gpu=0
[fc2]
type=fc
inputs=hs
outputs=5
initW=.2
[squares]
type=cost.sum2
inputs=hs
gpu=0
"""
)


def reordered(text: str) -> str:
    """Put fc2 above the cost that reads it."""
    above, rest = text.split("[sets]")
    cost, rest = rest.split("[fc2]")
    layer, squares = rest.split("[squares]")
    return f"{above}[fc2]{layer}[sets]{cost}[squares]{squares}"


@pytest.fixture
def everything() -> Definition:
    return Definition(
        reordered(EVERYTHING), side=16, parameters="[sets]\ncoeff=.5\nsetSize=2\n[squares]\ncoeff=.01\n"
    )


def test_every_kind_of_layer_and_cost_has_the_gradient_that_differences_say(everything: Definition) -> None:
    checks = list(check_gradients(everything, entries=4))
    assert {check.name.split(".")[0] for check in checks} == {
        "conv1",
        "conv1s",
        "conv2",
        "local",
        "fc",
        "fc2",
    }
    for check in checks:
        assert check.error < 1e-3, check
    assert sum(check.norm > 0 for check in checks) >= len(checks) - 1  # a window may lie over the border


def test_three_costs_are_summed_by_their_coefficients(everything: Definition) -> None:
    costs = {cost.name: cost for cost in everything.costs()}
    assert {name: (cost.kind, cost.coefficient) for name, cost in costs.items()} == {
        "logprob": ("logreg", 1.0),
        "sets": ("msm", 0.5),
        "squares": ("sum2", 0.01),
    }
    assert costs["sets"].size == 2


class Slipped(torch.autograd.Function):
    """Twice the input, with a gradient that has the wrong sign."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return 2 * x

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return -2 * gradients[0]


class Doubled(Layer):
    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor) -> Tensor:
        value: Tensor = Slipped.apply(x)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return value


@dataclass(frozen=True)
class Wrong:
    kind: ClassVar[str] = "wrong"
    classes: int = 3
    side: int = 4

    def stages(self) -> tuple[Stage, ...]:
        return (
            Stage("conv1", Convolution(3, 2, 3), ("images",)),
            Stage("slip", Doubled(), ("conv1",)),
            Stage("fc", FullyConnected(8, 3, activation="identity"), ("slip",)),
        )


def test_a_gradient_of_the_wrong_sign_is_noticed_below_it_and_not_above() -> None:
    verdicts = {check.name: check.agrees for check in check_gradients(Wrong())}
    assert verdicts == {"conv1.weight": False, "conv1.bias": False, "fc.weight": True, "fc.bias": True}
