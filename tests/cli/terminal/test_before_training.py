"""What is said of a recipe before it is run: what differs, each thing once."""

import pytest

from alexnet.cli.terminal.before_training import show_recipe
from alexnet.data.dataset import Dataset
from alexnet.recipes import RECIPES, recipe


def shown(
    capsys: pytest.CaptureFixture[str], name: str, shapes: Dataset, *, verbose: bool = False
) -> list[str]:
    show_recipe(recipe(name), shapes, verbose=verbose)
    return capsys.readouterr().err.splitlines()


def test_the_paper_differs_from_itself_in_nothing(
    shapes: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(capsys, "paper", shapes)
    assert lines[1] == "recipe: paper, network: alexnet; all settings as in the paper"
    assert lines[2].startswith("steps: ")


def test_a_layers_settings_are_shown_where_they_differ_from_all_layers(
    shapes: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(capsys, "cifar-18pct", shapes)
    assert [line for line in lines if "stages" in line] == ["  training.stages.fc4.decay = 1.0"]
    lines = shown(capsys, "as-trained", shapes)
    assert "  training.stages.conv1.weight_schedule.epochs = 25,51,67" in lines
    assert "  after epoch 67: augmentation.colour = 0.0" in lines
    assert len(lines) < 20


@pytest.mark.parametrize("name", RECIPES)
def test_all_settings_are_shown_to_who_wants_them(
    name: str, shapes: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    few, all_of_them = shown(capsys, name, shapes), shown(capsys, name, shapes, verbose=True)
    assert set(few[2:]) <= set(all_of_them)
    assert "  training.rates.momentum = 0.9" in all_of_them
