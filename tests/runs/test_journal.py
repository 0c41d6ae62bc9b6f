"""The journal's two files say the same, and a number that JSON has not is null."""

import csv
import json
import math
from pathlib import Path

from alexnet.runs import journal

ROWS = [
    {"epoch": 1.0, "step": 6, "training_loss": 1.25},
    {"epoch": 2.0, "step": 12, "training_loss": 0.5, "validation_top1_error": 0.25},
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    journal.write(tmp_path, ROWS)
    assert journal.read(tmp_path) == ROWS


def test_the_table_has_a_column_for_every_name_of_any_row(tmp_path: Path) -> None:
    journal.write(tmp_path, ROWS)
    with open(tmp_path / "journal.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["validation_top1_error"] for row in table] == ["", "0.25"]
    assert [float(row["training_loss"]) for row in table] == [1.25, 0.5]


def test_rows_replace_what_stood_there(tmp_path: Path) -> None:
    journal.write(tmp_path, ROWS)
    journal.write(tmp_path, ROWS[:1])
    assert journal.read(tmp_path) == ROWS[:1]


def test_a_journal_that_says_the_same_is_not_written_again(tmp_path: Path) -> None:
    journal.write(tmp_path, ROWS)
    before = (tmp_path / "journal.jsonl").stat().st_mtime_ns
    journal.write(tmp_path, ROWS)
    assert (tmp_path / "journal.jsonl").stat().st_mtime_ns == before


def test_a_number_that_json_has_not_is_null() -> None:
    assert json.loads(journal.to_line({"loss": math.nan, "rate": math.inf})) == {"loss": None, "rate": None}


def test_without_a_journal_there_are_no_rows(tmp_path: Path) -> None:
    assert journal.read(tmp_path) == []
