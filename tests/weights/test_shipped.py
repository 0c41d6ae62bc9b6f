"""Weights in the package itself, and what is said of those of others."""

import json
from pathlib import Path
from typing import Any

import pytest

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.errors import AbsentWeightsError, CheckpointError
from alexnet.files import sha256
from alexnet.networks.catalogue import NETWORKS, build
from alexnet.weights import adopting
from alexnet.weights.catalogue import WEIGHTS
from alexnet.weights.finding import described, find
from alexnet.weights.shipped import known
from publications import published

MOST = 4_000_000
"""Bytes that a network of the package's own may have."""


def ship(folder: Path, name: str = "tiny", **changes: Any) -> Path:
    """Put a checkpoint and its card into a folder."""
    network = build("figure-1", classes=2)
    path = folder / f"{name}.safetensors"
    checkpoint.save(Checkpoint(network.architecture, network.state_dict(), ("a", "b"), ("a", "b")), path)
    card = {
        "network": "figure-1",
        "size": path.stat().st_size,
        "sha256": sha256(path),
        "trained_on": "nothing",
        "licence": "free",
        "command": "alexnet train nothing",
        "errors": {"top1": 0.5, "top5": None, "protocol": "none"},
    }
    (folder / f"{name}.json").write_text(json.dumps(card | changes))
    return path


def test_a_folder_may_hold_none(tmp_path: Path) -> None:
    assert known(tmp_path) == known(tmp_path / "not there") == WEIGHTS


def test_what_lies_in_the_package_is_known_by_its_card_and_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXNET_OFFLINE", "1")
    path = ship(tmp_path)
    assert list(known(tmp_path)) == ["tiny", *WEIGHTS]
    weights = known(tmp_path)["tiny"]
    assert find(weights) == path == adopting.fetch(weights, print)
    assert adopting.checkpoint_of(weights).classes == ("a", "b")
    facts = described(weights)
    assert (facts["state"], facts["path"], facts["addresses"]) == ("ready", str(path), [])
    path.unlink()
    for act in (adopting.checkpoint_of, lambda weights: adopting.fetch(weights, print)):
        with pytest.raises(AbsentWeightsError, match=r"tiny.safetensors is missing: install alexnet again"):
            act(weights)


@pytest.mark.parametrize(
    "changes", [{"size": "many"}, {"errors": []}, {"errors": {"top1": None, "top5": 0.1, "protocol": ""}}]
)
def test_a_card_that_is_none_is_said_in_a_line(tmp_path: Path, changes: dict[str, Any]) -> None:
    ship(tmp_path, **changes)
    with pytest.raises(CheckpointError, match="is not the card that the package was made with"):
        known(tmp_path)
    (tmp_path / "tiny.json").write_text("[]")
    with pytest.raises(CheckpointError, match="install alexnet again"):
        known(tmp_path)


def test_the_packages_own_are_what_their_cards_say() -> None:
    for name, weights in known().items():
        if weights.shipped is not None:
            assert weights.file.matches(weights.shipped), name
            assert weights.shipped.stat().st_size <= MOST
            found = checkpoint.load(weights.shipped)
            assert found.architecture.kind == weights.network
            assert all((weights.trained_on, weights.licence, weights.source, weights.errors.protocol))


def test_each_publication_says_all_there_is_to_know() -> None:
    for name, weights in WEIGHTS.items():
        assert weights.name == name
        assert weights.network in NETWORKS
        assert (
            len(bytes.fromhex(weights.file.digest.value))
            == {"sha256": 32, "sha1": 20}[weights.file.digest.kind]
        )
        assert weights.file.url.startswith(("https://", "http://"))
        assert 0 < (weights.errors.top5 or 0) < weights.errors.top1 < 1
        assert all((weights.publisher, weights.licence, weights.trained_on, weights.layout, weights.source))


def test_torchvisions_digest_begins_as_its_file_is_called() -> None:
    """PyTorch's convention: name-<first eight digits of the SHA-256>.pth; and its 61,100,840 parameters fit in it."""
    file = WEIGHTS["torchvision"].file
    assert file.name.removesuffix(".pth").rsplit("-", 1)[1] == file.digest.value[:8]
    parameters = sum(value.numel() for value in build("torchvision").parameters())
    assert file.size is not None
    assert 0 < file.size - 4 * parameters < 10_000  # names and shapes


def test_a_name_of_the_packages_own_wins_over_a_publishers(tmp_path: Path) -> None:
    ship(tmp_path, "caffe")
    assert known(tmp_path)["caffe"].shipped is not None
    assert published(b"x", "http://host/x").shipped is None
