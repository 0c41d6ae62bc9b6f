"""What a terminal shows of a report: the paper beside what was measured, and nothing that is not known."""

import math
from dataclasses import replace

import pytest

from alexnet.cli.terminal.report import show_report
from alexnet.evaluation.paper import TABLES
from alexnet.evaluation.report import ClassError, Report

REPORT = Report(
    networks=("a", "b"),
    data="ilsvrc2012",
    split="validation",
    count=50_000,
    unreadable=0,
    views=10,
    top1_error=0.4012,
    top1_interval=(0.397, 0.405),
    top5_error=0.1789,
    top5_interval=(0.176, 0.182),
    loss=1.7,
    per_class=tuple(ClassError(name, name, 10, 0.1) for name in "abcdefg"),
)


def shown(report: Report, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """Return the cells of every row that is printed."""
    show_report(report, every_class=False)
    lines = [line.replace("┃", "│") for line in capsys.readouterr().out.splitlines()]
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]


def test_the_papers_table_ends_with_what_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    rows = shown(replace(REPORT, paper=TABLES[2012]), capsys)
    assert ["1 CNN", "40.7%", "18.2%", ""] in rows
    assert ["5 CNNs", "38.1%", "16.4%", "16.4%"] in rows
    assert ["SIFT + FVs", "", "", "26.2%"] in rows
    assert rows[rows.index(["7 CNNs*", "36.7%", "15.4%", "15.3%"]) + 1] == [
        "here, validation",
        "40.1%",
        "17.9%",
        "",
    ]
    rows = shown(replace(REPORT, paper=TABLES[2012], split="test"), capsys)
    assert ["here, test", "40.1%", "", "17.9%"] in rows
    rows = shown(replace(REPORT, paper=TABLES[2010], split="test"), capsys)
    assert ["here, test", "40.1%", "17.9%", ""] in rows
    assert ["here, validation", "40.1%", "17.9%", ""] not in shown(REPORT, capsys)


def test_what_a_file_does_not_tell_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = replace(REPORT, views=0, loss=math.nan, top5_error=math.nan, confusion=((0, 0, 7),))
    cells = [row[0] for row in shown(nothing, capsys)]
    assert "top-1 error" in cells
    assert not {"top-5 error", "cross-entropy", "calibration error"} & set(cells)
    assert "nan" not in nothing._repr_html_() + repr(nothing)


def test_calibration_is_shown_before_and_after_the_temperature(capsys: pytest.CaptureFixture[str]) -> None:
    known = replace(
        REPORT,
        calibration_error=0.09,
        calibration_interval=(0.08, 0.1),
        temperature=1.734,
        calibrated_error=0.02,
        calibrated_interval=(0.01, 0.03),
        average="given",
        average_weights=(0.75, 0.25),
    )
    show_report(known, every_class=False)
    out = capsys.readouterr().out
    assert "weights (given): 0.75, 0.25" in out
    rows = shown(known, capsys)
    assert ["calibration error", "9.00%", "8.00% to 10.00%"] in rows
    assert ["at temperature 1.73", "2.00%", "1.00% to 3.00%"] in rows
