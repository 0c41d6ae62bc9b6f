"""Data sets by name: where they are looked for, and that they are fetched last."""

import hashlib
import io
import pickle
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexnet.data.sources import published as publishing
from alexnet.data.sources.naming import source_named
from alexnet.data.sources.published import PUBLISHED, PublicDataset, published
from alexnet.downloads import Digest, Remote
from file_server import FileServer, serving


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as found:
        yield found


def small_cifar() -> bytes:
    stream = io.BytesIO()
    names: dict[str, dict[str, Any]] = {"batches.meta": {"label_names": ["cat", "dog"]}}
    for batch in (
        "data_batch_1",
        "data_batch_2",
        "data_batch_3",
        "data_batch_4",
        "data_batch_5",
        "test_batch",
    ):
        names[batch] = {"data": np.zeros((2, 3072), np.uint8), "labels": [0, 1]}
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, values in names.items():
            content = pickle.dumps(values, protocol=2)
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def test_a_data_set_by_name_is_looked_for_before_it_is_fetched(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First from the server, then from the folder that it was kept in, then from ALEXNET_DATA."""
    content = small_cifar()
    server.files["/set.bin"] = content
    file = Remote(
        f"{server.url}/set.bin", len(content), Digest("sha256", hashlib.sha256(content).hexdigest())
    )
    publication = PublicDataset((file,), PUBLISHED["cifar10"].read, "free")
    monkeypatch.setitem(publishing.PUBLISHED, "cifar10", publication)
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "home"))
    assert published("cifar10").classes == ("cat", "dog")
    assert source_named("cifar10").count("train") == 10
    assert len(server.asked) == 1
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("ALEXNET_DATA", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "set.bin").write_bytes(content)
    assert published("cifar10").count("test") == 2
    assert len(server.asked) == 1


def test_every_publication_has_whole_digests() -> None:
    for publication in PUBLISHED.values():
        for file in publication.remotes:
            assert file.digest.kind == "sha256"
            assert len(bytes.fromhex(file.digest.value)) == 32
            assert file.size
