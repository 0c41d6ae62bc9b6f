"""What all tests share."""

import os
from pathlib import Path

import pytest

from alexnet.data.dataset import Dataset
from alexnet.data.prepare import prepare
from alexnet.data.sources.shapes import Shapes


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
