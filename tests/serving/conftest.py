"""What the tests of the service share: one that listens."""

from collections.abc import Iterator

import pytest

from served import Served, served


@pytest.fixture(scope="session")
def small() -> Iterator[Served]:
    """A service of the network that comes with the package, with deadlines that a test can wait for."""
    for package in ("starlette", "uvicorn", "python_multipart"):
        pytest.importorskip(package)
    with served("small") as found:
        yield found
