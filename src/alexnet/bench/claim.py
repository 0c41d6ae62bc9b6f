"""A claim of speed: measured, written down with its date, and held or not."""

import datetime
import json
import sys
from pathlib import Path

import torch

from alexnet.bench.tasks import Report, Row, measure


def check(
    task: str,
    directory: Path,
    *,
    rounds: int,
    of_bound: float = 0.0,
    of_plain: float = 0.0,
) -> Report:
    """Measure a task, write directory/DATE-TASK.json, and say on standard error whether the claim held.

    Args:
        task: a key of `TASKS`.
        directory: of results.
        rounds: turns of each contestant.
        of_bound, of_plain: what the first contestant must reach; 0 asks for nothing.
    """
    report = measure(task, rounds=rounds, threads=torch.get_num_threads())
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{datetime.date.today().isoformat()}-{task}.json"
    path.write_text(json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for row in report.rows:
        print(_line(report, row))
    ours = report.rows[0]
    held = (ours.of_bound or 0.0) >= of_bound and (ours.of_plain or 0.0) >= of_plain
    print(f"{'held' if held else 'missed'}; written to {path}", file=sys.stderr)
    return report


def _line(report: Report, row: Row) -> str:
    bound = "" if row.of_bound is None else f", {row.of_bound:.2f} of the bound"
    plain = "" if row.of_plain is None else f", {row.of_plain:.2f} times plain PyTorch"
    return f"{row.name}: {row.value:,.1f} {report.unit}{bound}{plain}"
