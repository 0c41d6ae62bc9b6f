"""Published weights of the tests' own: a small network's, a server that offers them, and folders where none lie."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from alexnet.networks.catalogue import build
from alexnet.weights.catalogue import PublishedWeights
from file_server import FileServer, serving
from publications import FILE, published


@pytest.fixture(scope="session")
def content() -> bytes:
    """What torch.save writes of a small network's state dict."""
    stream = io.BytesIO()
    torch.save(build("cifar-80sec", classes=3, seed=5).state_dict(), stream)
    return stream.getvalue()


@pytest.fixture
def server(content: bytes) -> Iterator[FileServer]:
    """Offers the file."""
    with serving(files={f"/{FILE}": content}) as found:
        yield found


@pytest.fixture
def weights(server: FileServer, content: bytes) -> PublishedWeights:
    """As the server offers them."""
    return published(content, f"{server.url}/{FILE}")


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The folders where weights are looked for, in the order in which they are; none is there yet."""
    for name, folder in (("ALEXNET_HOME", "home"), ("TORCH_HOME", "torch"), ("CAFFE_ROOT", "caffe")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("ALEXNET_DATA", str(tmp_path / "own"))
    monkeypatch.delenv("ALEXNET_OFFLINE", raising=False)
    return {
        "own": tmp_path / "own",
        "torch": tmp_path / "torch" / "hub" / "checkpoints",
        "caffe": tmp_path / "caffe" / "models" / "tested_model",
        "cache": tmp_path / "home" / "weights" / "tested" / "download",
    }
