"""What all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures: `ALEXNET_TEST_DATA`, or ../shared/data beside the checkout."""
    chosen = os.environ.get("ALEXNET_TEST_DATA")
    folder = Path(chosen) if chosen else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real pictures are neither at ALEXNET_TEST_DATA nor in ../shared/data")
    return folder
