"""The package's own networks against their cards: the errors that are stated are those that are measured."""

import zipfile
from pathlib import Path

import pytest

import alexnet
from alexnet.weights.shipped import known


def stated(name: str) -> float:
    """The top-1 error on a card."""
    return known()[name].errors.top1


def test_the_network_of_the_digits() -> None:
    report = alexnet.evaluate("digits", "digits", views=10)
    assert report.top1_error == pytest.approx(stated("digits"), abs=1 / 359 + 1e-4)


@pytest.mark.slow
def test_the_network_of_cifar10(shared_data: Path) -> None:
    report = alexnet.evaluate("cifar10", shared_data / "cifar10", views=10)
    assert report.count == 10_000
    assert report.top1_error == pytest.approx(stated("cifar10"), abs=0.001)


@pytest.mark.slow
def test_the_network_small(shared_data: Path, tmp_path: Path) -> None:
    for name in ("tiny-imagenet-50", "tiny-imagenet-50-more"):
        with zipfile.ZipFile(shared_data / f"{name}.zip") as archive:
            lines = archive.read(f"{name}/val/val_annotations.txt").decode().splitlines()
            for picture, synset in (line.split("\t")[:2] for line in lines):
                content = archive.read(f"{name}/val/images/{picture}")
                for split in ("val", "train"):  # the latter is not looked at, but makes the former a split
                    folder = tmp_path / split / synset
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / f"{name}-{picture}").write_bytes(content)
    report = alexnet.evaluate("small", tmp_path, views=10)
    assert report.count == 5_000
    assert report.top1_error == pytest.approx(stated("small"), abs=0.001)
