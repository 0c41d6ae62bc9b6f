"""Where weights are looked for: in which order, and that a file counts by its bytes alone."""

import os
from pathlib import Path

import pytest
import torch

from alexnet.weights.catalogue import PublishedWeights
from alexnet.weights.finding import candidates, converted, described, find
from publications import FILE


def put(folder: Path, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = folder / FILE
    path.write_bytes(content)
    return path


def test_the_persons_own_folder_is_first_then_torchs_then_caffes_then_ours(
    weights: PublishedWeights, content: bytes, folders: dict[str, Path]
) -> None:
    assert find(weights) is None
    for name in reversed(folders):  # each is found before those that were there
        path = put(folders[name], content)
        assert find(weights) == path, name
    assert list(candidates(weights)) == [folder / FILE for folder in folders.values()]


def test_a_file_of_that_name_with_other_bytes_is_passed_over(
    weights: PublishedWeights, content: bytes, folders: dict[str, Path]
) -> None:
    put(folders["own"], content[:-1])  # another size
    damaged = put(folders["torch"], bytes([content[0] ^ 1]) + content[1:])
    assert list(candidates(weights)) == [damaged]
    assert find(weights) is None
    expected = put(folders["caffe"], content)
    assert find(weights) == expected


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling"])
def test_what_is_no_file_is_passed_over(
    weights: PublishedWeights, folders: dict[str, Path], kind: str
) -> None:
    folders["own"].mkdir()
    path = folders["own"] / FILE
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "dangling":
            path.symlink_to("nowhere")
    assert find(weights) is None


@pytest.mark.parametrize(
    "variables",
    [
        {"TORCH_HOME": "{folder}/torch", "HOME": "{folder}/home"},
        {"TORCH_HOME": "~/torch", "HOME": "{folder}/home"},
        {"XDG_CACHE_HOME": "{folder}/xdg", "HOME": "{folder}/home"},
        {"HOME": "{folder}/home"},
    ],
)
def test_torchs_folder_is_where_torch_itself_looks(
    weights: PublishedWeights,
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
) -> None:
    """torch.hub.get_dir is the reference, for each variable that it honours."""
    for name in ("TORCH_HOME", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(folder=tmp_path))
    path = put(Path(torch.hub.get_dir()) / "checkpoints", content)
    assert path.is_relative_to(tmp_path)
    assert find(weights) == path


def test_what_was_converted_is_found_first_and_of_another_digest_not(
    weights: PublishedWeights, content: bytes, folders: dict[str, Path]
) -> None:
    put(folders["own"], content)
    converted(weights).parent.mkdir(parents=True)
    converted(weights).write_bytes(b"any")
    assert find(weights) == converted(weights)
    assert weights.file.digest.value.startswith(converted(weights).stem)


def test_what_is_known_is_told_without_reading_whole_files(
    weights: PublishedWeights, content: bytes, folders: dict[str, Path]
) -> None:
    assert (described(weights)["state"], described(weights)["path"]) == ("absent", None)
    path = put(folders["torch"], bytes(len(content)))  # the size is right, and nothing else
    assert (described(weights)["state"], described(weights)["path"]) == ("found", str(path))
    converted(weights).parent.mkdir(parents=True)
    converted(weights).write_bytes(b"any")
    assert (described(weights)["state"], described(weights)["path"]) == ("ready", str(converted(weights)))
    assert described(weights)["sha256"] == weights.file.digest.value
