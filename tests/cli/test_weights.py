"""alexnet weights, and names where a run is taken, as a person types them: listed, added, fetched, asked for."""

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.cli import alexnet
from alexnet.data.dataset import Dataset
from alexnet.errors import AbsentWeightsError, CheckpointError
from alexnet.networks.catalogue import build
from alexnet.weights import catalogue
from alexnet.weights.catalogue import WEIGHTS, PublishedWeights
from alexnet.weights.finding import converted
from alexnet.weights.shipped import known
from file_server import FileServer, serving
from publications import FILE, published


@pytest.fixture(scope="module")
def content(shapes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A checkpoint of a small network that knows the classes of the shapes, and has learned nothing."""
    network = build("cifar-80sec", classes=4, seed=5)
    made = Checkpoint(network.architecture, network.state_dict(), shapes.classes, shapes.classes)
    checkpoint.save(made, path := tmp_path_factory.mktemp("content") / "checkpoint")
    return path.read_bytes()


@pytest.fixture
def server(content: bytes) -> Iterator[FileServer]:
    with serving(files={f"/{FILE}": content}) as found:
        yield found


@pytest.fixture
def weights(
    server: FileServer, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> PublishedWeights:
    """In the catalogue; and nothing lies anywhere."""
    for name in ("ALEXNET_HOME", "ALEXNET_DATA", "TORCH_HOME", "CAFFE_ROOT"):
        monkeypatch.setenv(name, str(tmp_path / name))
    made = published(content, f"{server.url}/{FILE}")
    monkeypatch.setitem(catalogue.WEIGHTS, "tested", made)
    return made


def run(*arguments: object) -> Result:
    return CliRunner().invoke(alexnet, [*map(str, arguments)])


def test_what_there_is_and_where_it_lies(weights: PublishedWeights, content: bytes) -> None:
    shown = run("weights")
    for name in known():
        assert name in shown.stdout
    assert shown.stdout.count("not here: --fetch") == len(WEIGHTS)
    facts = json.loads(run("weights", "--json").stdout)
    assert list(facts) == list(known())
    assert facts["torchvision"]["sha256"] == WEIGHTS["torchvision"].file.digest.value
    assert {facts[name]["state"] for name in WEIGHTS} == {"absent"}
    assert run("weights", "--fetch", "tested").stdout == f"tested: {converted(weights)}\n"
    assert json.loads(run("weights", "tested", "--json").stdout)["tested"]["state"] == "ready"
    one = run("weights", "tested").stdout
    for fact in (str(converted(weights)), "90.0%", "free", f"{len(content):,}", weights.file.digest.value):
        assert fact in one


def test_a_file_is_added_and_its_name_said(weights: PublishedWeights, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(content)
    assert run("weights", "--add", tmp_path / "given").stdout == f"{tmp_path / 'given'}: tested\n"
    (tmp_path / "given").write_bytes(content[:-1])
    refused = run("weights", "--add", tmp_path / "given")
    assert isinstance(refused.exception, CheckpointError)


def test_a_mirror_is_asked(weights: PublishedWeights, content: bytes, server: FileServer) -> None:
    server.files = {"/mirror": content}
    assert run("weights", "--fetch", "tested", "--mirror", f"{server.url}/mirror").exit_code == 0


def test_what_does_not_go_together_is_refused() -> None:
    for words in (["tested", "--fetch", "tested"], ["--fetch", "a", "--add", "b"], ["--mirror", "http://a"]):
        assert run("weights", *words).exit_code == 2
    unknown = run("weights", "--fetch", "torchvison")
    assert "did you mean `torchvision`?" in str(unknown.exception)


def test_a_name_works_like_a_run(
    weights: PublishedWeights, tmp_path: Path, shapes: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """predict, evaluate, look, info and train --weights; and none of them fetches."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save("picture.png")
    commands = (
        ("predict", "tested", "picture.png"),
        ("look", "tested", "kernels", "-o", "kernels.svg"),
        ("info", "tested"),
        ("train", shapes.directory, "--weights", "tested", "--dry-run", "--epochs", 1),
        ("evaluate", "tested", "--data", shapes.directory, "--views", 1, "--json"),
    )
    for words in commands:
        assert isinstance(run(*words).exception, AbsentWeightsError), words
    assert run("weights", "--fetch", "tested").exit_code == 0
    results = [run(*words) for words in commands]
    assert [result.exit_code for result in results] == [0] * len(commands)
    assert len(json.loads(results[0].stdout)["classes"]) == 4
    assert Path("kernels.svg").exists()
    assert "conv1" in results[2].stdout
    report = json.loads(results[4].stdout)
    assert report["networks"] == ["tested"]
    assert report["count"] == len(shapes.split("validation"))


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from alexnet.cli.program import run
from alexnet.weights import catalogue
from publications import published
catalogue.WEIGHTS["tested"] = published(Path({content!r}).read_bytes(), {url!r})
run()
"""


def at_a_terminal(arguments: list[str], answers: str, script: str, cwd: Path) -> tuple[int, str]:
    """Run the command where standard input and output are a terminal; return its exit code and what was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd
    )
    os.close(theirs)
    shown, answered = b"", False
    with contextlib.suppress(OSError):  # the other end has gone
        while select.select([ours], [], [], 300)[0] and (part := os.read(ours, 4096)):
            shown += part
            if b"[y/N]" in shown and not answered:
                os.write(ours, answers.encode())
                answered = True
    os.close(ours)
    return process.wait(300), shown.decode()


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["y", "n", "offline"])
def test_at_a_terminal_one_is_asked(
    weights: PublishedWeights,
    content: bytes,
    server: FileServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    (tmp_path / "content").write_bytes(content)
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "picture.png")
    if answer == "offline":
        monkeypatch.setenv("ALEXNET_OFFLINE", "1")
    script = SCRIPT.format(
        tests=str(Path(__file__).parents[1]), content=str(tmp_path / "content"), url=weights.file.url
    )
    code, shown = at_a_terminal(["predict", "tested", "picture.png"], f"{answer}\n", script, tmp_path)
    assert ("Fetch tested now? [y/N]" in shown) == (answer != "offline"), shown
    assert code == (0 if answer == "y" else 1), shown
    assert (f"fetching {weights.file.url}" in shown) == (answer == "y")
    assert ("red disc" in shown) == (answer == "y")
    assert len(server.asked) == (answer == "y")
    assert "Traceback" not in shown
