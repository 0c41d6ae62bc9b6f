"""From what a person names to what was learned: paths, names, and which of them wins."""

from pathlib import Path

import pytest

from alexnet import checkpoint, load
from alexnet.errors import AbsentWeightsError, CheckpointError, DamagedError
from alexnet.weights import catalogue
from alexnet.weights.adopting import fetch
from alexnet.weights.catalogue import PublishedWeights
from alexnet.weights.loading import load_checkpoint
from publications import FILE


@pytest.fixture(autouse=True)
def offered(weights: PublishedWeights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The weights are in the catalogue, and the working directory is empty."""
    monkeypatch.setitem(catalogue.WEIGHTS, "tested", weights)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def test_a_name_is_loaded_like_a_run(weights: PublishedWeights) -> None:
    with pytest.raises(AbsentWeightsError):
        load("tested")
    fetch(weights, list[str]().append)
    classifier = load("tested")
    assert classifier.source == "tested"
    assert len(classifier.classes) == 3
    assert load_checkpoint(Path("tested")).architecture == classifier.network.architecture


@pytest.mark.parametrize("kind", ["run", "file"])
def test_a_path_that_exists_wins_over_a_name(weights: PublishedWeights, kind: str) -> None:
    found = checkpoint.load(fetch(weights, list[str]().append))
    other = {name: value + 1 for name, value in found.weights.items()}
    changed = checkpoint.Checkpoint(found.architecture, other, found.classes, found.words)
    if kind == "run":
        Path("tested").mkdir()
        with pytest.raises(CheckpointError, match="tested holds no trained network"):
            load_checkpoint("tested")
        checkpoint.save(changed, Path("tested/best.safetensors"))
    else:
        checkpoint.save(changed, Path("tested"))
    assert load_checkpoint("tested").digest() == changed.digest() != found.digest()


def test_a_file_of_another_program_is_taken_as_it_is(content: bytes) -> None:
    Path(FILE).write_bytes(content)
    assert load_checkpoint(FILE).architecture.kind == "cifar-80sec"
    Path(FILE).write_bytes(content[:-1000])
    with pytest.raises(CheckpointError, match=f"{FILE} is a damaged zip file"):
        load_checkpoint(FILE)


def test_what_is_no_file_of_weights_is_said_as_of_a_checkpoint() -> None:
    Path("notes").write_text("nothing\n")
    with pytest.raises(DamagedError, match="notes is damaged or not a checkpoint"):
        load_checkpoint("notes")


def test_a_name_that_there_is_not_offers_those_that_there_are() -> None:
    with pytest.raises(
        CheckpointError, match=r"no such file; did you mean `torchvision`\? Choices: .*tested"
    ):
        load_checkpoint("torchvison")
    for path in ("runs/tested", "tested.safetensors", "./tested/best"):
        with pytest.raises(CheckpointError, match="is not a checkpoint: no such file"):
            load_checkpoint(path)
