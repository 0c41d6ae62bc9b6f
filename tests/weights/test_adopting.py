"""Weights fetched, added and converted, against a server of our own: cut, damaged, lied to, forbidden, raced for."""

import io
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet import checkpoint, files
from alexnet.checkpoint import Checkpoint
from alexnet.errors import AbsentWeightsError, CheckpointError
from alexnet.networks.catalogue import build
from alexnet.weights.adopting import add, checkpoint_of, fetch
from alexnet.weights.catalogue import PublishedWeights
from alexnet.weights.finding import converted, own_folder
from caffemodels import CAFFE, caffemodel
from caffemodels import weights as caffe_weights
from file_server import FileServer
from publications import FILE, published


def said_nothing(text: str) -> None:
    raise AssertionError(text)


def check(found: Checkpoint) -> None:
    """The network that was published, bit for bit."""
    expected = build("cifar-80sec", classes=3, seed=5).state_dict()
    assert found.weights.keys() == expected.keys()
    assert all(torch.equal(found.weights[name], expected[name]) for name in expected)


def test_fetched_weights_are_converted_once_and_only_the_conversion_is_kept(
    weights: PublishedWeights, server: FileServer
) -> None:
    said: list[str] = []
    path = fetch(weights, said.append)
    assert [path] == [each for each in own_folder(weights).rglob("*") if each.is_file()]
    assert said[0] == "tested: free"
    assert len(said) == 2
    check(checkpoint.load(path))
    assert checkpoint.load(path).data["published as"] == f"tested, {weights.file.digest}"
    assert fetch(weights, said_nothing) == path
    check(checkpoint_of(weights))
    assert len(server.asked) == 1


def test_reading_never_fetches_and_says_how_to(
    weights: PublishedWeights, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AbsentWeightsError, match=rf"alexnet weights --fetch tested .* have {FILE}") as absent:
        checkpoint_of(weights)
    assert absent.value.name == "tested"
    monkeypatch.setenv("ALEXNET_OFFLINE", "1")
    for act in (checkpoint_of, lambda weights: fetch(weights, said_nothing)):
        with pytest.raises(AbsentWeightsError, match=r"ALEXNET_OFFLINE is set: fetch http.* elsewhere"):
            act(weights)
    assert server.asked == []


def test_offline_what_lies_here_is_taken(
    weights: PublishedWeights,
    content: bytes,
    folders: dict[str, Path],
    server: FileServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALEXNET_OFFLINE", "1")
    folders["torch"].mkdir(parents=True)
    (folders["torch"] / FILE).write_bytes(content)
    check(checkpoint_of(weights))
    assert converted(weights).is_file()
    (folders["torch"] / FILE).unlink()
    check(checkpoint_of(weights))
    check(checkpoint.load(fetch(weights, said_nothing)))
    assert server.asked == []


def test_a_fetch_that_was_cut_goes_on_where_it_stopped(
    weights: PublishedWeights, content: bytes, server: FileServer
) -> None:
    server.most = [1000, 2000, 3000]
    with pytest.raises(CheckpointError, match=r"cannot be fetched.*run the same again to go on"):
        fetch(weights, list[str]().append)
    check(checkpoint.load(fetch(weights, list[str]().append)))
    assert server.asked == [None, "bytes=1000-", "bytes=3000-", "bytes=6000-"]


@pytest.mark.parametrize("damage", ["digest", "shorter", "longer", "empty", "a page"])
def test_what_is_not_what_was_published_is_not_kept(
    weights: PublishedWeights, content: bytes, server: FileServer, damage: str
) -> None:
    server.files[f"/{FILE}"] = {
        "digest": content[:5000] + bytes([content[5000] ^ 1]) + content[5001:],
        "shorter": content[:-1],
        "longer": content + b"more",
        "empty": b"",
        "a page": b"<html>Not here</html>",
    }[damage]
    with pytest.raises(CheckpointError, match=r"is not what was published|cannot be fetched: IncompleteRead"):
        fetch(weights, list[str]().append)
    assert not converted(weights).exists()
    server.files[f"/{FILE}"] = content
    check(checkpoint.load(fetch(weights, list[str]().append)))


def test_where_the_publisher_is_away_a_mirror_is_taken_by_its_digest(
    weights: PublishedWeights, content: bytes, server: FileServer
) -> None:
    away = replace(weights, file=replace(weights.file, url=f"http://127.0.0.1:9/{FILE}"))
    with pytest.raises(CheckpointError, match=r"127.0.0.1:9.* cannot be fetched: .*refused"):
        fetch(away, list[str]().append)
    server.files["/copy"], server.elsewhere["/moved"] = content, "/copy"
    check(checkpoint.load(fetch(away, list[str]().append, mirror=f"{server.url}/moved")))


def test_a_file_is_added_by_its_digest_whatever_its_name(
    weights: PublishedWeights, content: bytes, tmp_path: Path
) -> None:
    other = replace(
        weights, name="other", file=replace(weights.file, size=None, digest=published(b"x", "").file.digest)
    )
    given = tmp_path / "from a friend.bin"
    given.write_bytes(content)
    assert add(given, {"other": other, "tested": weights}) is weights
    given.unlink()
    check(checkpoint_of(weights))
    given.write_bytes(content + b"more")
    with pytest.raises(
        CheckpointError, match="has the digest of none of them: the files of other, tested are taken"
    ):
        add(given, {"other": other, "tested": weights})
    with pytest.raises(CheckpointError, match=r"nowhere is no file"):
        add(tmp_path / "nowhere", {"tested": weights})


def test_a_damaged_conversion_is_made_again(
    weights: PublishedWeights, content: bytes, folders: dict[str, Path], server: FileServer
) -> None:
    path = fetch(weights, list[str]().append)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(AbsentWeightsError):
        checkpoint_of(weights)
    folders["own"].mkdir()
    (folders["own"] / FILE).write_bytes(content)
    check(checkpoint_of(weights))
    assert path.read_bytes() == whole
    path.write_bytes(whole[:-5000] + bytes(byte ^ 1 for byte in whole[-5000:]))
    (folders["own"] / FILE).unlink()
    check(checkpoint.load(fetch(weights, list[str]().append)))
    assert len(server.asked) == 2


def test_a_wrong_file_of_the_right_name_and_size_is_named(
    weights: PublishedWeights, content: bytes, folders: dict[str, Path]
) -> None:
    folders["torch"].mkdir(parents=True)
    (folders["torch"] / FILE).write_bytes(bytes(len(content)))
    with pytest.raises(AbsentWeightsError, match=rf"{FILE} is not its publisher's file \(SHA-256"):
        checkpoint_of(weights)


def test_without_a_cache_to_write_weights_are_read_all_the_same(
    weights: PublishedWeights,
    content: bytes,
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "a file" / "home"))
    folders["own"].mkdir()
    (folders["own"] / FILE).write_bytes(content)
    check(checkpoint_of(weights))
    with pytest.raises(CheckpointError, match=r"cannot be made: Not a directory; ALEXNET_HOME names another"):
        fetch(weights, said_nothing)


def test_a_file_that_its_publisher_has_made_hostile_runs_nothing(server: FileServer, tmp_path: Path) -> None:
    """Its digest is right: the reader of pickles stands behind it."""

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    evil = pickle.dumps({"conv1.weight": Evil()})
    server.files["/evil.pth"] = evil
    with pytest.raises(CheckpointError):
        fetch(published(evil, f"{server.url}/evil.pth"), list[str]().append)
    assert not (tmp_path / "ran").exists()


RACE = """
import sys, time
from pathlib import Path
sys.path[:0] = [{tests!r}]
from publications import published
from alexnet.weights.adopting import fetch
content = Path({content!r}).read_bytes()
print("ready", flush=True)
print(fetch(published(content, {url!r}), print))
"""


@pytest.fixture
def script(weights: PublishedWeights, content: bytes, tmp_path: Path) -> str:
    """Fetches the weights in a process of its own."""
    (tmp_path / "content").write_bytes(content)
    tests = Path(__file__).parents[1]
    return RACE.format(tests=str(tests), content=str(tmp_path / "content"), url=weights.file.url)


def started(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_several_processes_that_fetch_at_once_fetch_once(
    weights: PublishedWeights, content: bytes, server: FileServer, script: str
) -> None:
    """Three of them, and the server hangs up once."""
    server.most = [len(content) // 2]
    processes = [started(script) for _ in range(3)]
    ends = [(process.communicate()[0].splitlines()[-1], process.returncode) for process in processes]
    assert ends == [(str(converted(weights)), 0)] * 3
    assert server.asked == [None, f"bytes={len(content) // 2}-"]
    check(checkpoint_of(weights))
    assert [each for each in own_folder(weights).rglob("*") if each.is_file()] == [converted(weights)]


@pytest.mark.slow
def test_one_process_fetches_and_converts_while_another_waits(
    weights: PublishedWeights, server: FileServer, script: str
) -> None:
    own_folder(weights).mkdir(parents=True)
    with files.locked(own_folder(weights)):
        waiting = started(script)
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.7)
        assert server.asked == []
        assert not converted(weights).exists()
    assert waiting.communicate()[0].splitlines()[-1] == str(converted(weights))


@pytest.mark.slow
@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_of_torchvisions_layout_and_size_becomes_its_network(server: FileServer, legacy: bool) -> None:
    """228 MB over the wire, of both layouts of torch.save: conversion has tests of its own."""
    network = build("torchvision", classes=7, seed=3)
    names = {
        "conv1": "features.0", "conv2": "features.3", "conv3": "features.6", "conv4": "features.8",
        "conv5": "features.10", "fc6": "classifier.1", "fc7": "classifier.4", "fc8": "classifier.6",
    }  # fmt: skip
    state = {
        f"{theirs}.{kind}": network.state_dict()[f"{stage}.{kind}"]
        for stage, theirs in names.items()
        for kind in ("weight", "bias")
    }
    stream = io.BytesIO()
    torch.save(state, stream, _use_new_zipfile_serialization=not legacy)
    server.files["/alexnet.pth"] = stream.getvalue()
    weights = published(stream.getvalue(), f"{server.url}/alexnet.pth", network="torchvision")
    found = checkpoint.load(fetch(weights, list[str]().append))
    assert found.architecture == network.architecture
    assert torch.equal(found.weights["fc8.weight"], state["classifier.6.weight"])
    shutil.rmtree(own_folder(weights))


@pytest.mark.slow  # seconds
def test_a_caffemodel_known_by_its_sha1_becomes_its_network(tmp_path: Path) -> None:
    content = caffemodel(caffe_weights(), CAFFE)
    (tmp_path / "given").write_bytes(content)
    weights = published(content, "http://127.0.0.1:9/some.caffemodel", network="caffe", kind="sha1")
    weights = replace(weights, file=replace(weights.file, size=None))
    assert add(tmp_path / "given", {"tested": weights}) is weights
    (tmp_path / "given").unlink()
    assert checkpoint_of(weights).architecture.kind == "caffe"
    shutil.rmtree(own_folder(weights))
