"""Descriptions of networks, which come with files of anybody's: nothing that they name is opened."""

import builtins
import io
import os
from pathlib import Path
from typing import Any

import pytest

from alexnet.errors import RecipeError
from alexnet.networks.catalogue import NAMES, architecture, build, described, from_description

TEXT = (
    "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
    "[fc10]\ntype=fc\ninputs=data\noutputs=10\ninitW=0.1\ngpu=0\n"
    "[probs]\ntype=softmax\ninputs=fc10\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\ngpu=0\n"
)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cifar-18pct", {"deviation": -1.0}),
        ("torchvision", {"deviations": (0.0, 1.0, 1.0)}),
        ("torchvision", {"deviations": (0.2, -1.0, 1.0)}),
    ],
)
def test_deviations_that_cannot_be(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=r"deviation"):
        build(name, **options)


@pytest.fixture
def nothing_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, *arguments: object, **named: object) -> None:
        raise AssertionError(f"{path!r} was opened")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(io, "open", refuse)
    monkeypatch.setattr(os, "open", refuse)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A definition that is there, a secret, and a pipe that nobody writes to."""
    (tmp_path / "x.cfg").write_text(TEXT)
    (tmp_path / "secret").write_text("[conv1]\nsesame:x:0:0\n")
    os.mkfifo(tmp_path / "pipe.cfg")
    return {name: str(tmp_path / name) for name in ("x.cfg", "secret", "pipe.cfg")}


@pytest.mark.parametrize("name", NAMES)
def test_every_network_is_what_its_description_says(name: str) -> None:
    made = architecture(name)
    assert from_description(described(made)) == made


@pytest.mark.parametrize("name", ["x.cfg", "pipe.cfg", "secret"])
def test_a_path_is_no_network(files: dict[str, str], name: str, nothing_opens: None) -> None:
    for text in (files[name], name, f"file://{files[name]}"):
        with pytest.raises(RecipeError, match=r"is not a network; .*Choices"):
            from_description({"network": text})


@pytest.mark.parametrize("field", ["text", "parameters", "name", "parameters_name"])
@pytest.mark.parametrize("name", ["secret", "pipe.cfg"])
def test_a_path_in_a_description_is_a_text_and_is_not_opened(
    files: dict[str, str], field: str, name: str, nothing_opens: None
) -> None:
    description: dict[str, Any] = {"network": "definition", "text": TEXT, field: files[name]}
    if field.endswith("name"):
        assert from_description(description).classes == 10
        return
    with pytest.raises(RecipeError) as error:
        from_description(description)
    assert "sesame" not in str(error.value)


@pytest.mark.parametrize("value", [None, 5, 1.5, True, [1], {"a": 1}, "text", 10**30, float("inf"), [[[]]]])
@pytest.mark.parametrize("name", [*NAMES, "definition"])
def test_a_value_of_another_type_is_one_clear_line(name: str, value: Any) -> None:
    whole = {"network": "definition", "text": TEXT} if name == "definition" else described(architecture(name))
    said = []
    for field in (*whole, "unheard-of"):
        try:
            from_description({**whole, field: value})
        except RecipeError as error:
            said.append(str(error))
    assert len(said) > 1
    assert all(len(line.splitlines()) == 1 for line in said)
