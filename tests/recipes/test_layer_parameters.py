"""Layer-parameter files: what a file says is what the recipe does."""

import math
import warnings

import pytest
import torch

from alexnet.data.augmentation.augment import Augmentation
from alexnet.errors import RecipeError
from alexnet.networks.cudaconvnet import Definition, DefinitionWarning
from alexnet.networks.network import Network
from alexnet.recipes.layer_parameters import with_parameters
from alexnet.training.optimizer import MomentumSGD
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import Schedule, TrainingProgress, factor

TEXT = """
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[nails]
type=nailbed
inputs=data
channels=3
stride=1
gpu=0
[conv1]
type=conv
inputs=data,nails
channels=3,3
filters=4,4
filterSize=3,3
initW=0.1,0.1
partialSum=0
gpu=0
[fc10]
type=fc
inputs=conv1
outputs=10
initW=0.1
[probs]
type=softmax
inputs=fc10
[logprob]
type=cost.logreg
inputs=labels,probs
gpu=0
"""
CONV = "[conv1]\nepsW=.01,.02\nepsB=.03\nmomW=.9,.8\nmomB=.7\nwc=.0005,.001\n"
FC = "[fc10]\nepsW=.01\nepsB=.02\nmomW=.9\nmomB=.9\n"


def recipe(parameters: str) -> Recipe:
    network = Definition(TEXT, side=8, parameters=parameters, parameters_name="layer-params-x.cfg")
    return with_parameters(Recipe("x", network=network, augmentation=Augmentation(side=8)))


def test_every_input_of_a_layer_has_rates_of_its_own() -> None:
    training = recipe(CONV + FC).training
    first, second = training.rates_of("conv1.weight0"), training.rates_of("conv1.weight1")
    assert (first.weight, first.momentum, first.decay) == (0.01, 0.9, 0.0005)
    assert (second.weight, second.momentum, second.decay) == (0.02, 0.8, 0.001)
    bias = training.rates_of("conv1.bias")
    assert (bias.bias, bias.bias_momentum) == (0.03, 0.7)
    assert training.rates_of("fc10.weight").decay == 0.0


def test_a_step_is_the_programs() -> None:
    """inc := mom inc - wc eps w + eps (ascending gradient); w := w + inc; no decay of biases."""
    training = recipe(CONV + FC).training
    network = Network(Definition(TEXT, side=8))
    optimizer = MomentumSGD(network)
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    slopes = {name: torch.randn_like(value) for name, value in before.items()}
    increments = {name: torch.zeros_like(value) for name, value in before.items()}
    said = {"conv1.weight0": (0.01, 0.9, 0.0005), "conv1.weight1": (0.02, 0.8, 0.001), "conv1.bias": (0.03, 0.7, 0.0),
            "fc10.weight": (0.01, 0.9, 0.0), "fc10.bias": (0.02, 0.9, 0.0)}  # fmt: skip
    for _ in range(3):
        for name, parameter in network.named_parameters():
            parameter.grad = slopes[name].clone()
        optimizer.step(training.rates_of, lambda schedule: 1.0)
        for name, (rate, momentum, decay) in said.items():
            increments[name] = momentum * increments[name] - decay * rate * before[name] - rate * slopes[name]
            before[name] = before[name] + increments[name]
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(parameter.detach(), before[name])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("linear[tgtFactor=10,noiseStdev=0.5]", Schedule("linear", target_factor=10, noise=0.5)),
        ("exp[TGTFACTOR=4, NoiseStdev=0]", Schedule("exp", target_factor=4)),
        ("dexp[tgtFactor=250,noiseStdev=0,numSteps=4]", Schedule("dexp", target_factor=250, count=4)),
        ("jdexp[tgtFactor=250,noiseStdev=0,numSteps=4]", Schedule("jdexp", target_factor=250, count=4)),
    ],
)
def test_schedules_with_their_names(said: str, expected: Schedule) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates = recipe(CONV + FC + f"schedW={said}\n").training.rates_of("fc10.weight")
    assert rates.weight_schedule == expected
    assert rates.bias_schedule is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("schedW=dexp[250,0,4]", Schedule("dexp", target_factor=250, count=4)),
        ("schedW=dexp[1000,4]", Schedule("dexp", target_factor=1000, count=4)),
        ("schedW=exp[1000]", Schedule("exp", target_factor=1000)),
        ("schedW=linear[1,1]", Schedule("linear", target_factor=1, noise=1)),
        ("sched=linear[1000]", Schedule("linear", target_factor=1000)),
    ],
)
def test_old_spellings_of_schedules_are_read_with_one_warning(said: str, expected: Schedule) -> None:
    with pytest.warns(DefinitionWarning, match=r"layer-params-x.cfg: .*line 12 \[fc10\]") as caught:
        rates = recipe(CONV + FC + said + "\n").training.rates_of("fc10.weight")
    assert len(caught) == 1
    assert rates.weight_schedule == expected


def test_a_tree_of_classes_has_no_schedule_whatever_its_file_says() -> None:
    """The program reads none for treefc: its rates stay; the layer below has the one that its file gives it."""
    text = TEXT.replace("type=fc\ninputs=conv1\noutputs=10", "type=treefc\ninputs=conv1")
    said = "schedW=exp[tgtFactor=4,noiseStdev=0]\n"
    tree = (*tuple(() for _ in range(10)), tuple(range(10)))
    network = Definition(text, side=8, parameters=CONV + said + FC + said, tree=tree)
    training = with_parameters(Recipe("x", network=network, augmentation=Augmentation(side=8))).training
    assert training.rates_of("conv1.weight0").weight_schedule == Schedule("exp", target_factor=4)
    assert training.rates_of("fc10.weight").weight_schedule is None
    assert training.rates_of("fc10.weight").weight == 0.01


def test_the_rates_of_the_later_program_hold_their_schedule() -> None:
    later = FC.replace("epsW=.01", "epsW=dexp[base=0.01;tgtFactor=250;numSteps=4]")
    rates = recipe(CONV + later).training.rates_of("fc10.weight")
    assert rates.weight == 0.01
    assert rates.weight_schedule == Schedule("dexp", target_factor=250, count=4)


def test_a_double_exponential_has_the_rates_of_its_example() -> None:
    """b = .01, F = 250, N = 4: .01, .0015874, .00025198, .00004."""
    schedule = Schedule("dexp", target_factor=250, count=4)
    rates = [0.01 * factor(schedule, TrainingProgress(0, p)) for p in (0.0, 0.3, 0.6, 1.0)]
    assert rates == pytest.approx([0.01, 0.0015874, 0.00025198, 0.00004], rel=1e-4)


def test_an_exponential_is_b_to_a_power() -> None:
    for p in (0.0, 0.25, 1.0):
        stated = 0.01 ** (1 + p * (math.log(0.01 / 30) / math.log(0.01) - 1))
        assert 0.01 * factor(Schedule("exp", target_factor=30), TrainingProgress(0, p)) == pytest.approx(
            stated
        )


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (CONV, r"layer-params-x.cfg: \[fc10\] is missing: it must say epsW, epsB, momW, momB"),
        (
            CONV + FC.replace("epsW=.01\n", ""),
            r"line 7: \[fc10\] epsW: missing; a rate of at least 0 expected",
        ),
        (
            CONV + FC.replace("epsW=.01", "epsW=fast"),
            r"line 8: \[fc10\] epsW=fast: a rate of at least 0 expected",
        ),
        (CONV + FC.replace("epsW=.01", "epsW=-1"), r"epsW=-1: a rate of at least 0 expected"),
        (CONV + FC.replace("momW=.9", "momW=.9,.9"), "1 values expected, one for each input, not 2"),
        (CONV + FC.replace("momW=.9", "momW=1"), r"momentum=1.0 would not come to rest"),
        (CONV + FC + "schedW=cosine[1]\n", r"schedW=cosine\[1\]: default or linear"),
        (CONV + FC + "schedW=dexp[tgtFactor=2,4]\n", "all with names"),
        (CONV + FC + "schedW=exp[tgtFactor=2,numSteps=4]\n", "exp takes tgtFactor, noiseStdev"),
        (CONV + FC + "schedW=exp[tgtFactor=two]\n", "numbers expected"),
        (CONV + FC + "superEps=1\n", "only 0 is built here"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_section_and_key(parameters: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        recipe(parameters)


def test_parameters_without_a_definition_say_what_to_do() -> None:
    with pytest.raises(RecipeError, match=r"--network layers-145\.cfg"):
        with_parameters(Recipe("x"))


def test_a_tree_divides_rate_and_decay_by_the_leaves_below_a_node() -> None:
    from torch import nn

    from alexnet.networks.layers.tree import TreeConnected

    tree = TreeConnected(2, ((), (), (), (0, 1), (3, 2)))
    tree.initialize(torch.Generator().manual_seed(0))
    network = nn.ModuleDict({"tree": tree})
    optimizer = MomentumSGD(network)
    before, slope = tree.weight.detach().clone(), torch.ones_like(tree.weight)
    tree.weight.grad, tree.bias.grad = slope.clone(), torch.zeros(3)
    rates = recipe(CONV + FC + "wc=.1\n").training.rates_of("fc10")
    optimizer.step(lambda name: rates, lambda schedule: 1.0)
    size = torch.tensor([1.0, 1.0, 1.0, 2.0, 3.0])[:, None]
    torch.testing.assert_close(tree.weight.detach(), before - 0.01 / size * (slope + 0.1 / size * before))
