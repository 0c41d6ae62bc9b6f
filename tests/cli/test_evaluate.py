"""What is printed of a report: the field's words, and nothing that means nothing."""

from dataclasses import replace

import pytest

from alexnet.cli.terminal.report import show_report
from alexnet.evaluation.report import ClassError, Report


def made(classes: int) -> Report:
    per_class = tuple(ClassError(str(number), str(number), 10, 0.1) for number in range(classes))
    interval = (0.05, 0.15)
    return Report(("run",), "data", "test", 60, 0, 10, 0.1, interval, 0.0, interval, 0.25, per_class)


@pytest.mark.parametrize(("classes", "shown"), [(2, False), (5, False), (6, True), (1000, True)])
def test_top_five_is_shown_where_something_can_be_missed(
    classes: int, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    show_report(made(classes), every_class=False)
    printed = capsys.readouterr().out
    assert ("top-5" in printed) == shown
    assert "cross-entropy" in printed
    assert "0.2500" in printed


def test_a_collapse_is_said_beside_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error: a script that reads the table is not disturbed."""
    show_report(replace(made(2), collapse="it answers 'a' for 100% of the pictures"), every_class=False)
    printed = capsys.readouterr()
    assert "it answers 'a' for 100%" in printed.err
    assert "it answers" not in printed.out
