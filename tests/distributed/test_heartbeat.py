"""Which process is silent, and which lives and does not answer."""

import time

import pytest
from torch.distributed import HashStore  # type: ignore[attr-defined]  # torch documents it

from alexnet.distributed.heartbeat import Heartbeat, Sign, described


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([Sign(0, 60, 40), Sign(2, 13, 40)], "no sign of life of process 2 for 50 s"),
        ([Sign(0, 60, 41), Sign(2, 62, 40)], "process 2 lives and does not answer"),
        ([Sign(0, 61, 41), Sign(2, 62, 41)], None),
        ([], None),
    ],
)
def test_the_silent_one_is_named(others: list[Sign], said: str | None) -> None:
    assert described(Sign(1, 63, 41), others) == said


def test_signs_are_written_until_the_end() -> None:
    store = HashStore()
    first, second = Heartbeat(store, 0, 2), Heartbeat(store, 1, 2)
    try:
        deadline = time.monotonic() + 10
        while not store.check(["sign 0"]) or not store.check(["sign 1"]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert first.missing() is None
        first.spoke()
        assert first.missing() == "process 1 lives and does not answer"
    finally:
        first.end()
        second.end()
    assert store.get("sign 1") == b"0 0"
