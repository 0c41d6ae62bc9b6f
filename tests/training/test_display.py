"""What is said while a run trains."""

import itertools

import pytest

from alexnet.training.display import ProgressDisplay


@pytest.mark.parametrize(
    ("encoding", "says"), [("raw", "a faster disk"), ("jpeg", "alexnet prepare --encoding raw")]
)
def test_who_waits_for_data_is_told_a_cure_that_is_not_there_already(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], encoding: str, says: str
) -> None:
    clock = itertools.count(0.0, 5.0)  # each look at it takes 5 s, half of them waiting for a batch
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    shown = ProgressDisplay(encoding=encoding)
    shown.begin(0, 100, 100)
    for step, _ in enumerate(shown.timed(iter(range(30))), start=1):
        shown.step(step, 1.0, 8)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "training waits for data" in line]
    assert says in line
    assert (encoding == "jpeg") == ("--encoding raw" in line)


def test_a_name_with_a_terminals_commands_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    ProgressDisplay().say("weights of a\x1b]0;owned\x07b: conv1")
    assert capsys.readouterr().err == "weights of a\\x1b]0;owned\\x07b: conv1\n"
