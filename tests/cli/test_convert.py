"""alexnet convert, as a person types it."""

import os
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file

from alexnet import checkpoint
from alexnet.cli import alexnet
from alexnet.errors import CheckpointError
from alexnet.networks.catalogue import build


def run(*arguments: object) -> Result:
    return CliRunner().invoke(alexnet, ["convert", *map(str, arguments)])


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    save_file(build("cifar-80sec", classes=3).state_dict(), tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_weights_go_through_the_original_format_and_back(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "names").write_text("cat\ndog\nstoat\n")
    first = run(weights, tmp_path / "91.1200", "--classes", tmp_path / "names", "--mean", "120,110,100")
    assert first.exit_code == 0, first.output
    assert "3 classes, order: as listed" in first.stderr
    second = run(tmp_path / "91.1200", tmp_path / "net.safetensors")
    assert second.exit_code == 0, second.output
    assert "the program of 2012, as the network definition" in second.stderr
    assert second.stdout.startswith(f"{tmp_path / 'net.safetensors'}: ")
    found = checkpoint.load(tmp_path / "net.safetensors")
    assert found.classes == ("cat", "dog", "stoat")
    assert found.weights["mean"][:, 0, 0].tolist() == [120, 110, 100]
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    before = build("cifar-80sec", classes=3).eval()
    before.set_mean(found.weights["mean"])
    with torch.no_grad():
        torch.testing.assert_close(found.network()(images), before(images), rtol=1e-4, atol=1e-4)


def test_a_file_that_is_there_stays_unless_told_otherwise(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "91.1200").write_text("precious")
    refused = run(weights, tmp_path / "91.1200")
    assert refused.exit_code == 2
    assert "--force writes over it" in refused.output
    assert (tmp_path / "91.1200").read_text() == "precious"
    assert run(weights, tmp_path / "91.1200", "--force").exit_code == 0


@pytest.mark.parametrize("form", ["checkpoint", "original"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_force_replaces_regular_files_only(weights: Path, tmp_path: Path, form: str, kind: str) -> None:
    there = tmp_path / "there"
    match kind:
        case "pipe":
            os.mkfifo(there)
        case "device":
            there.symlink_to("/dev/null")
        case _:
            there.mkdir()
    result = run(weights, there, "--to", form, "--force")
    assert isinstance(result.exception, CheckpointError)
    assert result.exception.exit_code == 1
    assert "it is no regular file, and is not replaced" in str(result.exception)
    assert len(str(result.exception).splitlines()) == 1
    assert not there.is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"there", weights.name}


def test_what_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    result = run(tmp_path / "evil", tmp_path / "net.safetensors")
    assert isinstance(result.exception, CheckpointError)
    assert [path.name for path in tmp_path.iterdir()] == ["evil"]


def test_two_ways_to_name_the_classes_are_one_too_many(weights: Path, tmp_path: Path) -> None:
    result = run(weights, tmp_path / "91.1200", "--classes", "x", "--class-order", "sorted")
    assert result.exit_code == 2
    assert "give one" in result.output


def test_a_folder_to_share_is_written_with_its_card(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    kept = ["--to", "hub", "--licence", "mit"]
    assert run("small", folder, *kept).stdout == (
        f"{folder}: read README.md, then hf upload OWNER/NAME {folder}\n"
    )
    assert run("small", folder, *kept).exit_code == 2  # it is there
    assert run(folder, folder, "--force", *kept).exit_code == 0
    assert 'license: "mit"' in (folder / "README.md").read_text()
    assert run("small", tmp_path / "b", "--to", "hub", "--mean", "1,2,3").exit_code == 2
    assert run("small", tmp_path / "b.safetensors", "--licence", "mit").exit_code == 2
