"""What all tests share."""

import os
from pathlib import Path

import pytest

from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.networks.small import Cifar18
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of the tests' own, so that none of them touches or trusts the user's."""
    folder = tmp_path_factory.mktemp("home")
    os.environ["ALEXNET_HOME"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A hundred and more generated pictures of four classes, 32 pixels, prepared."""
    return prepare(Shapes(128, classes=4), tmp_path_factory.mktemp("shapes"), side=32)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures: `ALEXNET_TEST_DATA`, or ../shared/data beside the checkout."""
    chosen = os.environ.get("ALEXNET_TEST_DATA")
    folder = Path(chosen) if chosen else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real pictures are neither at ALEXNET_TEST_DATA nor in ../shared/data")
    return folder


@pytest.fixture(scope="session")
def brief() -> Recipe:
    """A run of a second on the shapes: 3 epochs of 16 small steps."""
    return Recipe(
        "brief",
        network=Cifar18(classes=4, side=12, deviation=0.003),
        augmentation=Augmentation(side=12),
        training=Training(
            epochs=3.0,
            batch_size=8,
            rates=LayerHyperparameters(weight=0.002),
            schedule=Schedule(kind="constant"),
        ),
    )
