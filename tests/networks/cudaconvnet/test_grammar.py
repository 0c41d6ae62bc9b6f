"""The grammar of layer-definition files: what is read, what is tolerated, what is refused and how."""

import os
import time
import warnings
from pathlib import Path

import pytest

from alexnet.errors import RecipeError
from alexnet.networks.cudaconvnet import Definition, DefinitionWarning
from alexnet.networks.cudaconvnet.layers import Layer, Notes, read_layers

START = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
END = (
    "[fc]\ntype=fc\ninputs={}\noutputs=10\ninitW=.01\ngpu=0\n"
    "[probs]\ntype=softmax\ninputs=fc\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\ngpu=0\n"
)
CONV = (
    "[conv1]\ntype=conv\ninputs=data\nchannels=3\nfilters=16\nfilterSize=5\ninitW=.01\npartialSum=0\ngpu=0\n"
)

MANY = "".join(f"{{0}}{i}=1\n" for i in range(900))


def layers(text: str) -> dict[str, Layer]:
    return {layer.name: layer for layer in read_layers(text, "layers-x.cfg", Notes("layers-x.cfg"))}


def test_defaults_are_those_of_the_program() -> None:
    options = layers(START + CONV + END.format("conv1"))["conv1"].options
    assert (options["padding"], options["stride"], options["groups"]) == ((0,), (1,), (1,))
    assert options["initB"] == 0.0
    assert options["sharedBiases"] is True


def test_a_list_has_one_value_for_each_input_and_may_have_spaces() -> None:
    text = CONV.replace("inputs=data", "inputs=data, data").replace("channels=3", "channels=3 , 3")
    text = text.replace("filters=16", "filters=16,16").replace("filterSize=5", "filterSize=5, 5")
    text = text.replace("initW=.01", "initW=.01, .03")
    conv = layers(START + text + END.format("conv1"))["conv1"]
    assert conv.inputs == ("data", "data")
    assert conv.options["initW"] == (0.01, 0.03)


@pytest.mark.parametrize("said", ["1", "yes", "TRUE", "on"])
def test_a_truth_may_be_said_in_four_ways(said: str) -> None:
    text = CONV.replace("partialSum=0", f"partialSum=0\nsharedBiases={said}")
    assert layers(START + text + END.format("conv1"))["conv1"].options["sharedBiases"] is True


def test_in_lists_only_1_and_true_are_true() -> None:
    for said, expected in (("1", True), ("true", True), ("yes", False), ("0", False)):
        text = CONV.replace("partialSum=0", f"partialSum=0\nrandSparse={said}")
        assert layers(START + text + END.format("conv1"))["conv1"].options["randSparse"] == (expected,)


def test_neuron_is_short_for_a_layer_that_all_readers_read() -> None:
    found = layers(START + CONV.replace("gpu=0", "gpu=0\nneuron=tanh[1.7,.6]") + END.format("conv1"))
    assert found["conv1_neuron"].inputs == ("conv1",)
    assert found["conv1_neuron"].options["neuron"] == "tanh[1.7,.6]"
    assert found["fc"].inputs == ("conv1_neuron",)


def test_unknown_keys_are_ignored() -> None:
    assert "conv1" in layers(START + CONV + "nonsense=1\n" + END.format("conv1"))


def test_a_gpu_is_inherited_from_the_first_input() -> None:
    pool = "[pool]\ntype=pool\npool=max\ninputs=conv1\nchannels=16\nsizeX=3\nstride=2\n"
    found = layers(START + CONV.replace("gpu=0", "gpu=2") + pool + END.format("pool"))
    assert (found["data"].gpu, found["pool"].gpu) == (-1, 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("type=conv", "type=conf", r"layers-x.cfg, line 8: \[conv1\] type=conf: not a type of layer; did you mean"),
        ("type=conv\n", "", r"line 7: \[conv1\] type: missing"),
        ("inputs=data", "inputs=dada", "`dada` is not a layer above this one; did you mean `data`"),
        ("inputs=data", "inputs=fc", "`fc` is not a layer above this one"),
        ("inputs=data\n", "", r"\[conv1\] inputs: missing"),
        ("filters=16", "filters=many", r"\[conv1\] filters=many: a whole number, at least 1 expected"),
        ("filters=16", "filters=16,16", "1 values expected, one for each input, not 2"),
        ("initW=.01\n", "", r"\[conv1\] initW: missing; a number, at least 0 expected"),
        ("filterSize=5", "filterSize=0", "filterSize=0: a whole number, at least 1 expected"),
        ("channels=3", "channels=4", r"\[conv1\] channels=4: the input has 3 channels"),
        ("gpu=0", "gpu=-1", r"\[conv1\] gpu=-1: a whole number, at least 0, expected"),
        ("gpu=0", "gpu=0\nneuron=rely", r"\[conv1\] neuron=rely: `rely` is not a neuron; did you mean `relu`"),
        ("gpu=0", "gpu=0\nneuron=tanh[1]", r"write tanh\[a,b\]"),
        ("gpu=0", "gpu=0\ngroups=2", "3 channels do not fall into 2 groups"),
        ("gpu=0", "gpu=0\nsharedBiases=maybe", "1, yes, true, on, 0, no, false or off expected"),
        ("filterSize=5", "filterSize=99", "a filter of 99 pixels does not fit into maps of 32"),
        ("filters=16", "filters=99999999999", "filters=99999999999: a whole number, at least 1 expected"),
        ("filters=16", "filters=9999999\npadding=9999", "more than 1e\\+09 values for one picture"),
        ("filters=16\nfilterSize=5", "filters=9999999\nfilterSize=32", "weights, more than any machine holds"),
        ("gpu=0", "gpu=0\npadding=1000000\nstride=1000000", "more than 1e\\+09 values"),
        ("gpu=0", "gpu=0\ninitB=1e308", "initB=1e308: a number expected"),
        ("gpu=0", "gpu=0\ngroups=3\nrandSparse=1\nfilterChannels=3000000", "at most 1,000,000 in all"),
        ("initW=.01", "initW=nan", "initW=nan: a number, at least 0 expected"),
        ("initW=.01", "initW=inf", "initW=inf: a number, at least 0 expected"),
        ("gpu=0", "gpu=0\ninitWFunc=import os", "initWFunc=import os: module.function"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_line_section_key_and_what_is_allowed(
    old: str, new: str, said: str
) -> None:
    with pytest.raises(RecipeError, match=said):
        Definition(START + CONV.replace(old, new) + END.format("conv1"), "layers-x.cfg")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (START + CONV + END.format("data"), r"\[conv1\] type=conv: no layer reads this one"),
        ("", "defines no layers"),
        (START + CONV, "no layer reads this one"),
        (
            START + CONV + END.format("conv1").replace("type=softmax", "type=neuron\nneuron=relu"),
            "takes labels and a",
        ),
        (
            START + CONV + END.format("conv1,labels").replace("initW=.01\ngpu", "initW=.01,.01\ngpu"),
            "`labels` holds labels; only costs read them",
        ),
        (START + CONV + END.format("conv1") + "neuron=relu\n", "a cost has no neurons"),
        (START + CONV.replace("conv1", "half") + END.format("half"), "`half` cannot be a layer's name here"),
        (
            START + CONV + "[blue]\ntype=rgb2yuv\ninputs=conv1\n" + END.format("blue"),
            r"rgb2yuv works on pictures only, not above weights \(conv1\)",
        ),
    ],
)
def test_what_does_not_hang_together_is_refused(text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        Definition(text, "layers-x.cfg")


def test_old_spellings_are_read_with_one_warning_that_names_line_and_key(tmp_path: Path) -> None:
    norm = "[norm1]\ntype=rnorm\ninputs=conv1\nchannels=16\nsizeX=3\nscale=.001\npow=.75\n"
    path = tmp_path / "layers-old.cfg"
    path.write_text(
        START + CONV.replace("gpu=0\n", "").replace("partialSum=0\n", "") + norm + END.format("norm1")
    )
    with pytest.warns(DefinitionWarning) as caught:
        value = Definition.read(path)
    assert len(caught) == 1
    said = str(caught[0].message)
    assert "`gpu` is missing and taken as 0: line 7 [conv1]" in said
    assert "`partialSum` is missing and has no effect here: line 7 [conv1]" in said
    assert "`sizeX` is an old spelling of size: line 18 [norm1]" in said
    assert "`scale` belongs in the parameter file in later versions: line 19 [norm1]" in said
    with warnings.catch_warnings():  # building again, as a checkpoint does, says nothing
        warnings.simplefilter("error")
        Definition(value.text, value.name).stages()


def test_a_function_that_draws_weights_is_not_run_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "layers-146.cfg"
    path.write_text(START + CONV + "initWFunc=initw.makew(conv1a)\n" + END.format("conv1"))
    with pytest.warns(DefinitionWarning, match=r"`initWFunc` is not run: .* line 16 \[conv1\]"):
        Definition.read(path)


def test_a_file_that_is_not_there_or_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"layers-145.cfg cannot be read: No such file"):
        Definition.read(tmp_path / "layers-145.cfg")
    (tmp_path / "layers-x.cfg").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="not a text file"):
        Definition.read(tmp_path / "layers-x.cfg")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("".join(f"[fc{i}]\ntype=fc\n" for i in range(20_000)), "at most 1,000 sections of 1,000 keys each"),
        ("[a]\n" + "".join(f"k{i}=1\n" for i in range(2_000)), "at most 1,000 sections of 1,000 keys each"),
        (f"[DEFAULT]\n{MANY.format('k')}[a]\n{MANY.format('j')}", "at most 1,000 keys, those of"),
        ("#" * 1_000_001, "1,000,001 characters: a definition has at most 1,000,000"),
        ("[a]\nx=1\n" + " 1\n" * 300_000, "a value 10,000"),
        ("[a]\nx" + " " * 900_000 + "y\n", "key=value or .* expected"),
        (f"[{'a' * 900_000}]\n", "a name has at most 200 characters"),
        ("[a]\ntype=" + "b" * 9_000, "not a type of layer"),
        (START + "[a]\ntype=fc\ninputs=data\n (x\n ;y\n", "is not a layer above this one"),
    ],
)  # fmt: skip
def test_a_file_beyond_all_measure_is_refused_at_once_in_one_line(text: str, said: str) -> None:
    began = time.monotonic()
    with pytest.raises(RecipeError, match=said) as error:
        Definition(text)
    assert time.monotonic() - began < 2.0
    assert len(str(error.value)) < 700
    assert len(str(error.value).splitlines()) == 1


def test_a_layer_that_gives_too_much_for_a_picture_is_refused_before_it_is_made() -> None:
    """Concatenations double: 2^k times the picture."""
    text, name = START, "data"
    for i in range(60):
        text += f"[c{i}]\ntype=concat\ninputs={name},{name}\ngpu=0\n"
        name = f"c{i}"
    with pytest.raises(RecipeError, match="values for one picture"):
        Definition(text + END.format(name))


@pytest.mark.parametrize(
    "name", ["training", "activations", "device", "mean", "costs", "_modules", "_parameters"]
)
def test_a_layer_is_not_called_like_a_part_of_the_network(name: str) -> None:
    with pytest.raises(RecipeError, match="cannot be a layer's name here"):
        Definition(START + CONV.replace("conv1", name) + END.format(name))


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large"])
def test_a_file_is_a_regular_one_of_a_sane_size(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "layers-x.cfg"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case _:
            path.write_bytes(bytes(1_000_001))
    with pytest.raises(RecipeError, match=r"layers-x\.cfg cannot be read: it is "):
        Definition.read(path)


@pytest.mark.parametrize(
    "tree",
    [
        ((),) * 30_000,
        (
            *((),) * 2_000,
            tuple(range(2_000)),
            *((n,) for n in range(2_000, 4_000)),
        ),  # 2,000 leaves, 2,000 deep
        ((), (5,)),
    ],
)
def test_a_tree_that_is_none_or_far_too_deep_is_refused_at_once(tree: tuple[tuple[int, ...], ...]) -> None:
    text = START + END.format("data").replace("type=fc", "type=treefc").replace("outputs=10\n", "")
    began = time.monotonic()
    with pytest.raises(RecipeError, match="tree"):
        Definition(text, tree=tree)
    assert time.monotonic() - began < 2.0
