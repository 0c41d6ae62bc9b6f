"""A definition as an architecture: what it says of itself, and that it survives being written down."""

import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from alexnet.errors import RecipeError
from alexnet.networks.catalogue import build, described, from_description
from alexnet.networks.cudaconvnet import Definition, architecture
from alexnet.networks.cudaconvnet.column_weights import merge_weights
from alexnet.networks.cudaconvnet.layers import read_layers
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.network import Network

TEXT = """
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[conv1]
type=conv
inputs=data
channels=3
filters=8
filterSize=3
padding=1
initW=0.1
partialSum=0
neuron=relu
gpu=0
[hs1]
type=hs
inputs=conv1
keep=0.8
[fc10]
type=fc
inputs=hs1
outputs=10
initW=0.1
neuron=ident
[probs]
type=softmax
inputs=fc10
[logprob]
type=cost.logreg
inputs=labels,probs
gpu=0
"""


def test_the_last_stage_gives_the_logits_and_the_softmax_belongs_to_the_cost() -> None:
    network = Network(Definition(TEXT))
    assert [stage.name for stage in network.stages] == ["conv1", "conv1_neuron", "hs1", "fc10"]
    assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 10)


def test_a_layer_keeps_its_linear_output_beside_its_neuron() -> None:
    network = Network(Definition(TEXT)).eval()
    values = network.activations(torch.rand(1, 3, 32, 32), "conv1", "conv1_neuron")
    assert values["conv1"].min() < 0
    assert torch.equal(values["conv1"].clamp(min=0), values["conv1_neuron"])


def test_classes_come_from_the_file_and_the_side_from_their_number() -> None:
    value = Definition(TEXT)
    assert (value.classes, value.side) == (10, 32)
    value = Definition(TEXT.replace("outputs=10", "outputs=1000"))
    assert (value.classes, value.side) == (1000, 224)


def test_another_number_of_classes_changes_the_last_layer_alone() -> None:
    network = Network(Definition(TEXT, classes=7))
    assert network.get_parameter("fc10.weight").shape == (7, 8 * 32 * 32)


def test_it_survives_being_written_down_as_json() -> None:
    value = Definition(TEXT, "layers-x.cfg", parameters="[hs1]\nenable=false\n", side=24)
    assert from_description(json.loads(json.dumps(described(value)))) == value


def test_dropout_that_is_switched_off_scales_in_training_too() -> None:
    network = Network(Definition(TEXT, parameters="[hs1]\nenable=false\n")).train()
    x = torch.ones(1, 8, 32, 32)
    assert torch.equal(network.stage("hs1").operation(x), 0.8 * x)


def test_a_file_is_built_by_its_path_with_the_constants_of_the_file_beside_it(tmp_path: Path) -> None:
    folder = tmp_path
    norm = "[norm1]\ntype=cmrnorm\ninputs=conv1\nchannels=8\nsize=4\n[hs1]\ntype=hs\ninputs=norm1"
    (folder / "layers-9.cfg").write_text(TEXT.replace("[hs1]\ntype=hs\ninputs=conv1", norm))
    (folder / "layer-params-9.cfg").write_text("[norm1]\nscale=.5\npow=.6\nminDiv=3\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network = build(str(folder / "layers-9.cfg"))
    norm1 = network.stage("norm1").operation
    assert isinstance(norm1, ResponseNormalization)
    assert (norm1.alpha, norm1.beta, norm1.k) == (0.5, 0.6, 3.0)


@pytest.mark.parametrize(
    ("definition", "parameters"),
    [
        ("layers.gc.cfg", "layer-params.gc.cfg"),
        ("layers-9.cfg", "layer-params-9-fast.cfg"),
        ("layers-[9].cfg", "layer-params-[9]-fast.cfg"),
    ],
)
def test_the_parameter_file_is_found_beside_the_definition(
    tmp_path: Path, definition: str, parameters: str
) -> None:
    (tmp_path / definition).write_text(TEXT)
    (tmp_path / parameters).write_text("[hs1]\nenable=false\n")
    found = Definition.read(tmp_path / definition)
    assert (found.parameters, found.parameters_name) == ("[hs1]\nenable=false\n", parameters)


def test_the_text_is_read_once_for_a_value_and_stages_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return read_layers(*arguments)

    monkeypatch.setattr(architecture, "read_layers", counted)
    value = Definition(TEXT)
    first, second = Network(value), Network(value)
    assert value.layers() == value.layers()
    assert value.costs() == first.costs
    assert value.merges() == ()
    assert count == 1
    assert first.get_parameter("conv1.weight") is not second.get_parameter("conv1.weight")
    assert pickle.loads(pickle.dumps(value)) == value


def test_weights_are_drawn_as_the_file_says_and_the_same_for_the_same_seed() -> None:
    first, again = (Network(Definition(TEXT), seed=5).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert abs(float(first["fc10.weight"].std()) - 0.1) < 0.002


def test_a_shared_weight_belongs_to_its_owner_and_feels_both_uses() -> None:
    twin = TEXT.replace(
        "[hs1]\ntype=hs\ninputs=conv1",
        "[conv2]\ntype=conv\ninputs=data\nchannels=3\nfilters=8\nfilterSize=3\npadding=1\ninitW=0.1\npartialSum=0\n"
        "gpu=0\nweightSource=conv1\n[sum]\ntype=eltsum\ninputs=conv1,conv2\n[hs1]\ntype=hs\ninputs=sum",
    )
    network = Network(Definition(twin)).eval()
    assert "conv2.weight0" not in network.state_dict()
    assert "conv2.bias" in network.state_dict()
    values = network.activations(torch.rand(1, 3, 32, 32), "conv1", "conv2")
    torch.testing.assert_close(values["conv1"], values["conv2"])
    (values["conv1"].sum() + values["conv2"].sum()).backward()
    alone = Network(Definition(TEXT)).eval()
    assert alone.state_dict().keys() < network.state_dict().keys()


@pytest.mark.parametrize("source", ["conv9", "conv1[1]", "conv1[x]", "hs9"])
def test_a_weight_source_that_does_not_exist_is_refused(source: str) -> None:
    text = TEXT.replace("outputs=10", f"outputs=10\nweightSource={source}")
    with pytest.raises(RecipeError, match=r"\[fc10\] weightSource="):
        Definition(text)


def test_random_connectivity_is_in_the_state_and_each_channel_is_seen_as_often() -> None:
    conv = (
        "[conv2]\ntype=conv\ninputs=conv1\nchannels=8\nfilters=4\ngroups=4\nrandSparse=1\nfilterChannels=4\n"
        "filterSize=3\npadding=1\ninitW=.1\npartialSum=0\n[hs1]\ntype=hs\ninputs=conv2"
    )
    network = Network(Definition(TEXT.replace("[hs1]\ntype=hs\ninputs=conv1", conv)))
    connections = network.state_dict()["conv2.connections0"]
    assert torch.equal(connections.bincount(), torch.full((8,), 2))  # groups * filterChannels / channels
    assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 10)


def test_merging_nothing_changes_no_weight() -> None:
    value = Definition(TEXT)
    state = Network(value).state_dict()
    assert merge_weights(state, value.merges()).keys() == state.keys()


def test_a_network_that_ends_in_a_convolution_gives_one_logit_a_class() -> None:
    text = """
    [data]\ntype=data\ndataIdx=0
    [labels]\ntype=data\ndataIdx=1
    [conv1]\ntype=conv\ninputs=data\nchannels=3\nfilters=16\nfilterSize=8\ninitW=0.1\npartialSum=0\ngpu=0
    [probs]\ntype=softmax\ninputs=conv1
    [logprob]\ntype=cost.logreg\ninputs=labels,probs\ngpu=0
    """
    network = Network(Definition("\n".join(line.strip() for line in text.splitlines()), side=8))
    assert network.shapes()["conv1"] == (16, 1, 1)
    assert network(torch.zeros(2, 3, 8, 8)).shape == (2, 16)
