"""A folder to share: what is in it, that it is read back, and what its card says."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import alexnet
from alexnet import checkpoint
from alexnet.data.dataset import Dataset
from alexnet.errors import CheckpointError, DamagedError, ExportError
from alexnet.evaluation.metrics import interval
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18
from alexnet.runs.checkpoints import best_checkpoint
from alexnet.sharing.config import config
from alexnet.sharing.folder import save_pretrained
from alexnet.sharing.timm_names import NAMES, timm_arguments, timm_name
from alexnet.training.recipe import Recipe
from alexnet.weights.loading import load, load_checkpoint


@pytest.fixture(scope="module")
def run(shapes: Dataset, brief: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on the shapes."""
    return alexnet.train(shapes, brief, tmp_path_factory.mktemp("runs") / "run", quiet=True).path


def test_a_folder_answers_as_its_run_does_wherever_a_run_is_taken(run: Path, tmp_path: Path) -> None:
    folder = save_pretrained(run, tmp_path / "shared")
    names = ["README.md", "config.json", "model.safetensors", "preprocessor_config.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    expected = load(run).probabilities(pixels)
    for same in (load(folder), alexnet.from_pretrained(folder), load(folder / "model.safetensors")):
        assert torch.equal(same.probabilities(pixels), expected)
    assert alexnet.evaluate(folder, _data(run), views=1).count > 0


def test_what_training_goes_on_with_and_the_paths_of_a_machine_stay_at_home(
    run: Path, tmp_path: Path
) -> None:
    found = load_checkpoint(run)
    training = {**found.recipe["training"], "start": "/home/somebody/secret/run"}
    kept = dataclasses.replace(found, recipe={**found.recipe, "training": training}, velocity={})
    checkpoint.save(kept, tmp_path / "net.safetensors")
    folder = save_pretrained(tmp_path / "net.safetensors", tmp_path / "shared")
    shared = load_checkpoint(folder)
    assert not shared.velocity
    assert not shared.state
    assert shared.recipe["training"]["start"] == "run"
    for path in folder.iterdir():
        assert b"/home/somebody" not in path.read_bytes()
        assert str(run.parent).encode() not in path.read_bytes()


def test_the_card_gives_the_journals_best_error_with_its_interval(run: Path, tmp_path: Path) -> None:
    card = (save_pretrained(run, tmp_path / "shared", licence="mit") / "README.md").read_text()
    error = min(float(row["validation_top1_error"]) for row in alexnet.runs(run.parent)[0].history)
    count = len(_data(run).split("validation"))
    low, high = interval(error, count)
    views = load_checkpoint(run).recipe["training"]["validation_views"]
    assert f"| shapes, validation | {views} | {count} | {error:.2%} | {low:.2%} to {high:.2%} |" in card
    assert 'license: "mit"' in card
    assert "No licence" not in card
    for heading in ("Use", "Data", "Training", "Errors", "Limits", "Files"):
        assert f"\n## {heading}\n" in card
    metadata = {
        name: json.loads(value)
        for name, value in re.findall(r"^([\w-]+): (.*)$", card.split("---")[1], re.MULTILINE)
    }
    metric = metadata["model-index"][0]["results"][0]["metrics"][0]
    assert metric == {"type": "accuracy", "name": "top-1 accuracy", "value": round(1 - error, 6)}


def test_a_report_of_an_evaluation_is_what_the_card_gives_where_there_is_one(
    run: Path, tmp_path: Path
) -> None:
    report = alexnet.evaluate(run, _data(run), views=1)
    card = (save_pretrained(run, tmp_path / "shared", report=report) / "README.md").read_text()
    low, high = report.top1_interval
    assert f"| 1 | {report.count} | {report.top1_error:.2%} | {low:.2%} to {high:.2%} |" in card
    assert "No licence was given" in card


def test_without_its_pictures_an_error_has_no_interval(run: Path, tmp_path: Path) -> None:
    """A checkpoint alone does not say how many pictures it was validated on."""
    card = (save_pretrained(best_checkpoint(run), tmp_path / "shared") / "README.md").read_text()
    assert "| not known |" in card


def test_a_classifier_is_saved_as_it_stands_now(run: Path, tmp_path: Path) -> None:
    classifier = load(run)
    with torch.no_grad():
        classifier.network.state_dict()["fc4.bias"][0] += 1.0
    folder = save_pretrained(classifier, tmp_path / "shared")
    pixels = np.zeros((1, 32, 32, 3), np.uint8)
    assert torch.equal(load(folder).probabilities(pixels), classifier.probabilities(pixels))
    assert "How it was trained is not known here" in (folder / "README.md").read_text()


def test_a_card_shows_hostile_names_as_text(tmp_path: Path) -> None:
    """Names of classes and data come from folders of anybody's: none becomes a tag, a row or a line of metadata."""
    network = Network(Cifar18(classes=2, side=12, deviation=0.003))
    hostile = "<script>alert(1)</script>|\n---\nlicense: gpl\n# x"
    found = checkpoint.Checkpoint(
        network.architecture, network.state_dict(), (hostile, "b"), (hostile, "b"), data={"name": hostile}
    )
    checkpoint.save(found, tmp_path / "net.safetensors")
    folder = save_pretrained(tmp_path / "net.safetensors", tmp_path / "shared")
    card = (folder / "README.md").read_text()
    assert "<script" not in card
    assert "\nlicense: gpl" not in card
    assert card.count("\n---\n") == 1
    assert load(folder).classes == (hostile, "b")


def test_a_folder_that_is_there_is_written_over_and_what_else_lies_in_it_stays(
    run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "shared"
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model.onnx").write_bytes(b"an export")
    save_pretrained("small", folder)
    save_pretrained(run, folder)
    assert load(folder).network.architecture.kind == "cifar-18pct"
    assert (folder / "onnx" / "model.onnx").read_bytes() == b"an export"
    assert "the network for ONNX Runtime and transformers.js" in (folder / "README.md").read_text()


def test_what_is_no_folder_and_what_is_damaged_is_said(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="is no folder"):
        save_pretrained(run, tmp_path / "file")
    folder = save_pretrained(run, tmp_path / "shared")
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(DamagedError, match="SHA-256"):
        load(folder)
    with pytest.raises(CheckpointError, match="holds no trained network"):
        load(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_every_network_has_one_name_of_timms_and_is_built_again_from_what_goes_with_it(name: str) -> None:
    from alexnet.networks.catalogue import architecture

    kind, fixed = NAMES[name]
    if kind == "definition":
        pytest.skip("a definition is built from its file")
    made = architecture(kind, **fixed)
    assert timm_name(made) == name
    assert architecture(kind, classes=made.classes, side=made.side, **fixed, **timm_arguments(made)) == made


def test_the_configuration_names_the_classes_in_the_order_of_the_logits() -> None:
    found = load_checkpoint("small")
    plain = json.loads(json.dumps(config(found)))
    assert plain["label_names"] == list(found.classes)
    assert [plain["id2label"][str(number)] for number in range(100)] == list(found.words)
    assert plain["pretrained_cfg"]["crop_pct"] * found.side == found.architecture.side


def _data(run: Path) -> Dataset:
    from alexnet.runs.origin import Origin

    origin = Origin.read(run)
    assert origin is not None
    dataset = origin.dataset()
    assert dataset is not None
    return dataset
