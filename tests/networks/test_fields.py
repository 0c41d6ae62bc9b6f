"""What a person may give for the fields of an architecture, in Python as on the command line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from alexnet.errors import RecipeError
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.catalogue import architecture, build

TEXT = (
    "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
    "[fc10]\ntype=fc\ninputs=data\noutputs=10\ninitW=0.1\ngpu=0\n"
    "[probs]\ntype=softmax\ninputs=fc10\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\ngpu=0\n"
)


def alexnet(**options: Any) -> AlexNet:
    made = architecture("alexnet", **options)
    assert isinstance(made, AlexNet)
    return made


def test_numbers_of_numpy_are_numbers() -> None:
    made = alexnet(classes=np.int64(5), keep=np.float32(0.5), dropout=np.bool_(False))
    assert (made.classes, made.keep, made.dropout) == (5, 0.5, False)
    assert (type(made.classes), type(made.keep), type(made.dropout)) == (int, float, bool)


def test_one_name_is_a_list_of_one_as_on_the_command_line() -> None:
    assert alexnet(without="conv4").without == ("conv4",)
    assert alexnet(without="conv3,conv4") == alexnet(without=["conv3", "conv4"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"classes": "10"}, "classes=10 does not fit: a whole number is taken, such as 1000"),
        ({"classes": 10.0}, "a whole number is taken"),
        ({"classes": True}, "a whole number is taken"),
        ({"activation": torch.tanh}, "activation=<built-in .* does not fit: a text is taken, such as 'relu'"),
        ({"activation": None}, "activation=None does not fit"),
        ({"units": None}, "units=None does not fit"),
        ({"dropout": 1}, "True or False is taken"),
        ({"keep": float("nan")}, "keep=nan does not fit: a finite number is taken, such as 0.5"),
        ({"keep": 10**400}, "a finite number is taken"),
        ({"without": 4}, "without=4 does not fit: a list is taken"),
        ({"without": [4]}, "without=4 does not fit: a text is taken"),
        ({"side": 16_384}, "side=16384 is too large: an input has at most 2,048 pixels a side"),
        ({"x" * 10_000: 1}, "`x{80}` is not a choice"),
    ],
)
def test_what_does_not_fit_is_said_with_what_is_taken(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as error:
        architecture("alexnet", **options)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("network", [None, 5, b"alexnet", ["alexnet"], "Alexnet", "x" * 100_000])
def test_what_is_no_network_is_named(network: Any) -> None:
    with pytest.raises(RecipeError, match="is not a network") as error:
        build(network)
    assert len(str(error.value)) < 400


def test_a_path_is_a_definition_file_or_a_name(tmp_path: Path) -> None:
    (tmp_path / "layers-x.cfg").write_text(TEXT)
    assert build(tmp_path / "layers-x.cfg", classes=np.int32(4)).architecture.classes == 4
    assert architecture(Path("six-layer")) == architecture("six-layer")
