"""Checkpoints whose digest is true and whose contents are anybody's: one clear line, or a checkpoint that works.

Anybody can compute a digest, so it proves nothing of the contents. Every part of a small checkpoint's JSON is
replaced by values of other types and sizes, one at a time.
"""

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError, DamagedError, RecipeError
from alexnet.interchange import conversion
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.catalogue import described
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18
from alexnet.networks.stage import Architecture
from alexnet.recipes import recipe as named_recipe
from alexnet.settings.typed import from_plain, to_plain
from alexnet.training.recipe import Recipe, Training

TEXT = (
    "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
    "[conv1]\ntype=conv\ninputs=data\nchannels=3\nfilters=4\nfilterSize=5\nstride=3\ninitW=.1\npartialSum=0\ngpu=0\n"
    "[fc3]\ntype=fc\ninputs=conv1\noutputs=3\ninitW=0.1\n"
    "[probs]\ntype=softmax\ninputs=fc3\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\ngpu=0\n"
)
RECIPE = {
    "name": "digits",
    "network": described(Cifar18()),
    "augmentation": {"side": 32},
    "training": {"epochs": 3, "start": "", "stages": {"conv1": {"weight": 0.1}}},
    "changes": [],
}
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 7, 10**30, 1.5, -0.0, 1e308, "", "text", "\ud800", "/etc/passwd", "\x1b[2J\n", "x" * 70_000,
    [], [1], ["a", "b", "c"], [[]], {}, {"a": 1}, {"network": "alexnet"}, [None] * 1000,
)  # fmt: skip


def made(architecture: Architecture) -> Checkpoint:
    network = Network(architecture, seed=1)
    return Checkpoint(
        architecture=architecture,
        weights=network.state_dict(),
        classes=("a", "b", "c"),
        words=("A", "B", "C"),
        recipe=RECIPE,
        history=({"epoch": 1.0, "training_loss": 0.5, "seconds": 3.0},),
        data={"name": "birds", "side": 12, "fingerprint": "0f", "notes": ["one"], "converted from": "here"},
        state={"step": 7, "loss": 3.5, "wrong": 2, "images": 9, "unreadable": 0, "validation_errors": [0.5]},
        velocity={name: value.detach() / 3 for name, value in network.named_parameters()},
    )


def write(
    path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, Any], *, text: str | None = None
) -> None:
    """Write a checkpoint with a digest that is its own, whatever it holds."""
    plain = {name: value for name, value in metadata.items() if name != "sha256"}
    digest = checkpoint._digest(tensors, plain)
    save_file(tensors, path, {"alexnet": text or json.dumps({**plain, "sha256": digest})})


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every part of a plain value, its own first."""
    yield above
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, entry in entries:
        yield from paths(entry, (*above, name))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    part = changed
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = new
    return changed


@pytest.mark.parametrize(
    "architecture", [Definition(TEXT, side=12), Cifar18(classes=3, side=12)], ids=["definition", "named"]
)
def test_every_part_of_the_json_may_be_anything(tmp_path: Path, architecture: Architecture) -> None:
    path = tmp_path / "x.safetensors"
    whole = made(architecture)
    tensors, metadata = whole._tensors(), whole._metadata()
    read, refused = 0, []
    tried = [
        at
        for at in paths(metadata)
        if at and (at[0] == "architecture" or isinstance(architecture, Definition))
    ]
    for at in tried:
        for new in VALUES:
            write(path, tensors, replaced(metadata, at, new))
            try:
                found = checkpoint.load(path)
                found.network()
                found.digest()
                json.dumps(found._metadata(), allow_nan=False)
            except CheckpointError as error:
                refused.append((at, new, str(error).replace(str(path), "")))
            else:
                read += 1
    assert read > 5
    assert len(refused) > 100
    assert not [entry for entry in refused if len(entry[2].splitlines()) != 1 or len(entry[2]) > 600]


def test_every_part_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    whole = made(Definition(TEXT, side=12))
    tensors, metadata = whole._tensors(), whole._metadata()
    for at in list(paths(metadata))[1:]:
        changed = copy.deepcopy(metadata)
        part: Any = changed
        for name in at[:-1]:
            part = part[name]
        del part[at[-1]]
        write(path, tensors, changed)
        if len(at) == 1:
            with pytest.raises(CheckpointError):
                checkpoint.load(path)
        else:
            try:
                checkpoint.load(path)
            except CheckpointError:
                continue


@pytest.mark.parametrize(
    ("at", "new", "said"),
    [
        (("architecture", "text"), 5, "text=5 does not fit: a text is taken"),
        (("architecture", "network"), "/x/n.cfg", r"`/x/n\.cfg` is not a network"),
        (("architecture", "side"), 16_384, "side=16384 is too large"),
        (("architecture", "tree"), [[10**9]] * 4, "tree"),
        (("data", "side"), 16_384, "pictures of 16384 pixels, and at most 2,048"),
        (("data", "notes"), "one", "its data's notes are one"),
        (("data", "notes"), [1], r"its data's notes are \[1\]"),
        (("data", "name"), 5, "its data's name is 5"),
        (("state", "step"), "7", "its state's step is 7"),
        (("state", "step"), 2**70, "its state's step is 1180591620717411303424"),
        (("state",), {"step": 7}, "its state's wrong is None"),
        (("state", "validation_errors"), [None], r"its state's validation_errors are \[None\]"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, at: tuple[str, ...], new: Any, said: str) -> None:
    whole = made(Definition(TEXT.replace("type=fc", "type=treefc") if at[-1] == "tree" else TEXT, side=12,
                            tree=((), (), (), (0, 1, 2)) if at[-1] == "tree" else ()))  # fmt: skip
    write(tmp_path / "x.safetensors", whole._tensors(), replaced(whole._metadata(), at, new))
    with pytest.raises(CheckpointError, match=said):
        checkpoint.load(tmp_path / "x.safetensors")


@pytest.mark.parametrize("depth", [40, 900, 200_000])
@pytest.mark.parametrize("part", ["recipe", "history", "data", "unheard-of"])
def test_json_nested_deep_is_one_line(tmp_path: Path, depth: int, part: str) -> None:
    whole = made(Definition(TEXT, side=12))
    text = json.dumps({**whole._metadata(), "sha256": "0", part: "HERE"})
    nested = text.replace('"HERE"', "[" * depth + "]" * depth)
    write(tmp_path / "x.safetensors", whole._tensors(), {}, text=nested)
    with pytest.raises(DamagedError, match="nested too deep"):
        checkpoint.load(tmp_path / "x.safetensors")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("old", ['"deviation": 0.0001', '"training_loss": 0.5', '"loss": 3.5'])
def test_numbers_that_are_not_finite_are_no_json(tmp_path: Path, number: str, old: str) -> None:
    whole = made(Cifar18(classes=3, side=12))
    metadata = whole._metadata()
    text = json.dumps({**metadata, "sha256": checkpoint._digest(whole._tensors(), metadata)})
    name = old.partition(":")[0]
    assert old in text
    write(tmp_path / "x.safetensors", whole._tensors(), {}, text=text.replace(old, f"{name}: {number}"))
    with pytest.raises(DamagedError, match=f"its metadata has {number} where a number should be"):
        checkpoint.load(tmp_path / "x.safetensors")


def test_metadata_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    whole = made(Cifar18(classes=3, side=12))
    bad = Checkpoint(whole.architecture, whole.weights, whole.classes, whole.words, {"rate": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        checkpoint.save(bad, tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"network.conv1.weight": lambda x: x.to(torch.float8_e4m3fn)}, "conv1.weight as float8_e4m3fn"),
        (
            {"network.conv1.weight": lambda x: x.double()},
            "conv1.weight as float64, and its network takes float32",
        ),
        ({"network.conv1.bias": lambda x: x.to(torch.int64)}, "conv1.bias as int64"),
        ({"network.conv1.bias": lambda x: x.to(torch.complex64)}, "conv1.bias as complex64"),
        ({"network.conv1.bias": lambda x: x[0]}, r"conv1\.bias is \(\) there"),
        ({"network.mean": lambda x: x > 0}, "mean as bool"),
        ({"velocity.conv1.bias": lambda x: x.to(torch.float16)}, "conv1.bias as float16"),
        ({"velocity.conv1.bias": lambda x: x[:1]}, "none of its network's"),
        ({"velocity.conv1.bias": None}, "velocities for some parameters"),
        ({"velocity.mean": lambda x: torch.zeros(3, 12, 12)}, "velocities for some parameters"),
        ({"network.\x1b[2J": lambda x: torch.zeros(1)}, "unknown here"),
    ],
)
def test_tensors_of_other_types_are_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    whole = made(Definition(TEXT, side=12))
    tensors = whole._tensors()
    for name, function in change.items():
        old = tensors.pop(name, torch.zeros(1))
        if function is not None:
            tensors[name] = function(old).contiguous()
    write(tmp_path / "x.safetensors", tensors, whole._metadata())
    with pytest.raises(CheckpointError, match=said):
        checkpoint.load(tmp_path / "x.safetensors")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_answer_nothing_and_are_not_converted(
    tmp_path: Path, value: float
) -> None:
    whole = made(Definition(TEXT, side=12))
    tensors = whole._tensors()
    tensors["network.conv1.bias"] = torch.full((4,), value)
    write(tmp_path / "x.safetensors", tensors, whole._metadata())
    with pytest.raises(CheckpointError, match=r"conv1\.bias in the checkpoint is not finite"):
        checkpoint.load(tmp_path / "x.safetensors").network()
    for destination in ("y.safetensors", "y"):
        with pytest.raises(CheckpointError, match=r"not converted: conv1\.bias is not finite"):
            conversion.convert(tmp_path / "x.safetensors", tmp_path / destination)
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_a_network_of_any_size_is_refused_before_it_is_made(tmp_path: Path) -> None:
    whole = made(Definition(TEXT, side=12))
    huge = described(AlexNet(classes=3)) | {"units": 10**12, "side": 36}
    write(tmp_path / "x.safetensors", whole._tensors(), {**whole._metadata(), "architecture": huge})
    with pytest.raises(CheckpointError):
        checkpoint.load(tmp_path / "x.safetensors")


@pytest.mark.parametrize("there", [True, False])
def test_earlier_checkpoints_are_only_called_intact_where_there_are_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    if there:
        checkpoint.save(made(Definition(TEXT, side=12)), tmp_path / "step-1.safetensors")

    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(CheckpointError) as error:
        checkpoint.save(made(Definition(TEXT, side=12)), tmp_path / "step-2.safetensors")
    assert ("earlier checkpoints are intact" in str(error.value)) is there


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_only_a_regular_file_is_read_and_only_a_regular_file_is_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.safetensors"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case _:
            path.mkdir()
    with pytest.raises(CheckpointError, match="it is no regular file"):
        checkpoint.load(path)
    with pytest.raises(CheckpointError, match="it is no regular file, and is not replaced"):
        checkpoint.save(made(Definition(TEXT, side=12)), path)


@pytest.mark.parametrize("opens", ["checkpoint", "recipe"])
def test_no_path_in_a_recipe_or_a_description_is_opened(tmp_path: Path, opens: str) -> None:
    """A pipe that nobody writes to would never come to an end; a start is looked for where a run begins, only."""
    os.mkfifo(tmp_path / "pipe.cfg")
    pipe = str(tmp_path / "pipe.cfg")
    whole = made(Definition(TEXT, side=12))
    recipe = to_plain(replace(named_recipe("digits"), training=Training(start=pipe)))
    if opens == "recipe":
        assert from_plain(Recipe, recipe).training.start == pipe
        for hostile in (pipe, "pipe.cfg", {"network": pipe}, {"network": "definition", "text": pipe}):
            with pytest.raises(RecipeError):
                from_plain(Recipe, {**recipe, "network": hostile})
        return
    write(tmp_path / "x.safetensors", whole._tensors(), {**whole._metadata(), "recipe": recipe})
    assert checkpoint.load(tmp_path / "x.safetensors").recipe["training"]["start"] == pipe
    for field in ("network", "text", "parameters"):
        changed = replaced(whole._metadata(), ("architecture", field), pipe)
        write(tmp_path / "x.safetensors", whole._tensors(), changed)
        with pytest.raises(CheckpointError, match="cannot build"):
            checkpoint.load(tmp_path / "x.safetensors")
