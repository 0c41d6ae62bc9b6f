"""An index of a stranger's, which a database is said to keep: nothing connects to where it says."""

from pathlib import Path

import pytest

from alexnet.errors import SearchError
from alexnet.search.exact import build
from alexnet.search.kinds import ALLOWED, kind_named, kind_of_folder, remember_database
from alexnet.search.storage.header import read_header
from search.pictures import card, rows

ADDRESS = "postgresql://somebody@db.example:5432/x?table=pictures"


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose card names a database, read as if its seal were right."""
    build(tmp_path / "index", card("exact"), rows(10), {}).close()
    header = read_header(tmp_path / "index")
    named = type("Header", (), {"card": header.card.of_kind(ADDRESS)})
    monkeypatch.setattr("alexnet.search.kinds.read_header", lambda folder: named)
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(ALLOWED, raising=False)
    return tmp_path / "index"


def test_a_database_that_was_never_used_here_is_named_and_not_asked(strangers: Path) -> None:
    with pytest.raises(SearchError, match=r"db\.example.* was not used here before: ALEXNET_DATABASE="):
        kind_of_folder(strangers)


def test_one_that_was_used_or_is_allowed_is(strangers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_database(ADDRESS)
    assert kind_of_folder(strangers) is kind_named(ADDRESS)
    remember_database("postgresql://other@db.example:5432/x?table=pictures")
    monkeypatch.setenv("ALEXNET_HOME", str(strangers.parent / "another home"))
    with pytest.raises(SearchError):
        kind_of_folder(strangers)
    monkeypatch.setenv(ALLOWED, ADDRESS)
    assert kind_of_folder(strangers) is kind_named(ADDRESS)
