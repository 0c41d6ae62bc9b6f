"""alexnet info and check-gradients, as a person calls them."""

import json
from pathlib import Path

from click.testing import CliRunner

from alexnet.cli import alexnet

TEXT = (
    "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
    "[conv1]\ntype=conv\ninputs=data\nchannels=3\nfilters=4\nfilterSize=3\ninitW=.01\npartialSum=0\nneuron=relu\ngpu=0\n"
    "[fc10]\ntype=fc\ninputs=conv1\noutputs=10\ninitW=.1\n"
    "[probs]\ntype=softmax\ninputs=fc10\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\ngpu=0\n"
)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(alexnet, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_info_shows_the_layers_and_what_locality_and_sharing_save() -> None:
    shown = run("info", "alexnet")
    assert "290,400" in shown
    assert "60,965,224" in shown
    assert "66,660,118,344" in shown  # every unit connected to all below it


def test_info_of_a_recipe_says_where_its_figures_are_recorded() -> None:
    assert "layer-params-147.cfg" in run("info", "non-overlapping")


def test_info_as_json_is_the_table() -> None:
    shown = json.loads(run("info", "as-trained", "--json"))
    assert shown["totals"]["parameters"] == 60_965_224
    assert [stage["name"] for stage in shown["stages"]][:4] == ["conv1", "norm1", "pool1", "relu1"]
    assert shown["stages"][0]["shape"] == [96, 55, 55]


def test_info_alone_lists_networks_and_recipes() -> None:
    shown = run("info")
    assert "caffenet" in shown
    assert "pretrained-six-layer" in shown


def test_info_and_check_gradients_of_a_definition_file(tmp_path: Path) -> None:
    path = tmp_path / "layers-tiny.cfg"
    path.write_text(TEXT)
    shown = json.loads(run("info", str(path), "--side", "8", "--json"))
    assert shown["totals"]["parameters"] == 4 * 27 + 4 + 10 * 4 * 36 + 10
    checks = json.loads(run("check-gradients", str(path), "--side", "8", "--json"))
    assert [check["name"] for check in checks] == ["conv1.weight", "conv1.bias", "fc10.weight", "fc10.bias"]
    assert all(check["agrees"] for check in checks)
    assert "agrees" in run("check-gradients", str(path), "--side", "8", "--entries", "1")


def test_info_takes_a_parameter_file_by_its_path_and_reads_no_device(tmp_path: Path) -> None:
    path, params = tmp_path / "layers-tiny.cfg", tmp_path / "other.cfg"
    path.write_text(
        TEXT.replace("[fc10]", "[drop]\ntype=hs\ninputs=conv1\nkeep=.5\n[fc10]").replace(
            "inputs=conv1\noutputs", "inputs=drop\noutputs"
        )
    )
    params.write_text("[drop]\nenable=maybe\n")
    result = CliRunner().invoke(alexnet, ["info", str(path), "--params", str(params)])
    assert "other.cfg, line 2: [drop] enable=maybe" in str(result.exception)
    params.write_text("[drop]\nenable=0\n")
    assert "drop" in run("info", str(path), "--params", str(params))
    result = CliRunner().invoke(alexnet, ["info", str(path), "--params", "/dev/zero"])
    assert str(result.exception) == "/dev/zero cannot be read: it is no regular file"


def test_an_unknown_name_is_told_the_networks_and_the_recipes() -> None:
    result = CliRunner().invoke(alexnet, ["info", "papper"])
    assert result.exit_code != 0
    assert "did you mean `paper`" in str(result.exception)
    assert "definition," not in str(result.exception)
