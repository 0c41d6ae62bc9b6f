"""Checkpoints: what is read is what was written, or is refused."""

import json
import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError, DamagedError
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18


def made(seed: int = 0) -> Checkpoint:
    """A checkpoint of a small network with a class name outside ASCII."""
    architecture = Cifar18(classes=3, side=12, deviation=0.01)
    network = Network(architecture, seed=seed)
    return Checkpoint(
        architecture=architecture,
        weights=network.state_dict(),
        classes=("hen", "crane", "Krähe"),
        words=("hen", "crane", "crow"),
        recipe={"name": "test"},
        history=({"epoch": 1.0, "training_loss": 0.5, "seconds": 3.0},),
        data={"name": "birds"},
        state={"step": 7, "loss": 3.5, "wrong": 2, "images": 9, "validation_errors": [0.5]},
        velocity={name: value.detach() / 3 for name, value in network.named_parameters()},
    )


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    checkpoint.save(made(), tmp_path / "one.safetensors")
    return tmp_path / "one.safetensors"


def test_what_is_read_is_what_was_written(stored: Path) -> None:
    found, expected = checkpoint.load(stored), made()
    assert all(torch.equal(found.weights[name], value) for name, value in expected.weights.items())
    assert all(torch.equal(found.velocity[name], value) for name, value in expected.velocity.items())
    assert (found.classes, found.words, found.history) == (expected.classes, expected.words, expected.history)
    assert (found.architecture, found.state) == (expected.architecture, expected.state)
    assert found.digest() == expected.digest()


def test_a_class_name_of_any_bytes_comes_back(tmp_path: Path) -> None:
    """A folder's name that is no UTF-8 is a string with lone surrogates in Python."""
    checkpoint.save(replace(made(), classes=("\udcff", "b", "c")), tmp_path / "odd.safetensors")
    assert checkpoint.load(tmp_path / "odd.safetensors").classes[0] == "\udcff"


@pytest.mark.parametrize("seed", range(10))
def test_no_flipped_bit_is_read(stored: Path, seed: int) -> None:
    """20 single bits anywhere, and 20 in the header, for each seed: 400 in all."""
    content, rng = stored.read_bytes(), random.Random(seed)
    (header,) = struct.unpack("<Q", content[:8])
    for place in [rng.randrange(len(content)) for _ in range(20)] + [
        rng.randrange(8 + header) for _ in range(20)
    ]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.randrange(8)
        stored.write_bytes(bytes(damaged))
        with pytest.raises(DamagedError, match=r"one\.safetensors"):
            checkpoint.load(stored)


def test_no_cut_file_is_read(stored: Path) -> None:
    content, rng = stored.read_bytes(), random.Random(0)
    for length in [0, 1, 7, 8, 9, len(content) - 1, *(rng.randrange(len(content)) for _ in range(20))]:
        stored.write_bytes(content[:length])
        with pytest.raises(DamagedError, match=r"one\.safetensors"):
            checkpoint.load(stored)


def test_no_zeroed_page_and_no_appended_byte_is_read(stored: Path) -> None:
    content = stored.read_bytes()
    for damaged in (content[:8192] + bytes(4096) + content[12288:], content + b"\0"):
        stored.write_bytes(damaged)
        with pytest.raises(DamagedError):
            checkpoint.load(stored)


def test_no_mixture_of_two_checkpoints_is_read(stored: Path, tmp_path: Path) -> None:
    """Both have the same layout; header of one and tensors of the other, and halves."""
    other = tmp_path / "two.safetensors"
    checkpoint.save(made(seed=1), other)
    first, second = stored.read_bytes(), other.read_bytes()
    assert len(first) == len(second)
    (header,) = struct.unpack("<Q", first[:8])
    for cut in (8 + header, len(first) // 2, len(first) - 100):
        stored.write_bytes(first[:cut] + second[cut:])
        with pytest.raises(DamagedError, match="SHA-256"):
            checkpoint.load(stored)


def rewritten(path: Path, change: dict[str, Any]) -> None:
    """Write a checkpoint's metadata anew, with its right digest, as another version would."""
    tensors, metadata = checkpoint._read(path)
    del metadata["sha256"]
    metadata |= change
    metadata["sha256"] = checkpoint._digest(tensors, metadata)
    save_file(tensors, path, metadata={"alexnet": json.dumps(metadata)})


def test_a_newer_version_is_named_and_is_not_called_damaged(stored: Path) -> None:
    rewritten(stored, {"version": 9})
    with pytest.raises(
        CheckpointError, match="format version 9, this alexnet reads version 1: update"
    ) as error:
        checkpoint.load(stored)
    assert not isinstance(error.value, DamagedError)


def test_a_network_that_is_unknown_here_is_named(stored: Path) -> None:
    rewritten(stored, {"architecture": {"network": "vgg-16"}})
    with pytest.raises(CheckpointError, match=r"a network that this alexnet cannot build.*vgg-16"):
        checkpoint.load(stored)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": None}, "its classes cannot be read"),
        ({"words": ["hen", 2, "crow"]}, "its words cannot be read"),
        ({"architecture": ["cifar-18pct"]}, "its architecture cannot be read"),
        ({"classes": ["hen", "crane"]}, "2 names and 3 words, its network 3 classes"),
        ({"data": {"side": -8}}, "pictures of -8 pixels"),
        ({"data": {"side": 10**9}}, "pictures of 1000000000 pixels"),
        ({"architecture": {"network": "cifar-18pct", "side": 12.5}}, "cannot build"),
        ({"architecture": {"network": "cifar-18pct", "classes": 3, "side": 1_200}}, "does not hold"),
        (
            {"architecture": {"network": "cifar-18pct", "classes": 3, "side": 12_000}},
            "side=12000 is too large",
        ),
        ({"data": {"side": 2_049}}, "pictures of 2049 pixels, and at most 2,048"),
        ({"architecture": {"network": "cifar-80sec", "classes": 3, "side": 12}}, "does not hold the weights"),
        ({"architecture": {"network": "cifar-18pct", "classes": 10**12}}, "1000000000000 classes"),
    ],
)
def test_a_file_that_only_says_it_is_whole_is_refused(
    stored: Path, change: dict[str, Any], message: str
) -> None:
    """Anybody can write a digest; nothing is believed, or allocated, that the tensors do not bear out."""
    rewritten(stored, change)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(stored)


def test_the_digest_knows_no_clock_and_no_layout(stored: Path) -> None:
    one = made()
    slower = replace(one, history=({"epoch": 1.0, "training_loss": 0.5, "seconds": 99.0},))
    worse = replace(one, history=({"epoch": 1.0, "training_loss": 0.6, "seconds": 3.0},))
    turned = replace(one, weights=dict(reversed(list(one.weights.items()))))
    assert one.digest() == slower.digest() == turned.digest()
    assert len({one.digest(), worse.digest(), made(seed=1).digest(), replace(one, velocity={}).digest()}) == 4


def test_what_stood_there_stands_when_a_write_fails(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored.read_bytes()

    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(CheckpointError, match=r"No space left on device.*needs .* MB, .* MB are free"):
        checkpoint.save(made(seed=1), stored)
    assert stored.read_bytes() == before
    assert list(stored.parent.iterdir()) == [stored]
