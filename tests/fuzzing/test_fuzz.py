"""Every entrance bears some dozens of wrong things, the same each time; `fuzz.py` tries for as long as it is let."""

import pytest

from fuzzing.entrances import ENTRANCES
from fuzzing.fuzz import fuzz

TRIES = {"runs": 40, "cards": 60, "archives": 60, "checkpoints": 60, "definitions": 150}


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_an_entrance_refuses_what_it_cannot_take(entrance: str) -> None:
    """In one line, or it takes it: no other exception."""
    assert fuzz(entrance, 1, tries=TRIES.get(entrance, 200)) == []
