"""One set of words: the command's options, the arguments of `alexnet.train`, and what each of them takes."""

import dataclasses
import inspect
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alexnet
from alexnet.cli.train import command
from alexnet.data.dataset import Dataset
from alexnet.errors import RecipeError
from alexnet.launch.request import RunRequest, TrainOptions
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import Schedule

FIELDS = [field.name for field in dataclasses.fields(RunRequest)]
NAMES = {"settings": "set"}  # click's name for an option, and ours
OF_THE_COMMAND = {"dry_run", "verbose"}
OF_PYTHON = {"dry_run", "settings", "tune"}


def test_the_options_of_the_command_are_the_fields_of_a_request() -> None:
    shown = [NAMES.get(p.name or "", p.name) for p in command.params if not getattr(p, "hidden", False)]
    assert set(shown) - OF_THE_COMMAND == set(FIELDS)


def test_the_arguments_of_train_are_the_fields_of_a_request_and_each_is_documented() -> None:
    named = {
        name for name, p in inspect.signature(alexnet.train).parameters.items() if p.kind is not p.VAR_KEYWORD
    }
    assert (named | set(TrainOptions.__annotations__)) - OF_PYTHON == set(FIELDS)
    told = inspect.getdoc(alexnet.train) or ""
    documented = re.findall(r"^    (\w+): ", told[told.index("Args:") : told.index("Returns:")], re.MULTILINE)
    assert set(documented) == set(FIELDS) | OF_PYTHON


def test_the_types_of_train_are_those_of_the_request() -> None:
    hints = {field.name: field.type for field in dataclasses.fields(RunRequest)}
    assert {name: hints[name] for name in TrainOptions.__annotations__} == TrainOptions.__annotations__


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"data": ["small"]}, "data is a name, a path or a Dataset"),
        ({"data": None}, "data=None"),
        ({"data": 123}, "data=123"),
        ({"recipe": 5}, "recipe is a name or a Recipe"),
        ({"run": 5}, "run is a name or a path"),
        ({"epochs": "3"}, "epochs is a number"),
        ({"epochs": True}, "epochs=True"),
        ({"seed": 1.5}, "seed is a whole number"),
        ({"set": ["training.batch_size=64"]}, "set is a dictionary"),
        ({"log_to": "tensorboard"}, "log_to is a list"),
        ({"processes": "2"}, "processes is a whole number"),
        ({"set": {3: 4}}, "settings go by path"),
        ({"settings": 3}, "settings=3"),
        ({"device": 0}, "device is a name"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_in_one_line(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as refused:
        alexnet.train(**{"data": "digits", **given})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {"keep": 1},
        {"processes": 0},
        {"timeout": 0.5},
        {"save_every": -1},
        {"scheme": "colums"},
        {"timeout": float("nan")},
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_one_line(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(alexnet.RecipeError, match=str(given[name])):
        alexnet.train("digits", **given)


def test_an_unknown_option_offers_the_settings_path_or_the_nearest_option() -> None:
    options: dict[str, Any] = {"batch_size": 64}
    with pytest.raises(alexnet.RecipeError, match=r'set=\{"training.batch_size": \.\.\.\}'):
        alexnet.train("digits", **options)
    options = {"epoch": 64}
    with pytest.raises(alexnet.RecipeError, match="did you mean `epochs`"):
        alexnet.train("digits", **options)


def words_read_back(words: list[str]) -> RunRequest:
    """Parse a command's words as the command does."""
    assert words[0] == "train"
    with command.make_context("train", words[1:]) as context:
        options = dict(context.params)
    for name in ("dry_run", "verbose", "silence"):
        options.pop(name)
    pairs = (text.partition("=") for text in options.pop("settings"))
    return RunRequest(**options, set={path: value for path, _, value in pairs})


def test_a_request_told_as_a_command_is_read_back_as_the_same() -> None:
    """What processes are told is what was asked for, whatever is in it."""
    changes = {"training.batch_size": 64, "network.without": ("conv3", "conv4"), "training.start": None}
    files: dict[str, Any] = {
        "network": "-x.cfg",
        "params": Path("p"),
        "weights": "w",
        "quarantine": Path("q"),
    }
    rest: dict[str, Any] = {
        "epochs": 2.5,
        "seed": 3,
        "save_every": 7,
        "keep": 3,
        "timeout": 9.0,
        "device": "cpu",
    }
    flags: dict[str, Any] = {"resume": True, "quiet": True, "processes": 2, "scheme": "hybrid"}
    several: dict[str, Any] = {"set": changes, "log_to": ("wandb", "mlflow")}
    request = RunRequest("some pictures", "paper", Path("runs/a b"), **files, **rest, **flags, **several)
    fields = [field for field in dataclasses.fields(request) if field.name != "minutes"]  # in place of epochs
    assert all(getattr(request, field.name) != field.default for field in fields)
    back = words_read_back(shlex.split(shlex.join(request.arguments())))
    told = {"training.batch_size": "64", "network.without": "conv3,conv4", "training.start": "none"}
    assert back == dataclasses.replace(request, set=told)
    timed = RunRequest("digits", minutes=2.5)
    assert words_read_back(timed.arguments()) == timed
    assert RunRequest("-odd").arguments() == ["train", "./-odd"]
    assert words_read_back(["train", "digits"]) == RunRequest("digits")  # the defaults are the same
    assert RunRequest("digits").arguments() == ["train", "digits"]


def test_a_dataset_is_told_by_its_directory(shapes: Dataset) -> None:
    assert RunRequest(shapes).arguments() == ["train", str(shapes.directory)]


def test_what_cannot_be_typed_is_not_told_to_other_processes() -> None:
    for request in (
        RunRequest("digits", Recipe("mine")),
        RunRequest("digits", set={"training.schedule": Schedule()}),
    ):
        with pytest.raises(alexnet.RecipeError, match="other processes are told"):
            request.arguments()


def test_going_on_needs_nothing_of_the_recipe() -> None:
    asked = RunRequest("digits", "digits", epochs=3, set={"training.seed": 1}, keep=5, device="cpu")
    assert asked.resumed(Path("r")).arguments() == [
        "train", "digits", "--run", "r", "--resume", "--keep", "5", "--device", "cpu",
    ]  # fmt: skip


def test_numbers_of_numpy_are_numbers() -> None:
    request = RunRequest("digits", epochs=np.float32(2), seed=np.int64(3))  # type: ignore[arg-type]  # as users have them
    assert request.recipe_request().resolve(alexnet.open_dataset("digits")).training.seed == 3


def test_a_part_of_a_data_set_is_not_told_to_other_processes_as_the_whole(shapes: Dataset) -> None:
    """They open the directory again, and would train on all of it."""
    whole = RunRequest(shapes, "digits", processes=2)
    assert str(shapes.directory) in whole.arguments()
    for derived in (shapes.subset(0.5), shapes.permuted()):
        with pytest.raises(RecipeError, match="a part of it, or permuted"):
            dataclasses.replace(whole, data=derived).arguments()
