"""A long walk tells how fast it is and when it will end."""

import pytest

from alexnet.cli.terminal import progress


def test_lines_tell_the_rate_since_the_first_picture_told_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    with progress.walking("reading") as tell:
        for done in (400, 500, 600, 700):  # 400 were done before; every look at the clock takes 5 s
            tell(done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "reading: 500 of 1,000, 10 images/s, 50 s left",
        "reading: 700 of 1,000, 10 images/s, 30 s left",
    ]


def test_without_any_progress_no_end_is_promised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    with progress.walking("reading") as tell:
        tell(7, 1000)
    assert capsys.readouterr().err == "reading: 7 of 1,000, 0 images/s\n"
