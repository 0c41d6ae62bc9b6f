"""A run that a fault ends at any system call goes on to the same end, bit for bit, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("dying.py")


def survived(folder: Path, fault: str, call: str, points: int) -> int:
    """Try a fault at points of a run, in a process of its own; return at how many."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), fault, call, str(points)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["bad"] == []
    return int(found["points"])


@pytest.mark.slow
def test_a_run_killed_at_a_rename_goes_on_to_the_same_end(tmp_path: Path) -> None:
    """Between a checkpoint and the next file, the moment at which careless programs lose both."""
    assert survived(tmp_path, "kill", "os.replace", 4) == 4


@pytest.mark.slow
@pytest.mark.parametrize("call", ["os.replace", "os.fsync", "os.open", "os.unlink", "save_file"])
@pytest.mark.parametrize("fault", ["kill", "term", "full", "fail"])
def test_a_run_survives_a_fault_at_any_call(tmp_path: Path, fault: str, call: str) -> None:
    """SIGKILL, SIGTERM, a disk that is full from then on, and one that fails once."""
    assert survived(tmp_path, fault, call, 6) >= 3
