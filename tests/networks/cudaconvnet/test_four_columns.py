"""Four columns, as the program's four-GPU networks: pairs speak in conv2, three of four in conv3, all in fc."""

import torch

from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.cudaconvnet.column_weights import merge_weights, split_weights
from alexnet.networks.network import Network

HEAD = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
CONV = """
[{name}{column}]
type=conv
inputs={inputs}
channels={channels}
filters={filters}
filterSize={size}
padding={padding}
initW={deviation}
partialSum=0
neuron=relu
gpu={gpu}
"""


def conv(name: str, column: str, inputs: str, channels: int) -> str:
    count = len(inputs.split(","))

    def each(value: object) -> str:
        return ",".join([str(value)] * count)

    return CONV.format(
        name=name,
        column=column,
        inputs=inputs,
        channels=each(channels),
        filters=each(4),
        size=each(3),
        padding=each(1),
        deviation=each(0.3),
        gpu="abcd".index(column),
    )


def text() -> str:
    pairs = {"a": "conv1a,conv1b", "b": "conv1b,conv1a", "c": "conv1c,conv1d", "d": "conv1d,conv1c"}
    three = {
        "a": "conv2a,conv2b,conv2c",
        "b": "conv2a,conv2b,conv2d",
        "c": "conv2c,conv2d,conv2a",
        "d": "conv2c,conv2d,conv2b",
    }
    lines = [HEAD]
    lines += [conv("conv1", c, "data", 3) for c in "abcd"]
    lines += [conv("conv2", c, pairs[c], 4) for c in "abcd"]
    lines += [conv("conv3", c, three[c], 4) for c in "abcd"]
    lines += [
        f"[fc{c}]\ntype=fc\ninputs=conv3a,conv3b,conv3c,conv3d\noutputs=3\ninitW=.1,.1,.1,.1\ngpu=0\n"
        for c in "abcd"
    ]
    lines.append("[all]\ntype=concat\ninputs=fca,fcb,fcc,fcd\n[probs]\ntype=softmax\ninputs=all\n")
    return "".join(lines) + "[logprob]\ntype=cost.logreg\ninputs=labels,probs\ngpu=0\n"


def test_pairs_are_merged_where_equal_and_the_answer_is_the_same() -> None:
    columns, joined = Definition(text(), side=8, merged=False), Definition(text(), side=8)
    assert joined.classes == 12
    first, second = Network(columns, seed=1).double().eval(), Network(joined).double().eval()
    merges = joined.merges()
    second.load_weights(merge_weights(first.state_dict(), merges), "columns")
    images = 20 * torch.randn(2, 3, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(second(images), first(images))
    names = {stage.name for stage in second.stages}
    assert {"conv1", "conv1_cd", "conv2", "conv2_cd", "conv3", "conv3_cd", "fc", "fc_cd"} <= names
    back = split_weights(second.state_dict(), merges)
    assert all(torch.equal(back[name], value) for name, value in first.state_dict().items())
