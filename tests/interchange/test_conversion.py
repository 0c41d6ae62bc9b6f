"""Files are known by what they hold, and a converted network says what it is."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.data.imagenet_classes import imagenet_classes
from alexnet.errors import AlexNetError, CheckpointError, ExportError
from alexnet.interchange import conversion
from alexnet.interchange.classes import Classes, read_classes, supposed
from alexnet.interchange.means import read_mean
from alexnet.networks.catalogue import build
from alexnet.networks.network import Network

NETWORK = build("cifar-80sec", classes=3, seed=2).eval()


def images(network: Network = NETWORK) -> torch.Tensor:
    side = network.architecture.side
    return torch.randint(
        0, 256, (2, 3, side, side), generator=torch.Generator().manual_seed(1), dtype=torch.uint8
    )


@pytest.mark.parametrize("kind", ["cifar-80sec", "cifar-conv-local-13pct"])
@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_a_state_dict_of_our_own_names_finds_its_network(tmp_path: Path, kind: str, name: str) -> None:
    network = build(kind, classes=3)
    state = network.state_dict() | {"mean": torch.rand(3, 32, 32)}
    if name.endswith("pth"):
        torch.save(state, tmp_path / name)
    else:
        save_file(state, tmp_path / name)
    found = conversion.read(tmp_path / name)
    assert found.architecture == network.architecture
    assert all(torch.equal(found.weights[key], value) for key, value in state.items())


def test_a_download_that_stopped_says_how_much_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(NETWORK.state_dict(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        CheckpointError, match=f"promises {len(whole):,} bytes, and there are {len(whole) // 2:,}"
    ):
        conversion.read(path)


def test_weights_that_fit_several_networks_need_a_name(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(build("cifar-18pct", classes=3).state_dict(), path)
    with pytest.raises(CheckpointError, match="fit several networks: pass --network cifar-18pct, figure-1"):
        conversion.read(path)
    assert conversion.read(path, network="figure-1").architecture.kind == "figure-1"


def test_weights_that_fit_no_network_are_refused(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(4), "fc8.bias": torch.zeros(3)}, tmp_path / "weights.safetensors")
    with pytest.raises(CheckpointError, match="fit no network here"):
        conversion.read(tmp_path / "weights.safetensors")


def test_a_run_or_checkpoint_of_alexnet_is_read_and_may_be_given_classes(tmp_path: Path) -> None:
    before = Checkpoint(
        NETWORK.architecture, NETWORK.state_dict(), ("a", "b", "c"), ("a", "b", "c"), {"x": 1}
    )
    (tmp_path / "run").mkdir()
    checkpoint.save(before, tmp_path / "run" / "best.safetensors")
    found = conversion.read(tmp_path / "run")
    assert (found.classes, found.recipe) == (("a", "b", "c"), {"x": 1})
    (tmp_path / "names.txt").write_text("cat\ndog\nstoat\n")
    changed = conversion.read(tmp_path / "run", classes=read_classes(tmp_path / "names.txt"), mean="1,2,3")
    assert changed.classes == ("cat", "dog", "stoat")
    assert changed.weights["mean"][:, 5, 7].tolist() == [1, 2, 3]
    assert torch.equal(changed.weights["conv1.weight"], found.weights["conv1.weight"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!DOCTYPE html><html>not found</html>", "no file of weights that is known"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "no file of weights that is known"),
        (b"\x89HDF\r\n\x1a\n", "no file of weights that is known"),
        (b"PK\x03\x04 and then nothing", "damaged zip file"),
        (b"\x1f\x8b and then nothing", "damaged gzip file"),
        (b"\x80\x02 and then nothing", "no pickle of values"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x00{and then nothing", "damaged safetensors file"),
        (
            b"\xff\xff\xff\xff\xff\xff\xff\x7f{}",
            "it promises 9,223,372,036,854,775,815 bytes, and there are 10",
        ),
        (b"\x0a\x7f and then nothing", "cut off"),
        (b"", "is empty"),
        (b"\x00", "no file of weights that is known"),
    ],
)
def test_files_that_hold_no_weights_are_refused_in_one_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "weights").write_bytes(content)
    with pytest.raises(CheckpointError, match=reason) as caught:
        conversion.read(tmp_path / "weights")
    assert str(tmp_path / "weights") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_files_of_every_kind_are_refused_and_never_end_in_a_traceback(tmp_path: Path) -> None:
    """Bits are flipped, bytes changed and taken out, in small files of each kind."""
    source = np.random.default_rng(3)
    state = {"features.0.weight": torch.zeros(2), "classifier.6.weight": torch.zeros(2)}
    torch.save(state, tmp_path / "zip")
    torch.save(state, tmp_path / "older", _use_new_zipfile_serialization=False)
    save_file(state, tmp_path / "safetensors")
    before = Checkpoint(NETWORK.architecture, NETWORK.state_dict(), ("a", "b", "c"), ("a", "b", "c"))
    conversion.write(before, tmp_path / "original", "original")
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        start = min(
            len(whole), 4000
        )  # where names, sizes and shapes are; of the original, all but the weights
        for _ in range(60):
            content = bytearray(whole)
            content[int(source.integers(start))] ^= 1 << int(source.integers(8))
            content[-int(source.integers(1, start))] = int(source.integers(256))
            if source.random() < 0.3:
                cut = int(source.integers(start))
                del content[cut : cut + int(source.integers(1, 9))]
            path.write_bytes(content)
            with contextlib.suppress(CheckpointError):
                conversion.read(path)


def test_weights_of_another_network_are_refused_by_their_names(tmp_path: Path) -> None:
    torch.save({"layer1.0.conv1.weight": torch.zeros(3), "fc.bias": torch.zeros(3)}, tmp_path / "resnet.pth")
    with pytest.raises(
        CheckpointError, match=r"another network than an AlexNet: layer1\.0\.conv1\.weight, fc\.bias"
    ):
        conversion.read(tmp_path / "resnet.pth")


def test_thousand_classes_are_known_in_the_order_of_the_format() -> None:
    for order in ("sorted", "devkit"):
        found = supposed(1000, order)
        assert found.order == order
        assert found.names == tuple(one.name for one in imagenet_classes(order))
        assert found.words[0] == imagenet_classes(order)[0].words
    assert supposed(10, "sorted") == Classes(
        tuple(f"class {k}" for k in range(10)), tuple(f"class {k}" for k in range(10)), "unknown"
    )


def test_a_list_of_classes_is_names_or_synsets_or_synsets_and_words(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("cat\n\ndog, hound\n")
    assert read_classes(path) == Classes(("cat", "dog, hound"), ("cat", "dog, hound"), "as listed")
    path.write_text("n02119789\nn01440764\n")
    assert read_classes(path).words == ("kit fox, Vulpes macrotis", "tench, Tinca tinca")
    path.write_text("n02119789 a fox\nn01440764 a fish\n")
    assert read_classes(path) == Classes(("n02119789", "n01440764"), ("a fox", "a fish"), "as listed")
    for order in ("sorted", "devkit"):  # as Caffe's synset_words.txt
        path.write_text("".join(f"{one.name} {one.words}\n" for one in imagenet_classes(order)))
        assert read_classes(path) == supposed(1000, order)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"cat\ncat\n", "lists 'cat' twice"), (b"\xff\xfe", "not text"), (b"\n\n", "lists no classes")],
)
def test_lists_that_are_no_lists_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "classes.txt").write_bytes(content)
    with pytest.raises(CheckpointError, match=reason):
        read_classes(tmp_path / "classes.txt")


def test_a_mean_may_be_a_colour() -> None:
    assert read_mean("123.68, 116.779,103.939", 4)[:, 0, 0].tolist() == pytest.approx(
        [123.68, 116.779, 103.939]
    )
    with pytest.raises(CheckpointError, match="is no colour"):
        read_mean("300,0,0", 4)


def test_the_wrong_number_of_classes_is_refused(tmp_path: Path) -> None:
    save_file(NETWORK.state_dict(), tmp_path / "weights.safetensors")
    with pytest.raises(CheckpointError, match=r"2 classes are named, and .* tells 3 apart"):
        conversion.read(
            tmp_path / "weights.safetensors", classes=Classes(("a", "b"), ("a", "b"), "as listed")
        )


def test_a_mean_picture_smaller_than_the_input_is_refused(tmp_path: Path) -> None:
    save_file(NETWORK.state_dict() | {"mean": torch.zeros(3, 20, 20)}, tmp_path / "weights.safetensors")
    with pytest.raises(CheckpointError, match=r"shape \(3, 20, 20\) does not cover 3 x 32 x 32"):
        conversion.read(tmp_path / "weights.safetensors")


def test_weights_that_are_zero_are_told(tmp_path: Path) -> None:
    state = NETWORK.state_dict() | {"fc4.weight": torch.zeros(64, 1024)}
    save_file(state, tmp_path / "weights.safetensors")
    assert "fc4.weight is zero everywhere" in conversion.read(tmp_path / "weights.safetensors").data["notes"]


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    found = Checkpoint(NETWORK.architecture, NETWORK.state_dict(), ("a", "b", "c"), ("a", "b", "c"))
    with pytest.raises(ExportError, match="Choices: checkpoint, half, torchvision, original"):
        conversion.write(found, tmp_path / "x", "onnx")
    with pytest.raises(AlexNetError, match="could not be written"):
        conversion.write(found, tmp_path / "absent" / "x", "original")


@pytest.mark.parametrize("name", ["net.onnx", "net.caffemodel", "net.h5"])
def test_an_ending_of_a_format_that_is_not_written_is_refused(name: str) -> None:
    with pytest.raises(ExportError, match="has the ending of a format that is not written"):
        conversion.format_of(Path(name))


def test_an_order_of_a_thousand_classes_is_not_given_to_three(tmp_path: Path) -> None:
    save_file(NETWORK.state_dict(), tmp_path / "weights.safetensors")
    with pytest.raises(CheckpointError, match="tells 3 classes apart: an order is that of ImageNet's 1,000"):
        conversion.read(tmp_path / "weights.safetensors", classes="sorted")


def test_a_checkpoint_given_the_other_order_says_so(tmp_path: Path) -> None:
    network = build("cifar-80sec", classes=1000)
    before = supposed(1000, "sorted")
    found = Checkpoint(
        network.architecture, network.state_dict(), before.names, before.words, data={"class order": "sorted"}
    )
    checkpoint.save(found, tmp_path / "net.safetensors")
    changed = conversion.read(tmp_path / "net.safetensors", classes="devkit")
    assert changed.data["class order"] == "devkit"
    assert changed.classes == supposed(1000, "devkit").names


def test_another_network_than_the_file_says_is_refused(tmp_path: Path) -> None:
    found = Checkpoint(NETWORK.architecture, NETWORK.state_dict(), ("a", "b", "c"), ("a", "b", "c"))
    checkpoint.save(found, tmp_path / "net.safetensors")
    with pytest.raises(CheckpointError, match="says itself that it is cifar-80sec, not caffe"):
        conversion.read(tmp_path / "net.safetensors", network="caffe")


def test_a_mean_of_two_numbers_is_told_what_a_mean_is() -> None:
    with pytest.raises(CheckpointError, match="`1,2` is no mean: three numbers"):
        read_mean("1,2", 32)


def test_a_file_is_converted_in_one_call(tmp_path: Path) -> None:
    save_file(NETWORK.state_dict(), tmp_path / "weights.safetensors")
    found = conversion.convert(tmp_path / "weights.safetensors", tmp_path / "net.safetensors", mean="1,2,3")
    assert checkpoint.load(tmp_path / "net.safetensors").digest() == found.digest()


def test_the_format_follows_from_the_name() -> None:
    names = {"a.safetensors": "checkpoint", "a.pth": "torchvision", "91.1200": "original"}
    assert {name: conversion.format_of(Path(name)) for name in names} == names


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "sparse"])
@pytest.mark.parametrize("what", ["weights", "classes", "mean"])
def test_only_regular_files_of_a_sane_size_are_read(tmp_path: Path, kind: str, what: str) -> None:
    path = tmp_path / "x"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case _:
            path.touch()
            os.truncate(path, 2**42)
    entrances: dict[str, Callable[[], object]] = {
        "weights": lambda: conversion.read(path),
        "classes": lambda: read_classes(path),
        "mean": lambda: read_mean(str(path), 224),
    }
    with pytest.raises(CheckpointError) as error:
        entrances[what]()
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"source": None}, "source=None does not fit: the path of a file is taken"),
        ({"destination": 5}, "destination=5 does not fit"),
        ({"classes": ["a", "b", "c"]}, "sorted or devkit, or read_classes"),
        ({"classes": "alphabetical"}, "classes=alphabetical does not fit: sorted or devkit"),
        ({"classes": 3}, "classes=3 does not fit"),
        ({"mean": (1, 2, 3)}, r"mean=\(1, 2, 3\) does not fit: a text is taken"),
        ({"network": 5}, "network=5 does not fit"),
        (
            {"to": ["checkpoint"]},
            "is not a format to write; .*Choices: checkpoint, half, torchvision, original",
        ),
        ({"to": "onnx"}, "`onnx` is not a format to write"),
    ],
)
def test_convert_says_what_it_takes(tmp_path: Path, named: dict[str, Any], said: str) -> None:
    save_file(NETWORK.state_dict(), tmp_path / "x.safetensors")
    given: dict[str, Any] = {
        "source": tmp_path / "x.safetensors",
        "destination": tmp_path / "y.safetensors",
    } | named
    source, destination = given.pop("source"), given.pop("destination")
    with pytest.raises((ValueError, AlexNetError), match=said):
        conversion.convert(source, destination, **given)
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


@pytest.mark.parametrize("name", ["x.pth", "x.safetensors"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_not_converted(tmp_path: Path, name: str, value: float) -> None:
    state = NETWORK.state_dict() | {"fc5.bias": torch.full((3,), value)}
    torch.save(state, tmp_path / name) if name.endswith("pth") else save_file(state, tmp_path / name)
    with pytest.raises(CheckpointError, match="is not finite everywhere"):
        conversion.convert(tmp_path / name, tmp_path / "y.safetensors")
