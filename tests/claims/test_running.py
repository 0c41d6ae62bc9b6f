"""An experiment is run once: stopped, killed or asked for again, it ends with the same journal."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_claim
from toy_claim import TOY, training

from alexnet.claims import journal
from alexnet.claims.budget import BudgetSpent, within
from alexnet.claims.claim import Arm, Claim
from alexnet.claims.measures import EpochsTo, TestError
from alexnet.claims.running import Workspace, missing, opened, run_claim
from alexnet.errors import DataError, RunError
from alexnet.evaluation.evaluate import evaluate
from alexnet.runs.run import Run


def run(claim: Claim, folder: Path) -> list[journal.Record]:
    return list(run_claim(claim, Workspace(folder, opened(claim, ()), say=lambda text: None)))


def test_an_experiment_is_what_training_and_evaluating_by_hand_gives(tmp_path: Path) -> None:
    made = run(TOY, tmp_path)
    assert [(record.arm, record.seed) for record in made] == [("whole", 0), ("part", 0)]
    for record in made:
        found = evaluate(tmp_path / "runs" / f"{record.arm}-seed-0", "digits", views=1)
        assert record.measured.figure == pytest.approx(found.top1_error)
        assert record.measured.scores is not None
        assert record.measured.count == found.count == len(record.measured.scores)
    assert made[1].trainings[0]["pictures"] < 0.11 * made[0].trainings[0]["pictures"]
    again = journal.read(tmp_path, "toy")
    assert all(np.array_equal(a.measured.scores, b.measured.scores) for a, b in zip(made, again, strict=True))  # type: ignore[arg-type]  # every arm here has scores


def test_what_is_done_is_not_done_again_and_what_has_changed_is(tmp_path: Path) -> None:
    run(TOY, tmp_path)
    assert run(TOY, tmp_path) == []
    other = replace(TOY.arms[1], measure=TestError(views=10))
    assert [step.arm.name for step in missing(replace(TOY, arms=(TOY.arms[0], other)), tmp_path, 1)] == [
        "part"
    ]
    assert [(step.arm.name, step.seed) for step in missing(TOY, tmp_path, 2)] == [("whole", 1), ("part", 1)]


def test_results_of_other_pictures_are_not_gone_on_with(tmp_path: Path) -> None:
    run(TOY, tmp_path)
    other = [dataset.subset(0.5, 1) for dataset in opened(TOY, ())]
    with pytest.raises(DataError, match="results of toy on other pictures"):
        list(run_claim(TOY, Workspace(tmp_path, other, say=lambda text: None), seeds=2))


@pytest.mark.slow
def test_a_killed_experiment_ends_as_one_that_was_not(tmp_path: Path) -> None:
    """SIGKILL in the middle of the first training, again where it measures or trains the second; then to the end."""
    expected = {record.arm: record.measured.figure for record in run(TOY, tmp_path / "whole")}
    command = [sys.executable, toy_claim.__file__, str(tmp_path / "killed")]
    for sign in ("runs/whole-seed-0/checkpoints/*", "runs/part-seed-0"):
        killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not list((tmp_path / "killed").glob(sign)) and killed.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    subprocess.run(command, check=True, capture_output=True)
    found = journal.read(tmp_path / "killed", "toy")
    assert {record.arm: record.measured.figure for record in found} == expected
    assert len(found) == 2


def test_a_line_that_was_cut_off_is_written_anew(tmp_path: Path) -> None:
    made = run(TOY, tmp_path)
    path = journal.path_of(tmp_path, "toy")
    path.write_bytes(path.read_bytes()[:-40])
    assert [record.arm for record in journal.read(tmp_path, "toy")] == ["whole"]
    assert [record.arm for record in run(TOY, tmp_path)] == ["part"]
    found = journal.read(tmp_path, "toy")
    assert [record.measured.figure for record in found] == [record.measured.figure for record in made]


@pytest.mark.parametrize("line", ['{"schema": 1}', "[]", '{"schema": 9}'])
def test_a_line_that_is_no_result_is_named(tmp_path: Path, line: str) -> None:
    run(TOY, tmp_path)
    with open(journal.path_of(tmp_path, "toy"), "a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(RunError, match=r"line 3 of .*toy\.jsonl is no result"):
        journal.read(tmp_path, "toy")


@pytest.mark.slow
def test_the_budget_stops_training_which_goes_on(tmp_path: Path) -> None:
    long = replace(TOY, arms=(Arm("whole", "all", (training("long", epochs=100_000.0),), TestError()),))
    with pytest.raises(BudgetSpent, match="the same command goes on"), within(2.0):
        run(long, tmp_path)
    assert Run.read(tmp_path / "runs" / "long-seed-0").state == "stopped"
    with pytest.raises(BudgetSpent), within(2.0):
        run(long, tmp_path)
    assert missing(long, tmp_path, 1)


def test_a_training_until_an_error_ends_there(tmp_path: Path) -> None:
    arm = Arm("soon", "until 30%", (training("soon", epochs=60.0, until=0.3),), EpochsTo(0.3))
    (record,) = run(replace(TOY, arms=(arm,)), tmp_path)
    errors = [error for _, error in record.measured.curve]
    assert errors[-1] <= 0.3 < min(errors[:-1])
    assert len(errors) - 1.5 <= record.measured.figure <= len(errors)
