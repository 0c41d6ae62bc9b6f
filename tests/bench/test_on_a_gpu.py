"""The benchmark of a CUDA device can be started where there is none."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "on_a_gpu.py"


@pytest.mark.slow
def test_without_a_device_it_says_so_and_measures_nothing() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert run.returncode == 3
    assert "finds no CUDA device: nothing is measured" in run.stderr


@pytest.mark.slow
def test_its_steps_are_those_of_a_run() -> None:
    small = ["--device", "cpu", "--batch", "4", "--precision", "float32", "--steps", "1", "--pictures", "16"]
    run = subprocess.run([sys.executable, SCRIPT, *small], capture_output=True, text=True, check=True)
    assert "images/s" in run.stdout
