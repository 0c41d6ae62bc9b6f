"""Merged and column-by-column forms are one network: same outputs, same gradients, weights that map back."""

import pytest
import torch
from torch import Tensor

from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.cudaconvnet.column_weights import merge_weights, split_weights
from alexnet.networks.network import Network

# In small what the published files do in large: conv1 reads the picture, conv2 its own column and a picture
# of both columns in low resolution, conv3 both columns, local4 its own, fc both, fc8 without a twin.
TWO_COLUMNS = """
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[nails0]
type=nailbed
inputs=data
channels=3
stride=2
gpu=0
"""
COLUMN = """
[conv1{c}]
type=conv
inputs=data
channels=3
filters=8
filterSize=5
stride=2
padding=2
initW=0.1
partialSum=0
gpu={g}
[rnorm1{c}]
type=cmrnorm
inputs=conv1{c}
channels=8
size=5
[pool1{c}]
type=pool
pool=max
inputs=rnorm1{c}
channels=8
sizeX=3
stride=2
neuron=relu
[conv2{c}]
type=conv
inputs=nails0,pool1{c}
channels=3,8
filters=8,8
filterSize=2,3
stride=2,1
padding=0,1
initW=0.1,0.2
initB=0.5
partialSum=0
neuron=relu
gpu={g}
"""
TOP = """
[conv3{c}]
type=conv
inputs=conv2{first},conv2{second}
channels=8,8
filters=8,8
filterSize=3,3
padding=1,1
initW=0.1,0.1
partialSum=0
neuron=relu
gpu={g}
[local4{c}]
type=local
inputs=conv3{c}
channels=8
filters=4
filterSize=3
padding=1
initW=0.1
neuron=relu
[fc6{c}]
type=fc
inputs=local4{first},local4{second}
outputs=6
initW=0.1,0.1
neuron=relu
gpu={g}
[hs6{c}]
type=hs
inputs=fc6{c}
keep=0.5
[fc7{c}]
type=fc
inputs=hs6{c}
outputs=6
initW=0.2
neuron=relu
"""
END = """
[fc8]
type=fc
inputs=fc7a,fc7b
outputs=10
initW=0.2,0.2
gpu=0
[probs]
type=softmax
inputs=fc8
[logprob]
type=cost.logreg
inputs=labels,probs
gpu=0
"""


def both(text: str) -> str:
    """Write each layer for both columns, the second with its own column first as layer fc2048bb of net 145."""
    layers = ["\n[" + part for part in text.split("\n[") if part]
    return "".join(
        layer.format(c=c, g=g, first=c, second="b" if c == "a" else "a")
        for layer in layers
        for g, c in enumerate("ab")
    )


TEXT = TWO_COLUMNS + both(COLUMN) + both(TOP) + END


@pytest.fixture
def pair() -> tuple[Network, Network]:
    """The network of columns and the merged one, of the same weights."""
    columns = Network(Definition(TEXT, side=16, merged=False), seed=1).double()
    merged = Network(Definition(TEXT, side=16), seed=2).double()
    merges = Definition(TEXT, side=16).merges()
    merged.load_weights(merge_weights(columns.state_dict(), merges), "columns")
    return columns.eval(), merged.eval()


def gradients(network: Network, images: Tensor) -> dict[str, Tensor]:
    network.zero_grad()
    torch.nn.functional.cross_entropy(network(images), torch.tensor([1, 2])).backward()
    return {name: value.grad for name, value in network.named_parameters() if value.grad is not None}


def test_twins_become_one_stage_and_what_cannot_be_merged_keeps_its_columns(
    pair: tuple[Network, Network],
) -> None:
    names = [stage.name for stage in pair[1].stages]
    for name in ("conv1", "rnorm1", "pool1", "conv2", "conv3", "local4", "fc6", "hs6", "fc8"):
        assert name in names
    assert {"fc7a", "fc7b"} <= set(names)  # each sees its own column only
    assert len(names) < len(pair[0].stages)


def test_both_forms_have_the_same_number_of_parameters(pair: tuple[Network, Network]) -> None:
    counts = [sum(value.numel() for value in network.parameters()) for network in pair]
    assert counts[0] == counts[1]


def test_both_forms_give_the_same_logits(pair: tuple[Network, Network]) -> None:
    images = 255 * torch.rand(2, 3, 16, 16, dtype=torch.float64)
    columns, merged = (network(images) for network in pair)
    torch.testing.assert_close(merged, columns, rtol=1e-10, atol=1e-10)
    assert columns.abs().max() > 0


def test_both_forms_have_the_same_gradients(pair: tuple[Network, Network]) -> None:
    images = 255 * torch.rand(2, 3, 16, 16, dtype=torch.float64)
    merges = Definition(TEXT, side=16).merges()
    expected = merge_weights(gradients(pair[0], images), merges)
    found = gradients(pair[1], images)
    assert found.keys() == expected.keys()
    for name, value in found.items():
        torch.testing.assert_close(value, expected[name], rtol=1e-9, atol=1e-12)


def test_splitting_undoes_merging(pair: tuple[Network, Network]) -> None:
    merges = Definition(TEXT, side=16).merges()
    back = split_weights(pair[1].state_dict(), merges)
    expected = pair[0].state_dict()
    assert back.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(back[name], value), name


def test_normalisation_does_not_cross_the_columns_border() -> None:
    network = Network(Definition(TEXT, side=16))
    assert network.stage("rnorm1").operation.groups == 2


def test_twins_that_differ_are_not_merged() -> None:
    text = TEXT.replace(
        "filterSize=5\nstride=2\npadding=2\ninitW=0.1", "filterSize=5\nstride=2\npadding=2\ninitW=0.3", 1
    )
    names = [stage.name for stage in Network(Definition(text, side=16)).stages]
    assert {"conv1a", "conv1b"} <= set(names)


def test_twins_that_are_trained_differently_are_not_merged() -> None:
    rates = "[conv1{}]\nepsW={}\nepsB=.02\nmomW=.9\nmomB=.9\n"
    alike = rates.format("a", 0.01) + rates.format("b", 0.01)
    differing = rates.format("a", 0.01) + rates.format("b", 0)
    names = [stage.name for stage in Network(Definition(TEXT, side=16, parameters=alike)).stages]
    assert "conv1" in names
    names = [stage.name for stage in Network(Definition(TEXT, side=16, parameters=differing)).stages]
    assert {"conv1a", "conv1b"} <= set(names)


def test_norms_held_for_each_input_keep_columns_apart() -> None:
    rates = "[conv3{}]\nepsW=.1,.1\nepsB=.02\nmomW=.9,.9\nmomB=.9\nwball=.5,.5\n"
    value = Definition(TEXT, side=16, parameters=rates.format("a") + rates.format("b"))
    names = [stage.name for stage in Network(value).stages]
    assert {"conv3a", "conv3b"} <= set(names)
