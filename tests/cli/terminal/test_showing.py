"""Tables as they look: nothing of what they say is lost, whatever a terminal's width or a file's name."""

import pytest
from rich.table import Table

from alexnet.cli.terminal.predictions import show_predictions
from alexnet.cli.terminal.showing import show_json, show_table


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 30 columns."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")


def test_a_narrow_terminal_loses_no_letter_and_breaks_no_number(
    narrow: None, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table("kind")
    table.add_column("pictures", justify="right")
    table.add_row("abcdefghijklmnopqrstuvwxyz", "1,234,567")
    show_table(table)
    shown = capsys.readouterr().out
    assert "1,234,567" in shown
    letters = "".join(line.split()[0] for line in shown.splitlines()[1:])
    assert letters == "abcdefghijklmnopqrstuvwxyz"


def test_a_files_name_is_shown_as_it_is_and_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_predictions("a [/b] [red]\x1b[31m\n\udce9.jpg", [("[bold] one", 0.5)])
    shown = capsys.readouterr().out
    assert r"a [/b] [red]\x1b[31m\n\udce9.jpg" in shown
    assert "[bold] one" in shown


def test_a_cell_with_a_terminals_commands_is_shown_and_not_obeyed(
    narrow: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where its maker forgot it, in the title, a heading or a cell, and though colours are the terminal's."""
    table = Table("a\x1b]0;h\x07", title="\x1b[2J")
    table.add_row("b\x1b]8;;x\x1b\\")
    show_table(table)
    shown = capsys.readouterr().out
    for command in ("\x1b]", "\x1b[2J", "\x07", "\x1b\\"):
        assert command not in shown
    assert r"a\x1b]0;h" in shown


def test_json_holds_no_binary_tails_and_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"error": 1 - 0.1584, "parts": (0.1 + 0.2, float("nan"), 7), "name": "a\x1b"}
    show_json(value)
    shown = capsys.readouterr().out
    assert shown == '{"error": 0.8416, "parts": [0.3, null, 7], "name": "a\\u001b"}\n'


def test_a_terminal_that_is_too_narrow_for_the_numbers_has_a_line_for_each(
    narrow: None, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table("layer", "kind", show_footer=True, title="two\x1b[2J")
    for heading in ("parameters", "multiply-adds"):
        table.add_column(heading, "7", justify="right")
    table.add_row("conv1", "convolution", "34,944", "")
    show_table(table)
    assert capsys.readouterr().out == (
        "two\\x1b[2J\nconv1\n  kind: convolution\n  parameters: 34,944\n\n  parameters: 7\n  multiply-adds: 7\n"
    )
